import { SwaliError } from '../errors/swali-error.js';
import { isAggregated, itemExpressions } from '../sql/levels.js';
import type { Expression, Query, QueryBody, Select, TableExpression } from '../sql/nodes.js';
import { rewriteQuery } from '../sql/rewrite.js';
import { someExpression, type Visitor, visitExpression, visitLevel } from '../sql/visit.js';

function selectsOf(body: QueryBody): readonly Select[] {
  if (body.kind === 'select') return [body];
  if (body.kind === 'query') return selectsOf(body.body);
  return body.kind === 'set-operation' ? [...selectsOf(body.left), ...selectsOf(body.right)] : [];
}

function holdsWindow(expressions: readonly Expression[]): boolean {
  let found = false;
  for (const expression of expressions)
    visitLevel(expression, (node) => {
      found ||= node.kind === 'call' && node.over !== null;
    });
  return found;
}

/** Whether WHERE or ON of a select names a column of a query around it. */
function asksOutside({ from, where }: Select): boolean {
  const named = new Set<string>();
  const made = new Set<string>();
  const visitor: Visitor = {
    expression: (node) => {
      if (node.kind === 'column') named.add(node.qualifier[0] as string);
    },
    table: (node) => {
      if (node.kind === 'enclosure') made.add(node.inner);
      if (node.kind !== 'join') made.add(node.alias as string);
    },
  };
  const look = (table: TableExpression): void => {
    if (table.kind !== 'join') {
      made.add(table.alias as string);
      return;
    }
    look(table.left);
    look(table.right);
    if (table.on) visitExpression(table.on, visitor);
  };
  from.forEach(look);
  if (where) visitExpression(where, visitor);
  return [...named].some((alias) => !made.has(alias));
}

type WithQuery = Extract<Expression, { readonly query: Query }>;

function holdsQuery(node: Expression): node is WithQuery {
  return 'query' in node;
}

function isMisread(query: Query): boolean {
  const order = query.orderBy.map((item) => item.expression);
  return selectsOf(query.body).some(
    (select) => holdsWindow([...itemExpressions(select), ...order]) && asksOutside(select),
  );
}

/**
 * EXISTS asks for a row alone: where its number of rows does not hang on the select list, that list may be anything.
 *
 * @returns the query with a constant for its list and without order; null where its rows hang on them, or where they hold a
 *   query, whose relations the text would then read no more
 */
export function withoutList(query: Query): Query | null {
  const { body } = query;
  if (body.kind !== 'select' || query.limit || body.having || isAggregated(body, query.orderBy, 'mariadb')) return null;
  const dropped = [...itemExpressions(body), ...query.orderBy.map((item) => item.expression)];
  if (dropped.some((expression) => someExpression(expression, holdsQuery))) return null;
  const one: Expression = { kind: 'number', form: 'integer', text: '1' };
  const [first] = body.items;
  const alias = first?.kind === 'expression' ? first.alias : null;
  const items = [{ kind: 'expression' as const, expression: one, alias, text: '' }];
  return { ...query, orderBy: [], body: { ...body, items, windows: [] } };
}

function refuseWindow(where: string): never {
  throw new SwaliError('SEAL_UNSUPPORTED', { detail: `a window function in ${where}` });
}

/** The subquery as MariaDB reads it rightly. */
function guardOnMariadb(node: WithQuery): WithQuery {
  if (!isMisread(node.query)) return node;
  const bare = node.kind === 'exists' ? withoutList(node.query) : null;
  return bare ? { ...node, query: bare } : refuseWindow('a subquery whose WHERE names a column of the query around it');
}

/**
 * Keeps subqueries with window functions from what the servers make of them.
 *
 * - MariaDB, up to 10.11.19 at least: such a subquery over tables of one row each loses what its WHERE or ON says of the
 *   query around it. `EXISTS (SELECT COUNT(*) OVER () FROM t WHERE outer.x)` is then true for every x. EXISTS does without
 *   its list; of others MariaDB offers no form that it reads rightly, and whether a table has one row is not known before.
 * - MySQL, up to 9.7 at least: IN, ANY and ALL of one run under one of its strategies and fail under the other (error 1235).
 *   Which one it takes follows its statistics, which count hidden rows.
 *
 * @throws SwaliError `SEAL_UNSUPPORTED` for those that are left
 */
export function guardWindows(query: Query, dialect: 'mysql' | 'mariadb'): Query {
  return rewriteQuery(query, {
    expression: (node) => {
      if (!holdsQuery(node)) return node;
      if (dialect === 'mariadb') return guardOnMariadb(node);
      const isListed = node.kind === 'in-query' || node.kind === 'quantified';
      if (isListed && selectsOf(node.query.body).some((select) => holdsWindow(itemExpressions(select))))
        refuseWindow('the select list of IN, ANY or ALL; put it into a derived table');
      return node;
    },
  });
}
