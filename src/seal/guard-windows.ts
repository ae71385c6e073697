import { SwaliError } from '../errors/swali-error.js';
import { isAggregated, itemExpressions } from '../sql/levels.js';
import type { Expression, Query, QueryBody, Select, TableExpression } from '../sql/nodes.js';
import { rewriteQuery } from '../sql/rewrite.js';
import { type Visitor, visitExpression, visitLevel } from '../sql/visit.js';

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

function isMisread(query: Query): boolean {
  const order = query.orderBy.map((item) => item.expression);
  return selectsOf(query.body).some(
    (select) => holdsWindow([...itemExpressions(select), ...order]) && asksOutside(select),
  );
}

/** EXISTS asks for a row alone: where its number of rows does not hang on the select list, that list may be anything. */
function withoutList(query: Query): Query | null {
  const { body } = query;
  if (body.kind !== 'select' || query.limit || body.having || isAggregated(body, query.orderBy, 'mariadb')) return null;
  const one: Expression = { kind: 'number', form: 'integer', text: '1' };
  const [first] = body.items;
  const alias = first?.kind === 'expression' ? first.alias : null;
  const items = [{ kind: 'expression' as const, expression: one, alias, text: '' }];
  return { ...query, orderBy: [], body: { ...body, items, windows: [] } };
}

/**
 * Keeps MariaDB from giving rows that a WHERE rejects. Up to 10.11.19 at least, a subquery with a window function over
 * tables of one row each loses what its WHERE or ON says of the query around it: `EXISTS (SELECT COUNT(*) OVER () FROM t
 * WHERE outer.x)` is then true for every x. EXISTS does without its list; of others MariaDB offers no form that it reads
 * rightly, and whether a table has one row is not known before.
 *
 * @throws SwaliError `SEAL_UNSUPPORTED` for a window in any other subquery that names a column of a query around it there
 */
export function guardWindows(query: Query): Query {
  return rewriteQuery(query, {
    expression: (node) => {
      if (
        node.kind !== 'exists' &&
        node.kind !== 'scalar-query' &&
        node.kind !== 'in-query' &&
        node.kind !== 'quantified'
      )
        return node;
      if (!isMisread(node.query)) return node;
      const bare = node.kind === 'exists' ? withoutList(node.query) : null;
      if (!bare)
        throw new SwaliError('SEAL_UNSUPPORTED', {
          detail: 'a window function in a subquery whose WHERE names a column of the query around it',
        });
      return { ...node, query: bare };
    },
  });
}
