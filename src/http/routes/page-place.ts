import { SwaliError } from '../../errors/swali-error.js';

/**
 * A place in a list as callers hand it back: opaque to them, and nothing that they could not see anyway.
 *
 * @param list what it is a place in, so that a cursor of another list is not taken for one
 */
export function printPlace(list: string, parts: readonly (string | number)[]): string {
  return Buffer.from([list, ...parts].join(':')).toString('base64url');
}

/**
 * Reads what {@link printPlace} made.
 *
 * @param form of the parts, anchored, one group each
 * @throws SwaliError `REQUEST_INVALID` for what is no cursor of that list
 */
export function parsePlace(list: string, form: RegExp, cursor: string): readonly string[] {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const [, ...parts] = (text.startsWith(`${list}:`) && form.exec(text.slice(list.length + 1))) || [];
  if (parts.length > 0 && printPlace(list, parts) === cursor) return parts;
  throw new SwaliError('REQUEST_INVALID', { detail: 'cursor: expected next_cursor of an answer before' });
}
