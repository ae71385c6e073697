import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import type { BoundStatement } from '../sql/bind.js';
import { expressionKey } from '../sql/expression-key.js';
import { hasFallible } from '../sql/fallible.js';
import { isAggregated, mapLevel, outputNames, roleOf } from '../sql/levels.js';
import { mapOrderItems, mapWindow } from '../sql/map-children.js';
import type {
  Expression,
  FunctionCall,
  OrderItem,
  Query,
  QueryBody,
  Select,
  WindowSpecification,
} from '../sql/nodes.js';
import { rewriteQuery } from '../sql/rewrite.js';
import type { ColumnTrace } from './literals.js';
import { ascending, breakTies, bytewise, exactTerms, type OrderContext } from './tie-breakers.js';

/** Window functions whose value depends on the order of peers. RANK and its like do not. */
const PEER_SENSITIVE: ReadonlySet<string> = new Set([
  'ROW_NUMBER',
  'NTILE',
  'LAG',
  'LEAD',
  'FIRST_VALUE',
  'LAST_VALUE',
  'NTH_VALUE',
]);

/** Aggregates whose value depends on the order of their rows and that take an ORDER BY, per dialect. */
const ORDERED_AGGREGATES: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  mysql: new Set(['GROUP_CONCAT']),
  mariadb: new Set(['GROUP_CONCAT', 'JSON_ARRAYAGG']),
  sqlite: new Set(['GROUP_CONCAT', 'STRING_AGG', 'JSON_GROUP_ARRAY', 'JSON_GROUP_OBJECT']),
};

/** Drops later terms that say what an earlier one said; `select` tells what its output names stand for. */
function withoutRepeats(items: readonly OrderItem[], select?: Select): OrderItem[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = expressionKey(select ? behindOutput(item.expression, select) : item.expression);
    return seen.has(key) ? false : seen.add(key);
  });
}

/** The whole of a window specification, named windows spelled out. */
function spellOut(over: NonNullable<FunctionCall['over']>, select: Select): WindowSpecification {
  const base = over.kind === 'window' ? over.base : over.name;
  const named = base === null ? null : select.windows.find((entry) => entry.name === base);
  if (!named)
    return over.kind === 'window' ? over : { kind: 'window', base: null, partitionBy: [], orderBy: [], frame: null };
  const inherited = spellOut(named.window, select);
  if (over.kind === 'window-name') return inherited;
  return {
    kind: 'window',
    base: null,
    partitionBy: inherited.partitionBy,
    orderBy: inherited.orderBy.length > 0 ? inherited.orderBy : over.orderBy,
    frame: over.frame ?? inherited.frame,
  };
}

function dependsOnPeers(call: FunctionCall, window: WindowSpecification): boolean {
  return PEER_SENSITIVE.has(call.name) || window.frame?.unit === 'ROWS' || call.name === 'GROUP_CONCAT';
}

function orderCall(
  call: FunctionCall,
  select: Select,
  terms: readonly OrderItem[],
  context: OrderContext,
): FunctionCall {
  const { dialect } = context;
  if (call.over) {
    const window = spellOut(call.over, select);
    if (!dependsOnPeers(call, window)) return call;
    const bounds = [window.frame?.start, window.frame?.end];
    if (window.frame?.unit === 'RANGE' && bounds.some((bound) => bound && 'offset' in bound))
      throw new SwaliError('SEAL_UNSUPPORTED', { detail: `${call.name} over a RANGE frame with an offset; use ROWS` });
    return { ...call, over: { ...window, orderBy: withoutRepeats([...window.orderBy, ...terms]) } };
  }
  if (!ORDERED_AGGREGATES[dialect].has(call.name)) return call;
  const values = call.arguments.flatMap((argument) => exactTerms(argument, context));
  // SQLite orders a DISTINCT aggregate by its argument only.
  const chosen = call.distinct ? (dialect === 'sqlite' ? values.slice(0, 1) : values) : [...terms, ...values];
  return { ...call, orderBy: withoutRepeats([...call.orderBy, ...chosen]) };
}

function needsTerms(select: Select, orderBy: readonly OrderItem[], context: OrderContext): boolean {
  let found = false;
  const look = (node: Expression): Expression => {
    found ||= node.kind === 'call' && (node.over !== null || ORDERED_AGGREGATES[context.dialect].has(node.name));
    return node;
  };
  for (const item of select.items) if (item.kind === 'expression') mapLevel(item.expression, look);
  for (const item of orderBy) mapLevel(item.expression, look);
  if (select.having) mapLevel(select.having, look);
  return found;
}

/** Gives a total order to whatever in one select depends on the order of rows. */
function orderCalls(
  select: Select,
  orderBy: readonly OrderItem[],
  context: OrderContext,
): { select: Select; orderBy: OrderItem[] } {
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

function behindOutput(expression: Expression, select: Select): Expression {
  if (expression.kind !== 'output') return expression;
  const item = select.items.find((entry) => entry.kind === 'expression' && entry.alias === expression.name);
  return item?.kind === 'expression' ? item.expression : expression;
}

const output = (name: string): Expression => ({ kind: 'output', name });

function outputTerms(query: Query, context: OrderContext): OrderItem[] {
  const names = outputNames(query);
  return names.flatMap((name) => [ascending(output(name)), ascending(bytewise(output(name), context.dialect))]);
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
    return { ...query, orderBy: withoutRepeats([...query.orderBy, ...body.groupBy.map(ascending)], body) };
  }
  const { select, terms } = breakTies(body, context);
  return { ...query, body: select, orderBy: withoutRepeats([...query.orderBy, ...terms], body) };
}

/** Fixes the join order as written: STRAIGHT_JOIN on the MySQL family, CROSS JOIN on SQLite. */
function fixJoinOrder(select: Select): Select {
  const joined = select.from.length > 1 || select.from.some((table) => table.kind === 'join');
  return joined ? { ...select, straight: true } : select;
}

function collectCommonTables(query: Query): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  rewriteQuery(query, {
    query: (node) => {
      for (const table of node.with?.tables ?? []) found.set(table.name, table.columns ?? []);
      return node;
    },
  });
  return found;
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
  const context: OrderContext = {
    dialect,
    view,
    trace,
    commonTables: collectCommonTables(query),
    nextColumn: nextColumnAfter(statement),
  };
  const legs = (body: QueryBody): QueryBody => {
    if (body.kind === 'select') return orderCalls(body, [], context).select;
    if (body.kind === 'set-operation') return { ...body, left: legs(body.left), right: legs(body.right) };
    return body;
  };
  const ordered = rewriteQuery(query, {
    expression: (node) =>
      // SQLite takes the first row of a scalar subquery.
      dialect === 'sqlite' && node.kind === 'scalar-query' && !node.query.limit
        ? { ...node, query: orderRows(node.query, context) }
        : node,
    query: (node) => {
      const called =
        node.body.kind === 'select' ? applyCalls(node, node.body, context) : { ...node, body: legs(node.body) };
      return called.limit ? orderRows(called, context) : called;
    },
  });
  const whole = ordered.limit ? ordered : orderRows(ordered, context);
  if (!hasFallible(query, dialect)) return whole;
  return rewriteQuery(whole, { select: fixJoinOrder });
}

function applyCalls(query: Query, body: Select, context: OrderContext): Query {
  const { select, orderBy } = orderCalls(body, query.orderBy, context);
  return { ...query, body: select, orderBy };
}
