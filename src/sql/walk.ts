import type {
  CommonTable,
  Expression,
  ExpressionKind,
  FrameBound,
  FunctionCall,
  OrderItem,
  Query,
  QueryBody,
  Select,
  SelectItem,
  TableExpression,
  TableExpressionKind,
  WindowSpecification,
} from './nodes.js';

/** What to make of the parts of a node. Every function gives a new node or the one it was given. */
export interface Mapper {
  expression(expression: Expression): Expression;
  query(query: Query): Query;
  table(table: TableExpression): TableExpression;
}

type RebuilderOf<Node extends { kind: string }, K extends Node['kind']> = (
  node: Extract<Node, { kind: K }>,
  to: Mapper,
) => Node;

const same = <T>(node: T): T => node;
const mapNullable = <T>(value: T | null, map: (value: T) => T): T | null => (value === null ? null : map(value));

/** One entry per kind: a new kind does not compile until it is handled. */
const EXPRESSIONS: { readonly [K in ExpressionKind]: RebuilderOf<Expression, K> } = {
  number: same,
  string: same,
  bytes: same,
  temporal: same,
  boolean: same,
  null: same,
  parameter: same,
  column: same,
  output: same,
  unary: (node, to) => ({ ...node, operand: to.expression(node.operand) }),
  binary: (node, to) => ({ ...node, left: to.expression(node.left), right: to.expression(node.right) }),
  is: (node, to) => ({ ...node, operand: to.expression(node.operand) }),
  match: (node, to) => ({
    ...node,
    operand: to.expression(node.operand),
    pattern: to.expression(node.pattern),
    escape: mapNullable(node.escape, to.expression),
  }),
  between: (node, to) => ({
    ...node,
    operand: to.expression(node.operand),
    low: to.expression(node.low),
    high: to.expression(node.high),
  }),
  'in-list': (node, to) => ({ ...node, operand: to.expression(node.operand), items: node.items.map(to.expression) }),
  'in-query': (node, to) => ({ ...node, operand: to.expression(node.operand), query: to.query(node.query) }),
  exists: (node, to) => ({ ...node, query: to.query(node.query) }),
  quantified: (node, to) => ({ ...node, operand: to.expression(node.operand), query: to.query(node.query) }),
  'scalar-query': (node, to) => ({ ...node, query: to.query(node.query) }),
  row: (node, to) => ({ ...node, items: node.items.map(to.expression) }),
  case: (node, to) => ({
    ...node,
    operand: mapNullable(node.operand, to.expression),
    // biome-ignore lint/suspicious/noThenProperty: the node's own word; nobody awaits a branch.
    branches: node.branches.map(({ when, then }) => ({ when: to.expression(when), then: to.expression(then) })),
    otherwise: mapNullable(node.otherwise, to.expression),
  }),
  cast: (node, to) => ({ ...node, operand: to.expression(node.operand) }),
  transcode: (node, to) => ({ ...node, operand: to.expression(node.operand) }),
  collate: (node, to) => ({ ...node, operand: to.expression(node.operand) }),
  interval: (node, to) => ({ ...node, value: to.expression(node.value) }),
  extract: (node, to) => ({ ...node, operand: to.expression(node.operand) }),
  trim: (node, to) => ({
    ...node,
    remove: mapNullable(node.remove, to.expression),
    operand: to.expression(node.operand),
  }),
  'timestamp-arithmetic': (node, to) => ({
    ...node,
    left: to.expression(node.left),
    right: to.expression(node.right),
  }),
  call: mapCall,
};

const TABLES: { readonly [K in TableExpressionKind]: RebuilderOf<TableExpression, K> } = {
  relation: same,
  derived: (node, to) => ({ ...node, query: to.query(node.query) }),
  join: (node, to) => ({
    ...node,
    left: to.table(node.left),
    right: to.table(node.right),
    on: mapNullable(node.on, to.expression),
  }),
  'json-rows': (node, to) => ({
    ...node,
    document: to.expression(node.document),
    root: mapNullable(node.root, to.expression),
  }),
  enclosure: (node, to) => ({
    ...node,
    columns: node.columns.map(({ name, expression }) => ({ name, expression: to.expression(expression) })),
    filter: mapNullable(node.filter, to.expression),
    copied: node.copied.map(to.expression),
  }),
};

/** Rebuilds one expression with its direct parts mapped, in the order of the text. Does not go deeper by itself. */
export function mapExpressionParts(expression: Expression, to: Mapper): Expression {
  return (EXPRESSIONS[expression.kind] as (node: Expression, to: Mapper) => Expression)(expression, unbound(to));
}

/** Rebuilds one table expression with its direct parts mapped. */
export function mapTableParts(table: TableExpression, to: Mapper): TableExpression {
  return (TABLES[table.kind] as (node: TableExpression, to: Mapper) => TableExpression)(table, unbound(to));
}

/** Rebuilds one query with its direct parts mapped: common tables, tables of FROM, expressions, queries in its body. */
export function mapQueryParts(query: Query, mapper: Mapper): Query {
  const to = unbound(mapper);
  const mapCommon = (table: CommonTable): CommonTable => ({ ...table, query: to.query(table.query) });
  return {
    ...query,
    with: query.with === null ? null : { ...query.with, tables: query.with.tables.map(mapCommon) },
    body: mapBody(query.body, to),
    orderBy: mapOrderItems(query.orderBy, to),
  };
}

