import type { Expression, Query, Select } from '../sql/nodes.js';
import { rewriteQuery } from '../sql/rewrite.js';

const TRUE: Expression = { kind: 'boolean', value: true };

function guardSelect(select: Select): Select {
  if (select.from.length === 0 && select.where === null) return { ...select, where: TRUE };
  return select.groupBy.length > 0 && select.having === null ? { ...select, having: TRUE } : select;
}

/** Guards the select of a subquery, through parentheses; a set operation needs no guard. */
function guardQuery(query: Query): Query {
  const { body } = query;
  if (body.kind === 'query') return { ...query, body: guardQuery(body) };
  return body.kind === 'select' ? { ...query, body: guardSelect(body) } : query;
}

/**
 * Keeps MariaDB from ending. Up to 10.11.19 at least it aborts, with all that runs on it, when it runs a prepared
 * `x IN (SELECT …)`, `x = ANY (SELECT …)` or `x > ALL (SELECT …)`
 *
 * - whose SELECT has no table and no condition, over a derived table or a group. With `WHERE TRUE` it does not;
 * - whose SELECT has GROUP BY without aggregates, which it drops, and a subquery in its list, which it drops with it and
 *   then runs. With `HAVING TRUE` it drops neither.
 */
export function guardIn(query: Query): Query {
  const guard = (node: Expression): Expression =>
    node.kind === 'in-query' || node.kind === 'quantified' ? { ...node, query: guardQuery(node.query) } : node;
  return rewriteQuery(query, { expression: guard });
}
