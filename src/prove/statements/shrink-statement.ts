import { mapChildren, mapWindow } from '../../sql/map-children.js';
import type { Expression, Query, QueryBody, Select, TableExpression } from '../../sql/nodes.js';
import { visitQuery } from '../../sql/visit.js';

/** Ways to make one part smaller: the boldest first. */
type Shrinks<T> = Iterable<T>;

function* map<T, U>(shrinks: Shrinks<T>, make: (part: T) => U): Shrinks<U> {
  for (const part of shrinks) yield make(part);
}

/** Lists with one entry dropped, then with one entry smaller. Never shorter than `least`. */
function* shrinkList<T>(list: readonly T[], least: number, shrink: (entry: T) => Shrinks<T>): Shrinks<readonly T[]> {
  if (list.length > least + 1) yield list.slice(0, least);
  if (list.length > least) for (const index of list.keys()) yield list.filter((_, at) => at !== index);
  for (const [index, entry] of list.entries())
    yield* map(shrink(entry), (smaller) => list.map((other, at) => (at === index ? smaller : other)));
}

const LEAVES: ReadonlySet<Expression['kind']> = new Set([
  'number',
  'string',
  'column',
  'null',
  'boolean',
  'output',
  'parameter',
  'bytes',
  'temporal',
]);
const ZERO: Expression = { kind: 'number', form: 'integer', text: '0' };

/** The expressions directly below one, and the queries. */
function childrenOf(node: Expression): { expressions: Expression[]; queries: Query[] } {
  const expressions: Expression[] = [];
  const queries: Query[] = [];
  mapChildren(node, {
    expression: (child) => {
      expressions.push(child);
      return child;
    },
    query: (query) => {
      queries.push(query);
      return query;
    },
  });
  return { expressions, queries };
}

/** A node with its child number `index` replaced. */
function withChild(node: Expression, index: number, child: Expression): Expression {
  let at = -1;
  return mapChildren(node, {
    expression: (old) => {
      at += 1;
      return at === index ? child : old;
    },
    query: (query) => query,
  });
}

/** Parts of a call that it can do without. */
function* shrinkCall(node: Expression): Shrinks<Expression> {
  if (node.kind === 'case' && node.branches.length > 1) yield { ...node, branches: node.branches.slice(0, 1) };
  if (node.kind === 'in-list' && node.items.length > 1) yield { ...node, items: node.items.slice(0, 1) };
  if ('negated' in node && node.negated) yield { ...node, negated: false };
  if (node.kind !== 'call') return;
  if (node.distinct) yield { ...node, distinct: false };
  if (node.filter) yield { ...node, filter: null };
  if (node.limit) yield { ...node, limit: null };
  if (node.separator !== null) yield { ...node, separator: null };
  if (node.orderBy.length > 0) yield { ...node, orderBy: node.orderBy.slice(1) };
  if (node.over?.kind !== 'window') return;
  const { over } = node;
  if (over.frame) yield { ...node, over: { ...over, frame: null } };
  if (over.partitionBy.length > 0) yield { ...node, over: { ...over, partitionBy: over.partitionBy.slice(1) } };
  if (over.orderBy.length > 0) yield { ...node, over: { ...over, orderBy: over.orderBy.slice(1) } };
}

function* shrinkExpression(node: Expression): Shrinks<Expression> {
  if (node.kind === 'string' && node.value !== '') yield { kind: 'string', value: '' };
  if (node.kind === 'number' && node.text.length > 1) yield ZERO;
  if (LEAVES.has(node.kind)) return;
  const { expressions, queries } = childrenOf(node);
  yield* expressions.filter((child) => child.kind !== 'row' && child.kind !== 'interval');
  if (node.kind !== 'row' && node.kind !== 'interval') yield ZERO;
  yield* shrinkCall(node);
  for (const [index, child] of expressions.entries())
    yield* map(shrinkExpression(child), (smaller) => withChild(node, index, smaller));
  for (const query of queries)
    yield* map(shrinkQuery(query), (smaller) =>
      mapChildren(node, { expression: (child) => child, query: () => smaller }),
    );
}

function* shrinkOptional(node: Expression | null): Shrinks<Expression | null> {
  if (!node) return;
  yield null;
  yield* shrinkExpression(node);
}

