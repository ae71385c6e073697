/** Longest wait that a receiver may ask for, in milliseconds. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/** How deliveries are tried again. Milliseconds. */
export interface RetryTimes {
  readonly first_retry: number;
  readonly longest_retry: number;
}

/**
 * When to try again: the wait doubles with each failure up to a bound, and a half of it is drawn by lot, so that many
 * deliveries that failed together do not come back together. A receiver that asks for more time gets it.
 *
 * @param failures so far, 1 or more
 * @param random within 0 and 1
 * @returns milliseconds from now
 */
export function nextWaitMs(
  times: RetryTimes,
  failures: number,
  retryAfterMs: number | null,
  random: () => number,
): number {
  const full = Math.min(times.longest_retry, times.first_retry * 2 ** Math.min(failures - 1, 30));
  return Math.ceil(Math.max(full / 2 + (full / 2) * random(), retryAfterMs ?? 0));
}

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
 *
 * @returns milliseconds from now, a day at most; null where it says nothing that can be read
 */
export function parseRetryAfter(text: string | undefined, now: number): number | null {
  if (text === undefined) return null;
  const ms = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : /^[A-Z][a-z]{2}, /.test(text)
      ? Date.parse(text) - now
      : Number.NaN;
  return Number.isNaN(ms) ? null : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms));
}
