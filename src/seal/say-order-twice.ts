import type { Expression } from '../sql/nodes.js';

/**
 * Keeps SQLite from giving the order for the value. Up to 3.53 at least, `GROUP_CONCAT(b.x ORDER BY a.y)` gives the values of
 * `a.y`, where a is the first table of FROM and both columns stand at the same place of theirs: it takes the one term for the
 * argument. Said twice it does not.
 */
export function sayOrderTwice(node: Expression): Expression {
  if (node.kind !== 'call' || node.orderBy.length !== 1 || node.arguments.length !== 1) return node;
  const [term] = node.orderBy;
  return term ? { ...node, orderBy: [term, term] } : node;
}
