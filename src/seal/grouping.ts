import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { BASE_ALIAS, type PrincipalView } from '../policy/view.js';
import { expressionKey } from '../sql/expression-key.js';
import { foldName } from '../sql/fold-name.js';
import { isAggregated, itemExpressions, outputExpressions, roleOf } from '../sql/levels.js';
import { mapChildren } from '../sql/map-children.js';
import type {
  ColumnReference,
  Enclosure,
  Expression,
  FunctionCall,
  OrderItem,
  Query,
  QueryBody,
  Select,
  TableExpression,
} from '../sql/nodes.js';
import { createMeasure } from '../sql/tree-size.js';
import { visitExpression, visitLevel, visitQuery } from '../sql/visit.js';
import { aliasesOf, type Implication, implyBothWays, implyByJoin } from './dependence.js';
import { uniqueKeys } from './fence.js';
import type { ColumnTrace } from './literals.js';

const refuse = (): never => {
  throw new SwaliError('SEAL_GROUPING');
};

/** The sources of one FROM, and what its conditions say of them. */
interface Sources {
  readonly enclosures: readonly Enclosure[];
  /** Unique column sets of derived tables, by our names. */
  readonly derivedKeys: readonly (readonly string[])[];
  readonly implications: readonly Implication[];
}

const name = (expression: Expression): string | null => (expression.kind === 'column' ? expression.name : null);

function derivedKey(query: Query): (readonly string[])[] {
  if (query.body.kind !== 'select') return [];
  const { body } = query;
  const outputs = outputExpressions(body);
  if (body.distinct) return [[...outputs.keys()]];
  if (body.groupBy.length === 0 || body.rollup) return [];
  const byKey = new Map([...outputs].map(([output, expression]) => [expressionKey(expression), output]));
  const key = body.groupBy.map((item) => (item.kind === 'output' ? item.name : byKey.get(expressionKey(item))));
  return key.every((part) => part !== undefined) ? [key] : [];
}

function readSources(select: Select, trace: ColumnTrace): Sources {
  const enclosures: Enclosure[] = [];
  const derivedKeys: (readonly string[])[] = [];
  const implications = implyBothWays(select.where, trace);
  const walk = (table: TableExpression): void => {
    if (table.kind === 'join') {
      walk(table.left);
      walk(table.right);
      implications.push(...implyByJoin(table, trace));
      return;
    }
    if (table.kind === 'enclosure') enclosures.push(table);
    if (table.kind === 'derived') derivedKeys.push(...derivedKey(table.query));
  };
  select.from.forEach(walk);
  return { enclosures, derivedKeys, implications };
}

/** For each unique key that an enclosure shows whole: the key's columns and all its columns, by our names. */
function shownKeys(sources: Sources, view: PrincipalView): { key: readonly string[]; all: readonly string[] }[] {
  return sources.enclosures.flatMap((enclosure) => {
    const relation = view.relations.get(foldName(enclosure.relation))?.relation;
    const shown = new Map(
      enclosure.columns.flatMap((column) =>
        column.expression.kind === 'column' ? [[column.expression.name, column.name] as const] : [],
      ),
    );
    const all = enclosure.columns.map((column) => column.name);
    return (relation ? uniqueKeys(relation) : []).flatMap((columns) => {
      const key = columns.map((column) => shown.get(column));
      return key.every((part) => part !== undefined) ? [{ key, all }] : [];
    });
  });
}

/** Closes a set of known columns under unique keys and equalities: functional dependence. */
function closeOver(known: Set<string>, select: Select, sources: Sources, view: PrincipalView): void {
  const keys = shownKeys(sources, view);
  for (const key of sources.derivedKeys) keys.push({ key, all: derivedColumns(select, key) });
  for (let before = -1; before !== known.size; ) {
    before = known.size;
    for (const { key, all } of keys)
      if (key.every((column) => known.has(column))) for (const column of all) known.add(column);
    for (const one of sources.implications) if (one.known.every((column) => known.has(column))) known.add(one.gives);
  }
}

/** All columns of the derived table that has this key. */
function derivedColumns(select: Select, key: readonly string[]): readonly string[] {
  let found: readonly string[] = key;
  const walk = (table: TableExpression): void => {
    if (table.kind === 'join') {
      walk(table.left);
      walk(table.right);
    }
    if (table.kind !== 'derived' || table.query.body.kind !== 'select') return;
    const names = [...outputExpressions(table.query.body).keys()];
    if (key.every((column) => names.includes(column))) found = names;
  };
  select.from.forEach(walk);
  return found;
}

/** Whether an expression is, as a tree, one of those that the groups or the select list hold. */
interface Keys {
  has(expression: Expression): boolean;
}

/**
 * Making a key costs as much as its tree is large, and every node is asked for: only trees of a kind and a size that are
 * there are looked at. Groups are mostly columns, and then nothing is measured at all.
 */
function makeKeys(expressions: readonly Expression[]): Keys {
  // Columns are known by their names.
  const trees = expressions.filter(({ kind }) => kind !== 'column');
  if (trees.length === 0) return { has: () => false };
  const measure = createMeasure();
  const keys = new Set(trees.map(expressionKey));
  const kinds = new Set(trees.map(({ kind }) => kind));
  const sizes = new Set(trees.map(measure));
  return {
    has: (expression) =>
      kinds.has(expression.kind) && sizes.has(measure(expression)) && keys.has(expressionKey(expression)),
  };
}

/** The columns of one level that the groups determine. What follows from keys and equalities is found when it is asked for. */
class Determined {
  readonly aliases: ReadonlySet<string>;
  private readonly known: Set<string>;
  private isClosed = false;