function* shrinkTable(table: TableExpression): Shrinks<TableExpression> {
  switch (table.kind) {
    case 'derived':
      yield* map(shrinkQuery(table.query), (query) => ({ ...table, query }));
      if (table.query.body.kind === 'select') {
        const [only, ...others] = table.query.body.from;
        if (only?.kind === 'relation' && others.length === 0) yield { ...only, alias: table.alias };
      }
      return;
    case 'json-rows':
      yield* map(shrinkExpression(table.document), (document) => ({ ...table, document }));
      return;
    case 'join':
      yield table.left;
      yield table.right;
      if (table.type !== 'INNER' && table.type !== 'CROSS') yield { ...table, type: 'INNER' };
      yield* map(shrinkTable(table.left), (left) => ({ ...table, left }));
      yield* map(shrinkTable(table.right), (right) => ({ ...table, right }));
      if (table.on) yield* map(shrinkExpression(table.on), (on) => ({ ...table, on }));
      return;
    case 'relation':
    case 'enclosure':
      return;
  }
}

function* shrinkSelect(select: Select): Shrinks<Select> {
  yield* map(shrinkOptional(select.where), (where) => ({ ...select, where }));
  yield* map(shrinkOptional(select.having), (having) => ({ ...select, having }));
  if (select.rollup) yield { ...select, rollup: false };
  if (select.distinct) yield { ...select, distinct: false };
  yield* map(shrinkList(select.from, 1, shrinkTable), (from) => ({ ...select, from }));
  yield* map(
    shrinkList(select.items, 1, (item) =>
      item.kind === 'star' ? [] : map(shrinkExpression(item.expression), (expression) => ({ ...item, expression })),
    ),
    (items) => ({ ...select, items }),
  );
  yield* map(shrinkList(select.groupBy, 0, shrinkExpression), (groupBy) => ({ ...select, groupBy }));
  yield* map(
    shrinkList(select.windows, 0, function* (entry) {
      const { window } = entry;
      if (window.partitionBy.length > 0)
        yield { ...entry, window: { ...mapWindow(window, IDENTITY), partitionBy: [] } };
    }),
    (windows) => ({ ...select, windows }),
  );
}

const IDENTITY = { expression: (child: Expression) => child, query: (query: Query) => query };

function* shrinkBody(body: QueryBody): Shrinks<QueryBody> {
  switch (body.kind) {
    case 'select':
      yield* shrinkSelect(body);
      return;
    case 'query':
      yield body.body;
      yield* shrinkQuery(body);
      return;
    case 'values':
      yield* map(
        shrinkList(body.rows, 1, () => []),
        (rows) => ({ ...body, rows }),
      );
      return;
    case 'set-operation':
      yield body.left;
      yield body.right;
      if (body.all) yield { ...body, all: false };
      yield* map(shrinkBody(body.left), (left) => ({ ...body, left }));
      yield* map(shrinkBody(body.right), (right) => ({ ...body, right }));
  }
}

function* shrinkQuery(query: Query): Shrinks<Query> {
  if (query.with) {
    yield { ...query, with: null };
    for (const table of query.with.tables) yield table.query;
    const { with: common } = query;
    yield* map(
      shrinkList(common.tables, 1, (table) =>
        map(shrinkQuery(table.query), (smaller) => ({ ...table, query: smaller })),
      ),
      (tables) => ({ ...query, with: { ...common, tables } }),
    );
  }
  if (query.body.kind === 'query') yield query.body;
  for (const inner of innerQueries(query.body)) yield inner;
  if (query.limit?.offset) yield { ...query, limit: { ...query.limit, offset: null } };
  if (query.limit) yield { ...query, limit: null };
  yield* map(
    shrinkList(query.orderBy, 0, (item) =>
      map(shrinkExpression(item.expression), (expression) => ({ ...item, expression })),
    ),
    (orderBy) => ({ ...query, orderBy }),
  );
  yield* map(shrinkBody(query.body), (body) => ({ ...query, body }));
}

/** Queries in expressions, each of which could be the whole. */
function subqueries(query: Query): Query[] {
  const found: Query[] = [];
  visitQuery(query, { expression: (node) => found.push(...childrenOf(node).queries) });
  return found;
}

/** Queries in FROM, each of which could be the whole. */
function* innerQueries(body: QueryBody): Shrinks<Query> {
  if (body.kind !== 'select') return;
  const walk = function* (table: TableExpression): Shrinks<Query> {
    if (table.kind === 'derived') yield table.query;
    if (table.kind !== 'join') return;
    yield* walk(table.left);
    yield* walk(table.right);
  };
  for (const table of body.from) yield* walk(table);
}

/**
 * Smaller statements than this one, the boldest cuts first, each a tree that prints: clauses, joins, legs and common tables
 * dropped, expressions replaced by a part of themselves or by 0. Lazy, and finite for each statement.
 */
export function* shrinkStatement(query: Query): IterableIterator<Query> {
  yield* subqueries(query);
  yield* shrinkQuery(query);
}
