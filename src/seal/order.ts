import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import type { BoundStatement } from '../sql/bind.js';
import { expressionKey } from '../sql/expression-key.js';
import { isFallibleQuery, isFallibleTable } from '../sql/fallible.js';
import { behindOutput, isAggregated, mapLevel, outputNames, roleOf } from '../sql/levels.js';
import { mapOrderItems, mapWindow } from '../sql/map-children.js';
import type { Expression, FunctionCall, OrderItem, Query, QueryBody, Select } from '../sql/nodes.js';
import { rewriteLevels, rewriteQuery } from '../sql/rewrite.js';
import { createPurse } from '../sql/tree-size.js';
import { visitLevel, visitQuery } from '../sql/visit.js';
import { mayFail } from './exact-arithmetic.js';
import { fenceTables, guardSelect } from './guard-fallible.js';
import type { ColumnTrace } from './literals.js';
import { endsEarly, fixJoinOrder, freeRecursion } from './order-joins.js';
import { orderJson } from './order-json.js';
import { dependsOnPeers, orderWindow, spellOut } from './order-window.js';
import { ChosenSpellings, orderEnclosure } from './spellings.js';
import { ascending, breakTies, bytewise, exactTerms, type OrderContext } from './tie-breakers.js';

/** Aggregates whose value depends on the order of their rows and that take an ORDER BY, per dialect. */
const ORDERED_AGGREGATES: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  mysql: new Set(['GROUP_CONCAT']),
  mariadb: new Set(['GROUP_CONCAT', 'JSON_ARRAYAGG']),
  sqlite: new Set([
    'GROUP_CONCAT',
    'STRING_AGG',
    'JSON_GROUP_ARRAY',
    'JSON_GROUP_OBJECT',
    'JSONB_GROUP_ARRAY',
    'JSONB_GROUP_OBJECT',
  ]),
};

/** Aggregates of the servers whose value depends on the order of their rows and that take no ORDER BY. */
const UNORDERED_AGGREGATES: ReadonlySet<string> = new Set(['JSON_ARRAYAGG', 'JSON_OBJECTAGG']);

/** Drops later terms that say what an earlier one said; `select` tells what its output names stand for. */
function withoutRepeats(items: readonly OrderItem[], select?: Select): readonly OrderItem[] {
  if (items.length < 2) return items;
  const seen = new Set<string>();
  // `ORDER BY 1, 1, 1 …` names one expression many times: its key is made once.
  const keys = new Map<Expression, string>();
  return items.filter((item) => {
    const said = select ? behindOutput(item.expression, select) : item.expression;
    const key = keys.get(said) ?? expressionKey(said);
    keys.set(said, key);
    return seen.has(key) ? false : seen.add(key);
  });
}

/** Of equal values DISTINCT keeps the one that came first: another expression would order them by a row of the server's choice. */
function assertOrderKept(call: FunctionCall): void {
  if (!call.distinct) return;
  const values = new Set(call.arguments.map(expressionKey));
  const isValue = ({ expression }: OrderItem) => expression.kind === 'number' || values.has(expressionKey(expression));
  if (!call.orderBy.every(isValue))
    throw new SwaliError('SEAL_GROUPING', { detail: `${call.name} of DISTINCT values, ordered by something else` });
}

function orderCall(call: FunctionCall, select: Select, terms: readonly OrderItem[], context: OrderContext): Expression {
  const { dialect } = context;
  if (call.over) {
    const window = spellOut(call.over, select);
    if (!dependsOnPeers(call, window)) return call;
    context.payFor([window, ...terms]);
    // A total of a ROLLUP and a group of NULL cannot be told apart by their keys.
    if (select.rollup) throw new SwaliError('SEAL_UNSUPPORTED', { detail: `${call.name} over rows of a ROLLUP` });
    return { ...call, over: orderWindow(call, window, terms) };
  }
  if (!ORDERED_AGGREGATES[dialect].has(call.name)) return orderJson(call, select, terms, context);
  assertOrderKept(call);
  context.payFor([call.arguments, call.distinct ? [] : terms]);
  const values = call.arguments.flatMap((argument) => exactTerms(argument, context));
  // SQLite orders a DISTINCT aggregate by its argument only.
  const chosen = call.distinct ? (dialect === 'sqlite' ? values.slice(0, 1) : values) : [...terms, ...values];
  return { ...call, orderBy: withoutRepeats([...call.orderBy, ...chosen]) };
}