/** A mapper whose functions may be handed on without their object. */
function unbound(to: Mapper): Mapper {
  return {
    expression: (expression) => to.expression(expression),
    query: (query) => to.query(query),
    table: (table) => to.table(table),
  };
}

function mapCall(node: FunctionCall, to: Mapper): FunctionCall {
  return {
    ...node,
    arguments: node.arguments.map(to.expression),
    orderBy: mapOrderItems(node.orderBy, to),
    filter: mapNullable(node.filter, to.expression),
    over: node.over === null || node.over.kind === 'window-name' ? node.over : mapWindow(node.over, to),
  };
}

function mapOrderItems(items: readonly OrderItem[], to: Mapper): readonly OrderItem[] {
  return items.map((item) => ({ ...item, expression: to.expression(item.expression) }));
}

function mapWindow(window: WindowSpecification, to: Mapper): WindowSpecification {
  const mapBound = (bound: FrameBound): FrameBound =>
    'offset' in bound ? { ...bound, offset: to.expression(bound.offset) } : bound;
  const { frame } = window;
  return {
    ...window,
    partitionBy: window.partitionBy.map(to.expression),
    orderBy: mapOrderItems(window.orderBy, to),
    frame: frame === null ? null : { ...frame, start: mapBound(frame.start), end: mapNullable(frame.end, mapBound) },
  };
}

function mapBody(body: QueryBody, to: Mapper): QueryBody {
  switch (body.kind) {
    case 'query':
      return to.query(body);
    case 'set-operation':
      return { ...body, left: mapBody(body.left, to), right: mapBody(body.right, to) };
    case 'values':
      return { ...body, rows: body.rows.map((row) => row.map(to.expression)) };
    case 'select':
      return mapSelect(body, to);
  }
}

function mapSelect(select: Select, to: Mapper): Select {
  const mapItem = (item: SelectItem): SelectItem =>
    item.kind === 'star' ? item : { ...item, expression: to.expression(item.expression) };
  return {
    ...select,
    items: select.items.map(mapItem),
    from: select.from.map(to.table),
    where: mapNullable(select.where, to.expression),
    groupBy: select.groupBy.map(to.expression),
    having: mapNullable(select.having, to.expression),
    windows: select.windows.map(({ name, window }) => ({ name, window: mapWindow(window, to) })),
  };
}

/** A mapper that goes all the way down and applies `change` to every expression, parts first. */
function deepMapper(change: (expression: Expression) => Expression): Mapper {
  const to: Mapper = {
    expression: (expression) => change(mapExpressionParts(expression, to)),
    query: (query) => mapQueryParts(query, to),
    table: (table) => mapTableParts(table, to),
  };
  return to;
}

/** Rebuilds an expression from the leaves up; `change` sees every expression in it, those of subqueries too. */
export function mapExpression(expression: Expression, change: (expression: Expression) => Expression): Expression {
  return deepMapper(change).expression(expression);
}

/** Rebuilds a query from the leaves up; `change` sees every expression in it, at every depth. */
export function mapQuery(query: Query, change: (expression: Expression) => Expression): Query {
  return deepMapper(change).query(query);
}

/** What to do at each node; null or absent: nothing. */
export interface Visitor {
  readonly expression?: (expression: Expression) => void;
  readonly query?: (query: Query) => void;
  readonly table?: (table: TableExpression) => void;
  /** False: subqueries, common tables and derived tables are not entered (they are still visited themselves). */
  readonly enterQueries?: boolean;
}

/** Visits every node under `root` and `root` itself, a node before its parts, in the order of the text. */
export function visit(root: Expression | Query | TableExpression, visitor: Visitor): void {
  const to: Mapper = {
    expression: (expression) => {
      visitor.expression?.(expression);
      mapExpressionParts(expression, to);
      return expression;
    },
    query: (query) => {
      visitor.query?.(query);
      if (visitor.enterQueries !== false || query === root) mapQueryParts(query, to);
      return query;
    },
    table: (table) => {
      visitor.table?.(table);
      mapTableParts(table, to);
      return table;
    },
  };
  if (root.kind === 'query') to.query(root);
  else if (Object.hasOwn(TABLES, root.kind)) to.table(root as TableExpression);
  else to.expression(root as Expression);
}

/** Calls `see` with every expression under `root`, those of subqueries too; a node before its parts. */
export function forEachExpression(
  root: Expression | Query | TableExpression,
  see: (expression: Expression) => void,
): void {
  visit(root, { expression: see });
}

/** Calls `see` with every query under `root` (and `root`, if it is one), outer before inner. */
export function forEachQuery(root: Expression | Query | TableExpression, see: (query: Query) => void): void {
  visit(root, { query: see });
}

/**
 * True where two expressions are the same tree. Places in the text (`at`) and the source text of select items do not
 * count; names do, byte by byte.
 */
export function equalExpressions(left: Expression, right: Expression): boolean {
  return equalValues(left, right);
}

/** As {@link equalExpressions}, for queries. */
export function equalQueries(left: Query, right: Query): boolean {
  return equalValues(left, right);
}

function equalValues(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = comparedKeys(left);
  if (keys.length !== comparedKeys(right).length) return false;
  return keys.every((key) =>
    equalValues((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  );
}

function comparedKeys(node: object): string[] {
  const item = 'kind' in node && node.kind === 'expression';
  return Object.keys(node).filter((key) => key !== 'at' && !(item && key === 'text'));
}
