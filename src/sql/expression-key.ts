import type { Expression, Query } from './nodes.js';

/** One key of a part that is no object, each kind of value with a mark of its own. */
function keyOfValue(value: unknown): string {
  if (typeof value === 'string') return PLAIN.test(value) ? `'${value}'` : JSON.stringify(value);
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

/** Text that needs no escape between single quotes. */
const PLAIN = /^[\w .:-]*$/;

function keyOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return keyOfValue(value);
  if (Array.isArray(value)) {
    let list = '[';
    for (const item of value) list += `${keyOf(item)},`;
    return `${list}]`;
  }
  const isItem = (value as { kind?: unknown }).kind === 'expression';
  let text = '{';
  for (const name in value) {
    if (name === 'at' || (name === 'text' && isItem)) continue;
    const part = (value as Readonly<Record<string, unknown>>)[name];
    if (part !== undefined) text += `${name}:${keyOf(part)},`;
  }
  return `${text}}`;
}

/**
 * A text that two expressions, or two queries, share exactly when they are the same tree. Places in the text (`at`) and the
 * source text of select items, which only name things for people, do not count.
 */
export function expressionKey(node: Expression | Query): string {
  // The most frequent of all; it begins like no other key.
  if (node.kind === 'column') return `column:${keyOf(node.qualifier)}${keyOf(node.name)}`;
  return keyOf(node);
}
