import type { Expression, Query } from './nodes.js';

/**
 * A text that two expressions, or two queries, share exactly when they are the same tree. Places in the text (`at`) and the
 * source text of select items, which only name things for people, do not count.
 */
export function expressionKey(node: Expression | Query): string {
  return JSON.stringify(node, function (this: unknown, name, value) {
    if (name === 'at' || (name === 'text' && isSelectItem(this))) return undefined;
    return typeof value === 'bigint' ? `${value}n` : value;
  });
}

function isSelectItem(holder: unknown): boolean {
  return typeof holder === 'object' && holder !== null && 'kind' in holder && holder.kind === 'expression';
}
