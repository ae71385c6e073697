import { SwaliError } from '../errors/swali-error.js';
import type { Expression, Query } from './nodes.js';

/**
 * Refuses a tree that recursive walks could not bear: `a AND b AND …` nests as deep as it is long, though its text does not.
 *
 * @param maxDepth the reader's limit of nesting; nodes on one path may be twice as many
 * @param tokens of the text that the tree was read from: no path holds more than two nodes for each
 * @throws SwaliError `SEAL_TOO_DEEP`
 * @remarks Walks with a stack of its own, O(nodes).
 */
export function assertTreeDepth(root: Expression | Query, tokens: number, maxDepth = 200): void {
  const limit = 2 * maxDepth;
  if (2 * tokens <= limit) return;
  const values: unknown[] = [root];
  const depths: number[] = [0];
  for (let value = values.pop(); value !== undefined; value = values.pop()) {
    const depth = depths.pop()!;
    if (depth > limit) throw new SwaliError('SEAL_TOO_DEEP');
    for (const name in value as object) {
      const child = (value as Readonly<Record<string, unknown>>)[name];
      if (typeof child !== 'object' || child === null) continue;
      values.push(child);
      depths.push('kind' in child ? depth + 1 : depth);
    }
  }
}
