import { SwaliError } from '../errors/swali-error.js';

/** Deepest nesting of a body; every endpoint's input is flatter. */
const MAX_DEPTH = 16;

/** Keys that change an object's prototype where careless code copies them. */
export const PROTOTYPE_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads a request body as JSON, more strictly than `JSON.parse`: an object at the top, no key twice (two readers could
 * each take another of the two), no prototype keys, no deep nesting, no broken UTF-8.
 *
 * @throws SwaliError `REQUEST_INVALID`
 */
export function parseStrictJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const text = decode(bytes);
  refuseDeepNesting(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SwaliError('REQUEST_INVALID', { detail: 'the body is not JSON', cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SwaliError('REQUEST_INVALID', { detail: 'the body is not a JSON object' });
  }
  refuseOddKeys(text);
  return value as Readonly<Record<string, unknown>>;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SwaliError('REQUEST_INVALID', { detail: 'the body is not UTF-8', cause });
  }
}

/** Yields the tokens that matter of a JSON text: strings, brackets, commas. Safe on text that is not JSON. */
function* tokens(text: string): Generator<string> {
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/gs)) yield match[0];
}

function refuseDeepNesting(text: string): void {
  let depth = 0;
  for (const token of tokens(text)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth > MAX_DEPTH) throw new SwaliError('REQUEST_INVALID', { detail: 'the body is nested too deeply' });
  }
}

/** Runs on text that is JSON: a string right after `{`, or after `,` within an object, is a key. */
function refuseOddKeys(text: string): void {
  const open: (Set<string> | null)[] = [];
  let expectsKey = false;
  for (const token of tokens(text)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : null);
      expectsKey = token === '{';
    } else if (token === '}' || token === ']') {
      open.pop();
      expectsKey = false;
    } else if (token === ',') {
      expectsKey = open.at(-1) !== null;
    } else if (expectsKey) {
      const key = JSON.parse(token) as string;
      const seen = open.at(-1);
      if (PROTOTYPE_KEYS.has(key)) throw new SwaliError('REQUEST_INVALID', { detail: 'the body has a forbidden key' });
      if (seen?.has(key)) throw new SwaliError('REQUEST_INVALID', { detail: 'the body has a key twice' });
      seen?.add(key);
      expectsKey = false;
    }
  }
}
