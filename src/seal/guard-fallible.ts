import type { Dialect } from '../domain/dialect.js';
import { hasFallible } from '../sql/fallible.js';
import { holdsAggregate, mapLevel, outputExpressions, readsItself } from '../sql/levels.js';
import { makeCall } from '../sql/make-call.js';
import { mapList } from '../sql/map-children.js';
import type { Expression, ExpressionKind, Join, Query, Select, TableExpression } from '../sql/nodes.js';
import { rewriteLevels } from '../sql/rewrite.js';
import { someExpression, visitExpression } from '../sql/visit.js';
import { mayFail } from './exact-arithmetic.js';
import { splitConjuncts } from './fence.js';
import type { OrderContext } from './tie-breakers.js';

const TRUE: Expression = { kind: 'boolean', value: true };
/** A LIMIT that never bites, as enclosures have it. */
const UNBITING: Readonly<Record<Dialect, bigint>> = {
  mysql: 9223372036854775807n,
  mariadb: 9223372036854775807n,
  sqlite: -1n,
};

function conjoin(conjuncts: readonly Expression[]): Expression | null {
  const [first = null, ...others] = conjuncts;
  return others.reduce((left, right) => ({ kind: 'binary', operator: 'AND', left: left as Expression, right }), first);
}

/** `CASE WHEN condition THEN value END` */
function when(condition: Expression, value: Expression): Expression {
  // biome-ignore lint/suspicious/noThenProperty: the node's own word; nobody awaits a branch.
  return { kind: 'case', operand: null, branches: [{ when: condition, then: value }], otherwise: null };
}

function holdsQuery(expression: Expression): boolean {
  let found = false;
  visitExpression(expression, {
    query: () => {
      found = true;
    },
  });
  return found;
}

const NAMES: ReadonlySet<ExpressionKind> = new Set([
  'column',
  'output',
  'scalar-query',
  'exists',
  'in-query',
  'quantified',
]);
/** Constants that are never NULL; a slot has always a value. */
const NOT_NULL: ReadonlySet<ExpressionKind> = new Set(['number', 'string', 'parameter']);

function isConstant(expression: Expression): boolean {
  return !someExpression(expression, ({ kind }) => NAMES.has(kind));
}

/** `a IS 5` for `a = 5`, which holds for the same rows; TRUE is 1, as `a IS TRUE` asks for something else. */
function sayIs(operand: Expression, constant: Expression): Expression {
  const right: Expression =
    constant.kind === 'boolean' ? { kind: 'number', form: 'integer', text: constant.value ? '1' : '0' } : constant;
  const same: Expression = { kind: 'binary', operator: 'IS', left: operand, right };
  if (NOT_NULL.has(right.kind)) return same;
  return conjoin([same, { kind: 'is', operand: right, test: 'NULL', negated: true }]) as Expression;
}

/**
 * SQLite writes 5 for `a` wherever it stands beside `a = 5`, in a CASE too, whose condition then says nothing any more. It
 * does not do so for `a IS 5`, and looks that up by an index all the same.
 */
function unpropagated(conjunct: Expression): Expression {
  if (
    conjunct.kind === 'in-list' &&
    !conjunct.negated &&
    conjunct.items.length === 1 &&
    conjunct.operand.kind !== 'row'
  ) {
    const [item] = conjunct.items as [Expression];
    return isConstant(item) ? sayIs(conjunct.operand, item) : conjunct;
  }
  if (conjunct.kind !== 'binary' || conjunct.operator !== '=' || conjunct.left.kind === 'row') return conjunct;
  const { left, right } = conjunct;
  if (isConstant(right)) return sayIs(left, right);
  return isConstant(left) ? sayIs(right, left) : conjunct;
}

function isFallible(node: Expression | Query, { dialect, trace }: OrderContext): boolean {
  return hasFallible(node, dialect, (part) => mayFail(part, dialect, trace));
}

function namesOneOf(expression: Expression, aliases: ReadonlySet<string>): boolean {
  return someExpression(expression, (node) => node.kind === 'column' && aliases.has(node.qualifier[0] as string));
}

/** The conjuncts of a condition, by how a server may meet them. */
class Conjuncts {
  /** Cannot fail, and hold no subquery: a server may meet them when it likes. */
  readonly safe: Expression[] = [];
  /** Cannot fail, and hold a subquery, which is not worth reading twice. */
  readonly asking: Expression[] = [];
  readonly fallible: Expression[] = [];

