import { SwaliError } from '../errors/swali-error.js';

/** Items of a list that an account has, where nothing is said, and at most. */
const ITEMS = { usual: 50, most: 200 };

/** `--limit` of a command that lists what an account has. */
export const LIMIT = ['--limit <n>', `at most so many, 1 to ${ITEMS.most}`, String(ITEMS.usual)] as const;

/** @throws SwaliError `REQUEST_INVALID` for anything but a whole number within the bounds */
export function readLimit(text: string): number {
  const limit = /^[1-9]\d{0,2}$/.test(text) ? Number(text) : Number.NaN;
  if (limit <= ITEMS.most) return limit;
  throw new SwaliError('REQUEST_INVALID', { detail: `--limit: expected a whole number from 1 to ${ITEMS.most}` });
}
