import { SwaliError } from '../errors/swali-error.js';

/** How much a list shows where nothing is said, and at most. */
export interface Limits {
  readonly usual: number;
  /** Below 10 000. */
  readonly most: number;
}

/** Of what an account has. */
export const OWN_ITEMS: Limits = { usual: 50, most: 200 };

/** `--limit` of a command that lists. @param what is listed, in the plural */
export const limitOption = (what: string, { usual, most }: Limits) =>
  ['--limit <n>', `${what} at most, 1 to ${most}`, String(usual)] as const;

/** @throws SwaliError `REQUEST_INVALID` for anything but a whole number within the bounds */
export function readLimit(text: string | undefined, { most }: Limits): number {
  const limit = /^[1-9]\d{0,3}$/.test(text ?? '') ? Number(text) : Number.NaN;
  if (limit <= most) return limit;
  throw new SwaliError('REQUEST_INVALID', { detail: `limit: expected a whole number from 1 to ${most}` });
}
