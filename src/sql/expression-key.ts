import type { Expression } from './nodes.js';

/** A text that two expressions share exactly when they are the same tree, wherever in the text they stood. */
export function expressionKey(expression: Expression): string {
  return JSON.stringify(expression, (name, value) => {
    if (name === 'at') return undefined;
    return typeof value === 'bigint' ? `${value}n` : value;
  });
}
