import type { Expression, Query } from '../sql/nodes.js';
import { rewriteQuery } from '../sql/rewrite.js';

/** Gives a SELECT without FROM a WHERE that is true, through parentheses. What filters, groups by HAVING or joins is left. */
function addWhere(query: Query): Query {
  const { body } = query;
  if (body.kind === 'query') return { ...query, body: addWhere(body) };
  if (body.kind !== 'select' || body.from.length > 0 || body.where !== null) return query;
  return { ...query, body: { ...body, where: { kind: 'boolean', value: true } } };
}

/**
 * Keeps MariaDB from ending. Up to 10.11.19 at least it aborts, with all that runs on it, when it runs a prepared
 * `x IN (SELECT y)`, `x = ANY (SELECT y)` or `x > ALL (SELECT y)` whose SELECT has no table and no condition, over a derived
 * table or a group. With `WHERE TRUE`, which changes nothing, it does not.
 */
export function guardTableless(query: Query): Query {
  const guard = (node: Expression): Expression =>
    node.kind === 'in-query' || node.kind === 'quantified' ? { ...node, query: addWhere(node.query) } : node;
  return rewriteQuery(query, { expression: guard });
}