  constructor(condition: Expression | null, context: OrderContext) {
    for (const conjunct of splitConjuncts(condition)) {
      if (isFallible(conjunct, context)) this.fallible.push(conjunct);
      else if (holdsQuery(conjunct)) this.asking.push(conjunct);
      else this.safe.push(context.dialect === 'sqlite' ? unpropagated(conjunct) : conjunct);
    }
  }

  add({ safe, asking, fallible }: Conjuncts): void {
    this.safe.push(...safe);
    this.asking.push(...asking);
    this.fallible.push(...fallible);
  }

  /** `CASE WHEN everything else THEN what may fail END`: holds for the same rows as the conjuncts side by side. */
  guarded(context: OrderContext): Expression {
    context.payFor(this.safe);
    return when(conjoin([...this.safe, ...this.asking]) ?? TRUE, conjoin(this.fallible) ?? TRUE);
  }
}

/** Where ON says what WHERE says: no outer side lies over the join, or is it. */
type Sides = Readonly<Record<'join' | 'left' | 'right', boolean>>;

function innerSides({ type }: Join, isInner: boolean): Sides {
  const [keepsLeft, keepsRight] = [type === 'LEFT' || type === 'FULL', type === 'RIGHT' || type === 'FULL'];
  return { join: isInner && !keepsLeft && !keepsRight, left: isInner && !keepsRight, right: isInner && !keepsLeft };
}

/** What the conditions of one select say. */
interface Said {
  /** What WHERE says, and the ON of inner joins. */
  readonly where: Conjuncts;
  readonly ons: Map<Join, Conjuncts>;
  /** Aliases of tables for which a join may give a row of NULLs. */
  readonly nullable: Set<string>;
  /** Whether the ON of another join than an inner one may fail. */
  failsOutside: boolean;
}

/** Adds what a table and those below it say to `said`. */
function collect(table: TableExpression, isInner: boolean, said: Said, context: OrderContext): void {
  if (table.kind !== 'join') {
    if (!isInner) said.nullable.add(table.alias as string);
    return;
  }
  const inner = innerSides(table, isInner);
  collect(table.left, inner.left, said, context);
  collect(table.right, inner.right, said, context);
  const on = new Conjuncts(table.on, context);
  said.ons.set(table, on);
  if (inner.join) said.where.add(on);
  else said.failsOutside ||= on.fallible.length > 0;
}

/** Empties the ON of inner joins where `isMoved`, as all of it stands in WHERE then, and guards every other ON. */
function place(
  table: TableExpression,
  isInner: boolean,
  isMoved: boolean,
  ons: ReadonlyMap<Join, Conjuncts>,
  context: OrderContext,
): TableExpression {
  if (table.kind !== 'join') return table;
  const inner = innerSides(table, isInner);
  const left = place(table.left, inner.left, isMoved, ons, context);
  const right = place(table.right, inner.right, isMoved, ons, context);
  const on = ons.get(table) as Conjuncts;
  if (inner.join) return { ...table, left, right, on: isMoved && table.on ? TRUE : table.on };
  return {
    ...table,
    left,
    right,
    on: on.fallible.length === 0 ? table.on : conjoin([...on.safe, on.guarded(context)]),
  };
}

const ALWAYS: Expression = {
  kind: 'binary',
  operator: '>=',
  left: { ...makeCall('COUNT'), star: true },
  right: { kind: 'number', form: 'integer', text: '0' },
};

/**
 * Keeps what may fail in HAVING there: over groups alone SQLite and MariaDB would move it to WHERE, and meet it on rows. What
 * holds an aggregate, as `COUNT(*) >= 0` is one, stays.
 */
function guardHaving(node: Select, context: OrderContext): Expression | null {
  if (!node.having || node.groupBy.length === 0) return node.having;
  const outputs = outputExpressions(node);
  const spelled = (conjunct: Expression) =>
    mapLevel(conjunct, (part) => (part.kind === 'output' ? (outputs.get(part.name) ?? part) : part));
  const conjuncts = splitConjuncts(node.having).map((conjunct) => {
    const said = spelled(conjunct);
    return isFallible(said, context) && !holdsAggregate(said, context.dialect) ? when(ALWAYS, conjunct) : conjunct;
  });
  return conjoin(conjuncts);
}