  constructor(
    private readonly select: Select,
    groups: readonly Expression[],
    private readonly view: PrincipalView,
    private readonly trace: ColumnTrace,
  ) {
    this.aliases = new Set(select.from.flatMap(aliasesOf));
    this.known = new Set(groups.flatMap((group) => name(group) ?? []));
  }

  /** @throws SwaliError `SEAL_GROUPING` for a column of this level that they do not determine */
  assert(column: ColumnReference): void {
    if (!this.aliases.has(column.qualifier[0] as string) || this.known.has(column.name)) return;
    if (!this.isClosed) closeOver(this.known, this.select, readSources(this.select, this.trace), this.view);
    this.isClosed = true;
    if (!this.known.has(column.name)) refuse();
  }
}

/** Refuses an expression that names a column of this level which the groups do not determine. */
function assertDetermined(expression: Expression, determined: Determined, keys: Keys, dialect: Dialect): void {
  const check = (node: Expression): Expression => {
    if (node.kind === 'column') determined.assert(node);
    else if (node.kind !== 'output' && !keys.has(node) && !isAggregate(node, dialect)) mapChildren(node, mapper);
    return node;
  };
  const checkQuery = (query: Query): Query => {
    visitQuery(query, { expression: (node) => (node.kind === 'column' ? determined.assert(node) : undefined) });
    return query;
  };
  const mapper = { expression: check, query: checkQuery };
  check(expression);
}

function isAggregate(node: Expression, dialect: Dialect): node is FunctionCall {
  return node.kind === 'call' && roleOf(node, dialect) === 'aggregate';
}

/** Whether one of the arguments of an aggregate is, as it stands, a column of these sources. */
function takesColumnOf(aliases: ReadonlySet<string>, call: FunctionCall): boolean {
  return call.arguments.some((part) => part.kind === 'column' && aliases.has(part.qualifier[0] as string));
}

/**
 * Refuses an aggregate that belongs to an outer query, all its columns being of there: `(SELECT SUM(o.x))` makes one row of
 * the outer query's many, which nothing in that query's own text says.
 */
function assertOwnAggregates(select: Select, orderBy: readonly OrderItem[], dialect: Dialect): void {
  const aliases = new Set(select.from.flatMap(aliasesOf));
  const look = (node: Expression): void => {
    if (!isAggregate(node, dialect) || takesColumnOf(aliases, node)) return;
    const outputs = outputExpressions(select);
    const read = new Set<string>();
    const made = new Set<string>();
    for (const argument of [...node.arguments, ...(node.filter ? [node.filter] : [])])
      visitExpression(argument, {
        expression: (child) => {
          if (child.kind === 'column') read.add(child.qualifier[0] as string);
          if (child.kind === 'output') read.add(child.name);
        },
        table: (table) => {
          if (table.kind !== 'join') made.add(table.alias as string);
        },
      });
    const outer = [...read].filter((alias) => alias !== BASE_ALIAS && !made.has(alias));
    if (outer.length > 0 && !outer.some((name) => aliases.has(name) || outputs.has(name))) refuse();
  };
  const parts = [...itemExpressions(select), ...orderBy.map((item) => item.expression), ...select.groupBy];
  for (const part of [...parts, select.where, select.having]) if (part) visitLevel(part, look);
}

function checkSelect(
  select: Select,
  orderBy: readonly OrderItem[],
  view: PrincipalView,
  dialect: Dialect,
  trace: ColumnTrace,
): void {
  const outputs = outputExpressions(select);
  const behind = (expression: Expression): Expression =>
    expression.kind === 'output' ? (outputs.get(expression.name) ?? expression) : expression;
  const aggregated = isAggregated(select, orderBy, dialect);
  if (!aggregated && !select.distinct) return;
  const order = orderBy.map((item) => item.expression);
  if (aggregated) {
    const groups = [...new Set(select.groupBy.map(behind))];
    const determined = new Determined(select, groups, view, trace);
    const keys = makeKeys(groups);
    const windows = select.windows.flatMap(({ window }) => [
      ...window.partitionBy,
      ...window.orderBy.map((item) => item.expression),
    ]);
    for (const part of [...itemExpressions(select), ...(select.having ? [select.having] : []), ...order, ...windows])
      assertDetermined(part, determined, keys, dialect);
  }
  if (select.distinct) {
    const items = itemExpressions(select);
    const determined = new Determined(select, items, view, trace);
    const keys = makeKeys(items);
    for (const part of order) assertDetermined(part, determined, keys, dialect);
  }
}

/**
 * Refuses columns that are neither grouped nor determined by the groups (functional dependence by unique key and
 * equality), and DISTINCT ordered by what it dropped. There a server picks some row's value, and which one it picks may be
 * steered by hidden rows; so this runs for statements with a filtered relation. Elsewhere the choice is the server's.
 *
 * @throws SwaliError `SEAL_GROUPING`
 */
export function assertGrouped(query: Query, view: PrincipalView, dialect: Dialect, trace: ColumnTrace): void {
  const checkBody = (body: QueryBody, orderBy: readonly OrderItem[]): void => {
    if (body.kind === 'select') {
      assertOwnAggregates(body, orderBy, dialect);
      checkSelect(body, orderBy, view, dialect, trace);
    }
    if (body.kind !== 'set-operation') return;
    checkBody(body.left, []);
    checkBody(body.right, []);
  };
  visitQuery(query, { query: (node) => checkBody(node.body, node.orderBy) });
}