function needsTerms(select: Select, orderBy: readonly OrderItem[], context: OrderContext): boolean {
  let found = false;
  const look = (node: Expression): void => {
    found ||=
      node.kind === 'call' &&
      (node.over !== null || ORDERED_AGGREGATES[context.dialect].has(node.name) || UNORDERED_AGGREGATES.has(node.name));
  };
  for (const item of select.items) if (item.kind === 'expression') visitLevel(item.expression, look);
  for (const item of orderBy) visitLevel(item.expression, look);
  if (select.having) visitLevel(select.having, look);
  return found;
}

/** Gives a total order to whatever in one select depends on the order of rows. */
function orderCalls(
  select: Select,
  orderBy: readonly OrderItem[],
  context: OrderContext,
): { select: Select; orderBy: readonly OrderItem[] } {
  if (!needsTerms(select, orderBy, context)) return { select, orderBy: [...orderBy] };
  const { select: exposed, terms } = breakTies(select, context);
  const grouped = select.groupBy.map((group) => ascending(behindOutput(group, select)));
  const aggregated = isAggregated(select, orderBy, context.dialect);
  const change = (node: Expression): Expression => {
    if (node.kind !== 'call') return node;
    // Windows of a grouped select run over its groups; aggregates run over the joined rows.
    const rows = roleOf(node, context.dialect) === 'window' && aggregated ? grouped : terms;
    return orderCall(node, select, rows, context);
  };
  const map = (expression: Expression) => mapLevel(expression, change);
  return {
    select: {
      ...exposed,
      items: exposed.items.map((item) => (item.kind === 'star' ? item : { ...item, expression: map(item.expression) })),
      having: exposed.having && map(exposed.having),
      windows: exposed.windows.map((entry) => ({
        ...entry,
        window: mapWindow(entry.window, { expression: map, query: (query) => query }),
      })),
    },
    orderBy: mapOrderItems(orderBy, map),
  };
}

const output = (name: string): Expression => ({ kind: 'output', name });

function outputTerms(query: Query, context: OrderContext): OrderItem[] {
  const names = outputNames(query);
  return names.flatMap((name) => [ascending(output(name)), ascending(bytewise(output(name), context.dialect))]);
}

/** `GROUPING(x)`: 1 in a total of a ROLLUP. */
function grouping(group: Expression): Expression {
  const call = { star: false, distinct: false, orderBy: [], separator: null, limit: null, filter: null, over: null };
  return { kind: 'call', name: 'GROUPING', arguments: [group], at: -1, ...call };
}

/** Appends what makes the order of a query's rows total. A single aggregated row needs nothing. */
function orderRows(query: Query, context: OrderContext): Query {
  const { body } = query;
  if (body.kind !== 'select') {
    const isDistinct = body.kind === 'set-operation' && !body.all;
    const terms = isDistinct ? outputNames(query).map((name) => ascending(output(name))) : outputTerms(query, context);
    return { ...query, orderBy: withoutRepeats([...query.orderBy, ...terms]) };
  }
  if (body.distinct) {
    const terms = outputNames(query).map((name) => ascending(output(name)));
    return { ...query, orderBy: withoutRepeats([...query.orderBy, ...terms]) };
  }
  if (isAggregated(body, query.orderBy, context.dialect)) {
    // MariaDB takes no ORDER BY with ROLLUP; a rolled-up result comes sorted by its groups on both servers.
    if (body.rollup && (context.dialect === 'mariadb' || query.orderBy.length === 0)) return query;
    // A total has NULL for the columns it sums over, as a group of NULLs has.
    const totals = body.rollup ? body.groupBy.map((group) => ascending(grouping(behindOutput(group, body)))) : [];
    return { ...query, orderBy: withoutRepeats([...query.orderBy, ...body.groupBy.map(ascending), ...totals], body) };
  }
  const { select, terms } = breakTies(body, context);
  return { ...query, body: select, orderBy: withoutRepeats([...query.orderBy, ...terms], body) };
}

/** What one walk over a statement tells of it. */
interface Survey {
  /** Our name of a common table → its columns. */
  readonly commonTables: ReadonlyMap<string, readonly string[]>;
  /** Whether there are derived tables or common ones. */
  readonly hasLevels: boolean;
  /** Whether it shows one of several equal spellings. */
  readonly isSpelled: boolean;
  /** Whether it holds at any level what may fail on some stored value. */
  readonly isFallible: boolean;
}

