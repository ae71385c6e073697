import { type ChildMapper, mapChildren, mapOrderItems, mapWindow } from './map-children.js';
import type { Enclosure, Expression, Join, Query, QueryBody, Select, TableExpression } from './nodes.js';

/**
 * What a rewrite does at each kind of place. Every hook sees a node whose parts are already rewritten (bottom up) and
 * gives the node that takes its place. Absent hooks leave the node as it is.
 */
export interface Rewriter {
  expression?(node: Expression): Expression;
  table?(node: TableExpression): TableExpression;
  select?(node: Select): Select;
  query?(node: Query): Query;
}

function mapperOf(rewriter: Rewriter): ChildMapper {
  return {
    expression: (child) => rewriteExpression(child, rewriter),
    query: (child) => rewriteQuery(child, rewriter),
  };
}

/** Rewrites an expression and all below it, queries included. */
export function rewriteExpression(node: Expression, rewriter: Rewriter): Expression {
  const rebuilt = mapChildren(node, mapperOf(rewriter));
  return rewriter.expression?.(rebuilt) ?? rebuilt;
}

function rewriteJoin(node: Join, rewriter: Rewriter): Join {
  return {
    ...node,
    left: rewriteTable(node.left, rewriter),
    right: rewriteTable(node.right, rewriter),
    on: node.on && rewriteExpression(node.on, rewriter),
  };
}

function rewriteEnclosure(node: Enclosure, rewriter: Rewriter): Enclosure {
  return {
    ...node,
    columns: node.columns.map((column) => ({ ...column, expression: rewriteExpression(column.expression, rewriter) })),
    filter: node.filter && rewriteExpression(node.filter, rewriter),
    copied: node.copied.map((conjunct) => rewriteExpression(conjunct, rewriter)),
  };
}

function rewriteTable(node: TableExpression, rewriter: Rewriter): TableExpression {
  const rebuild = (): TableExpression => {
    switch (node.kind) {
      case 'relation':
        return node;
      case 'derived':
        return { ...node, query: rewriteQuery(node.query, rewriter) };
      case 'join':
        return rewriteJoin(node, rewriter);
      case 'json-rows':
        return {
          ...node,
          document: rewriteExpression(node.document, rewriter),
          root: node.root && rewriteExpression(node.root, rewriter),
        };
      case 'enclosure':
        return rewriteEnclosure(node, rewriter);
    }
  };
  const rebuilt = rebuild();
  return rewriter.table?.(rebuilt) ?? rebuilt;
}

function rewriteSelect(node: Select, rewriter: Rewriter): Select {
  const one = (child: Expression) => rewriteExpression(child, rewriter);
  const rebuilt: Select = {
    ...node,
    items: node.items.map((item) => (item.kind === 'star' ? item : { ...item, expression: one(item.expression) })),
    from: node.from.map((table) => rewriteTable(table, rewriter)),
    where: node.where && one(node.where),
    groupBy: node.groupBy.map(one),
    having: node.having && one(node.having),
    windows: node.windows.map((entry) => ({ ...entry, window: mapWindow(entry.window, mapperOf(rewriter)) })),
  };
  return rewriter.select?.(rebuilt) ?? rebuilt;
}

function rewriteBody(node: QueryBody, rewriter: Rewriter): QueryBody {
  switch (node.kind) {
    case 'select':
      return rewriteSelect(node, rewriter);
    case 'query':
      return rewriteQuery(node, rewriter);
    case 'values':
      return { ...node, rows: node.rows.map((row) => row.map((item) => rewriteExpression(item, rewriter))) };
    case 'set-operation':
      return { ...node, left: rewriteBody(node.left, rewriter), right: rewriteBody(node.right, rewriter) };
  }
}

/** Rewrites a query and all below it, bottom up: common tables, body, ORDER BY. */
export function rewriteQuery(node: Query, rewriter: Rewriter): Query {
  const rebuilt: Query = {
    ...node,
    with: node.with && {
      ...node.with,
      tables: node.with.tables.map((table) => ({ ...table, query: rewriteQuery(table.query, rewriter) })),
    },
    body: rewriteBody(node.body, rewriter),
    orderBy: mapOrderItems(node.orderBy, (child) => rewriteExpression(child, rewriter)),
  };
  return rewriter.query?.(rebuilt) ?? rebuilt;
}

function observe(see: (node: Expression) => void): Rewriter {
  return {
    expression: (child) => {
      see(child);
      return child;
    },
  };
}

/** Calls `see` for an expression and everything below it, queries included, children first. */
export function visitExpression(node: Expression, see: (node: Expression) => void): void {
  rewriteExpression(node, observe(see));
}

/** Calls `see` for every expression of a query. */
export function visitQuery(node: Query, see: (node: Expression) => void): void {
  rewriteQuery(node, observe(see));
}

/** Nesting of queries: 1 for a query without subqueries. */
export function measureDepth(node: Query): number {
  let [depth, deepest] = [0, 0];
  const enter = (query: Query): Query => {
    depth += 1;
    deepest = Math.max(deepest, depth);
    const inner: ChildMapper = {
      query: enter,
      expression: (child) => mapChildren(child, inner),
    };
    mapQueryOnce(query, inner);
    depth -= 1;
    return query;
  };
  enter(node);
  return deepest;
}

/** One level of a query: its expressions and directly contained queries go to the mapper; what they give is dropped. */
function mapQueryOnce(query: Query, mapper: ChildMapper): void {
  const table = (node: TableExpression): void => {
    if (node.kind === 'derived') mapper.query(node.query);
    if (node.kind === 'join') {
      table(node.left);
      table(node.right);
      if (node.on) mapper.expression(node.on);
    }
  };
  const body = (node: QueryBody): void => {
    if (node.kind === 'query') mapper.query(node);
    if (node.kind === 'set-operation') {
      body(node.left);
      body(node.right);
    }
    if (node.kind === 'values') for (const item of node.rows.flat()) mapper.expression(item);
    if (node.kind !== 'select') return;
    node.from.forEach(table);
    for (const entry of node.windows) mapWindow(entry.window, mapper);
    const parts = [
      ...node.items.flatMap((item) => (item.kind === 'expression' ? [item.expression] : [])),
      ...node.groupBy,
    ];
    for (const part of [...parts, node.where, node.having]) if (part) mapper.expression(part);
  };
  for (const entry of query.with?.tables ?? []) mapper.query(entry.query);
  body(query.body);
  for (const item of query.orderBy) mapper.expression(item.expression);
}
