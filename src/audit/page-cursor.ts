import { SwaliError } from '../errors/swali-error.js';

/** What stands before the number, so that a cursor of another kind is not taken for one. */
const MARK = 'audit:';

/** The last record of a page as callers hand it back: opaque to them, and nothing that they could not see anyway. */
export function printCursor(id: number): string {
  return Buffer.from(`${MARK}${id}`).toString('base64url');
}

/**
 * The record that a page goes on after. It stays right while records arrive, as new ones come before the first page.
 *
 * @throws SwaliError `REQUEST_INVALID` for what is no cursor
 */
export function parseCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const id = Number(new RegExp(`^${MARK}([1-9]\\d{0,14})$`).exec(text)?.[1]);
  if (Number.isSafeInteger(id) && printCursor(id) === cursor) return id;
  throw new SwaliError('REQUEST_INVALID', { detail: 'cursor: expected next_cursor of an answer before' });
}