function surveyOf(query: Query, dialect: Dialect, trace: ColumnTrace): Survey {
  const commonTables = new Map<string, readonly string[]>();
  const spellings = new ChosenSpellings();
  let hasDerived = false;
  let isFallible = false;
  visitQuery(query, {
    query: (node) => {
      for (const table of node.with?.tables ?? []) commonTables.set(table.name, table.columns ?? []);
      spellings.seeQuery(node);
      isFallible ||= isFallibleQuery(node, dialect);
    },
    table: (node) => {
      hasDerived ||= node.kind === 'derived';
      isFallible ||= isFallibleTable(node);
    },
    expression: (node) => {
      spellings.seeExpression(node);
      isFallible ||= mayFail(node, dialect, trace);
    },
  });
  const hasLevels = hasDerived || commonTables.size > 0;
  return { commonTables, hasLevels, isSpelled: spellings.isAny(dialect, trace), isFallible };
}

function nextColumnAfter(statement: BoundStatement): () => string {
  let last = 0;
  for (const name of statement.definitions.keys()) last = Math.max(last, Number(name.slice(1)));
  return () => `c${++last}`;
}

/**
 * For statements with a row filter: gives a total order to the rows of the statement, to every LIMIT, and to every function
 * that depends on the order of rows, and fixes the join order where an expression may fail. Left to the server, these
 * choices would follow its statistics, which count hidden rows (MEASURED §2).
 *
 * @throws SwaliError `SEAL_UNSUPPORTED` where a window's frame leaves no room for a total order
 */
export function orderRowsOf(
  query: Query,
  statement: BoundStatement,
  view: PrincipalView,
  dialect: Dialect,
  trace: ColumnTrace,
): Query {
  const survey = surveyOf(query, dialect, trace);
  const context: OrderContext = {
    dialect,
    view,
    trace,
    asks: statement.asks,
    commonTables: survey.commonTables,
    nextColumn: nextColumnAfter(statement),
    payFor: createPurse(),
  };
  const legs = (body: QueryBody): QueryBody => {
    if (body.kind === 'select') return orderCalls(body, [], context).select;
    if (body.kind === 'set-operation') return { ...body, left: legs(body.left), right: legs(body.right) };
    return body;
  };
  const orderQuery = (node: Query): Query => {
    const called =
      node.body.kind === 'select' ? applyCalls(node, node.body, context) : { ...node, body: legs(node.body) };
    return called.limit ? orderRows(called, context) : called;
  };
  // SQLite takes the first row of a scalar subquery.
  const orderFirst = (node: Expression): Expression =>
    node.kind === 'scalar-query' && !node.query.limit ? { ...node, query: orderRows(node.query, context) } : node;
  const ordered =
    dialect === 'sqlite' && statement.asks
      ? rewriteQuery(query, { expression: orderFirst, query: orderQuery })
      : rewriteLevels(query, statement.asks, { query: orderQuery });
  const whole = ordered.limit ? ordered : orderRows(ordered, context);
  if (!survey.isSpelled && !survey.isFallible) return whole;
  const isOrdered = survey.isSpelled || endsEarly(query, dialect);
  return keepPlanOut(whole, survey, isOrdered, context);
}

/**
 * Keeps the server's plan out of what a statement shows where something in it may fail or be spelled in several ways:
 * {@link orderEnclosure}, {@link guardSelect}, {@link fixJoinOrder}.
 */
function keepPlanOut(query: Query, survey: Survey, isOrdered: boolean, context: OrderContext): Query {
  const { dialect, asks } = context;
  let canFail = false;
  const guard = (select: Select): Select => {
    if (!survey.isFallible) return select;
    const guarded = guardSelect(select, context);
    canFail ||= guarded.canFail;
    return guarded.select;
  };
  const fixed = rewriteLevels(query, asks, {
    table: (node) => (isOrdered && node.kind === 'enclosure' ? orderEnclosure(node, context) : node),
    select: (node) => fixJoinOrder(guard(node)),
    query: (node) => (dialect === 'mysql' ? freeRecursion(node) : node),
  });
  return survey.isFallible && survey.hasLevels ? fenceTables(fixed, canFail, context) : fixed;
}

function applyCalls(query: Query, body: Select, context: OrderContext): Query {
  const { select, orderBy } = orderCalls(body, query.orderBy, context);
  return { ...query, body: select, orderBy };
}
