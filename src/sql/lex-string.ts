import type { Dialect } from '../domain/dialect.js';
import { refuseConstruct, refuseSyntax } from './refusals.js';

/** MySQL's escapes. `\%` and `\_` keep the backslash, as LIKE wants it. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ["'", "'"],
  ['"', '"'],
  ['b', '\b'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['Z', '\x1a'],
  ['\\', '\\'],
  ['%', '\\%'],
  ['_', '\\_'],
]);

/**
 * Reads a string literal that begins at `at` with its quote. A doubled quote is one quote; a backslash escapes on the
 * MySQL family and is itself on SQLite.
 *
 * @returns the value, and the offset behind the closing quote
 * @throws SwaliError `SEAL_SYNTAX` where it does not end, `SEAL_UNSUPPORTED` for an unknown escape or a raw NUL
 */
export function readString(text: string, at: number, dialect: Dialect): { value: string; end: number } {
  const quote = text[at]!;
  const parts: string[] = [];
  let from = at + 1;
  for (let index = from; index < text.length; index++) {
    const character = text[index]!;
    if (character === '\0') refuseConstruct('a control character', index);
    if (character === '\\' && dialect !== 'sqlite') {
      const escaped = ESCAPES.get(text[index + 1] ?? '');
      if (escaped === undefined) refuseConstruct('an unknown escape', index);
      parts.push(text.slice(from, index), escaped);
      index++;
      from = index + 1;
    } else if (character === quote) {
      parts.push(text.slice(from, index));
      if (text[index + 1] !== quote) return { value: parts.join(''), end: index + 1 };
      parts.push(quote);
      index++;
      from = index + 1;
    }
  }
  return refuseSyntax(at);
}

/**
 * Reads a quoted name: backticks everywhere, double quotes and square brackets on SQLite. A doubled closing quote is one,
 * except in brackets, which end at the first `]`.
 *
 * @throws SwaliError `SEAL_SYNTAX` where it does not end or is empty, `SEAL_UNSUPPORTED` for control characters
 */
export function readQuotedName(text: string, at: number): { value: string; end: number } {
  const close = text[at] === '[' ? ']' : text[at]!;
  const parts: string[] = [];
  let from = at + 1;
  for (let index = from; index < text.length; index++) {
    const character = text[index]!;
    if (character < ' ' || character === '\x7f') refuseConstruct('a control character', index);
    if (character !== close) continue;
    parts.push(text.slice(from, index));
    if (close === ']' || text[index + 1] !== close) {
      const value = parts.join('');
      if (value === '') refuseSyntax(at);
      return { value, end: index + 1 };
    }
    parts.push(close);
    index++;
    from = index + 1;
  }
  return refuseSyntax(at);
}
