import type { Dialect } from '../domain/dialect.js';
import type { PrincipalView } from '../policy/view.js';
import { foldName } from '../sql/fold-name.js';
import { outputNames } from '../sql/levels.js';
import type { Enclosure, Expression, OrderItem, Select, TableExpression } from '../sql/nodes.js';
import { uniqueKeys } from './fence.js';
import type { ColumnTrace } from './literals.js';

/** What ordering needs to know of the whole statement. */
export interface OrderContext {
  readonly dialect: Dialect;
  readonly view: PrincipalView;
  readonly trace: ColumnTrace;
  /** Whether an expression of the statement holds a query. */
  readonly asks: boolean;
  /** Our name of a common table → its columns. */
  readonly commonTables: ReadonlyMap<string, readonly string[]>;
  nextColumn(): string;
  /** To be called with terms that are about to stand in one place more. @throws SwaliError `SEAL_TOO_DEEP` */
  payFor(copies: object): void;
}

/** Families whose values compare equal only when they are the same. */
const EXACT_FAMILIES: ReadonlySet<string> = new Set([
  'integer',
  'decimal',
  'float',
  'date',
  'datetime',
  'time',
  'year',
  'boolean',
  'bit',
]);

/** An ascending term. */
export function ascending(expression: Expression): OrderItem {
  return { expression, direction: null, nulls: null };
}

/** Tells values apart that the column's collation takes for equal. */
export function bytewise(expression: Expression, dialect: Dialect): Expression {
  return dialect === 'sqlite'
    ? { kind: 'collate', operand: expression, collation: 'BINARY' }
    : { kind: 'cast', operand: expression, type: { name: 'BINARY', length: null, scale: null, characterSet: null } };
}

/** Terms that order by one column so that ties are equal in every byte. */
export function exactTerms(expression: Expression, context: OrderContext): OrderItem[] {
  const family = context.trace(expression)?.family;
  const plain = [ascending(expression)];
  return family && EXACT_FAMILIES.has(family) ? plain : [...plain, ascending(bytewise(expression, context.dialect))];
}

function column(alias: string, name: string): Expression {
  return { kind: 'column', qualifier: [alias], name, at: -1 };
}

/** Shows further columns of the base relation in an enclosure, under new names. */
function expose(
  enclosure: Enclosure,
  names: readonly string[],
  context: OrderContext,
): { enclosure: Enclosure; shown: string[] } {
  let columns = enclosure.columns;
  const shown = names.map((name) => {
    const known = columns.find((entry) => entry.expression.kind === 'column' && entry.expression.name === name);
    if (known) return known.name;
    const added = { name: context.nextColumn(), expression: column(enclosure.inner, name) };
    columns = [...columns, added];
    return added.name;
  });
  return { enclosure: { ...enclosure, columns }, shown };
}

function breakEnclosure(enclosure: Enclosure, context: OrderContext): { table: TableExpression; terms: OrderItem[] } {
  const obligation = context.view.relations.get(foldName(enclosure.relation));
  const isShown = (name: string) => obligation?.columns.get(foldName(name))?.mask === null;
  const key = obligation && uniqueKeys(obligation.relation).find((columns) => columns.every(isShown));
  if (key) {
    const { enclosure: table, shown } = expose(enclosure, key, context);
    return { table, terms: shown.map((name) => ascending(column(enclosure.alias, name))) };
  }
  // No key that the principal may see: rows that agree in every used column cannot be told apart in the answer.
  const used = enclosure.columns.filter((entry) => entry.expression.kind !== 'number');
  return { table: enclosure, terms: used.flatMap((entry) => exactTerms(column(enclosure.alias, entry.name), context)) };
}

function breakTable(table: TableExpression, context: OrderContext): { table: TableExpression; terms: OrderItem[] } {
  switch (table.kind) {
    case 'enclosure':
      return breakEnclosure(table, context);
    case 'join': {
      const [left, right] = [breakTable(table.left, context), breakTable(table.right, context)];
      return { table: { ...table, left: left.table, right: right.table }, terms: [...left.terms, ...right.terms] };
    }
    case 'json-rows': {
      // SQLite numbers the rows of a document; elsewhere rows that agree in every column cannot be told apart.
      const names = table.function === 'JSON_TABLE' ? table.columns.map((entry) => entry.name) : ['id'];
      return { table, terms: names.flatMap((name) => exactTerms(column(table.alias as string, name), context)) };
    }
    case 'derived':
    case 'relation': {
      const names = table.kind === 'derived' ? outputNames(table.query) : (context.commonTables.get(table.name) ?? []);
      return { table, terms: names.flatMap((name) => exactTerms(column(table.alias as string, name), context)) };
    }
  }
}

/**
 * Terms that order the joined rows of a select totally, up to rows that agree in all that the statement can see: the keys of
 * its relations where visible, else all used columns. Keys are exposed by the enclosures where they were not yet.
 */
export function breakTies(select: Select, context: OrderContext): { select: Select; terms: OrderItem[] } {
  const broken = select.from.map((table) => breakTable(table, context));
  return {
    select: { ...select, from: broken.map((entry) => entry.table) },
    terms: broken.flatMap((entry) => entry.terms),
  };
}