/**
 * Conditions that may stand outside of CASE. One that no row of NULLs fulfils makes an inner join of an outer one, whose ON
 * then stands beside WHERE, behind it: such conditions stand in the CASE alone, where no server looks for them.
 */
function outsideOf({ where, nullable }: Said): Expression[] {
  return where.safe.filter((conjunct) => !namesOneOf(conjunct, nullable));
}

/**
 * For statements with a row filter in which something may fail: sees to it that the rows on which it is computed do not
 * follow the server's plan, which counts hidden rows. A fixed order of joins is not enough for that. Of the conditions over
 * one table the server meets some by an index, which may be one that it makes for the query, and the others row by row: what
 * may fail is computed on the rows that the index leaves, or on all, or, where it is itself what the index is asked for,
 * even when there are none.
 *
 * - *Conditions*: `a = b AND ABS(c) > 1` becomes `a = b AND CASE WHEN a = b THEN ABS(c) > 1 END`. What may fail is then
 *   computed on exactly the joined rows for which all that cannot fail holds, whatever is met first; several of them in the
 *   order of the text. CASE computes its branches only when they are reached, no server looks for an index in it, and
 *   conditions that cannot fail stay in front of it too, for the indexes' sake, those of inner joins among them: ON would be
 *   met behind WHERE. Only subqueries are moved rather than copied. See {@link unpropagated} for what SQLite would undo.
 * - *Levels*: derived and common tables get a LIMIT that never bites, as enclosures have it, where a condition that may fail
 *   could move into them, or what may fail out of them, to where other conditions stand beside it.
 * - *Groups*: a condition of HAVING that names nothing but groups is kept from being moved to WHERE, see {@link guardHaving}.
 *
 * @returns the select with its conditions guarded, and whether one of WHERE or ON may fail; levels are {@link fenceTables}
 * @throws SwaliError `SEAL_TOO_DEEP` where the copies make the statement too long
 */
export function guardSelect(node: Select, context: OrderContext): { select: Select; canFail: boolean } {
  const where = new Conjuncts(node.where, context);
  const said: Said = { where, ons: new Map(), nullable: new Set(), failsOutside: false };
  for (const table of node.from) collect(table, true, said, context);
  const { ons, failsOutside } = said;
  const { fallible } = where;
  const isAlone = node.from.length === 1 && ons.size === 0 && where.safe.length + where.asking.length === 0;
  // What may fail on each row of one table, and asks nothing, is met on each row of it.
  const isMet = node.from.length > 0 && !(isAlone && !fallible.some(holdsQuery));
  // SQLite reads the tables of an inner join that it made of an outer one in an order of its own.
  const mayTurnInner = failsOutside || context.dialect === 'sqlite';
  const turnsInner = mayTurnInner && [...where.safe, ...where.asking].some((one) => namesOneOf(one, said.nullable));
  const isMoved = (fallible.length > 0 && isMet) || turnsInner;
  const from = mapList(node.from, (table) => place(table, true, isMoved, ons, context));
  const having = guardHaving(node, context);
  const condition = isMoved ? conjoin([...outsideOf(said), where.guarded(context)]) : node.where;
  return {
    select: { ...node, from, where: condition, having },
    canFail: fallible.length > 0 || failsOutside,
  };
}

function fenceQuery(query: Query, dialect: Dialect): Query {
  return query.limit
    ? query
    : { ...query, limit: { count: { kind: 'integer', value: UNBITING[dialect] }, offset: null } };
}

/** Gives derived and common tables their LIMIT: all of them where `all`, else those in which something may fail. */
export function fenceTables(query: Query, all: boolean, context: OrderContext): Query {
  const { dialect, asks } = context;
  const fenceOne = (inner: Query): Query => (all || isFallible(inner, context) ? fenceQuery(inner, dialect) : inner);
  return rewriteLevels(query, asks, {
    table: (node) => (node.kind === 'derived' ? { ...node, query: fenceOne(node.query) } : node),
    query: (node) => {
      if (!node.with) return node;
      const tables = node.with.tables.map((table) =>
        readsItself(table.query, table.name) ? table : { ...table, query: fenceOne(table.query) },
      );
      return { ...node, with: { ...node.with, tables } };
    },
  });
}
