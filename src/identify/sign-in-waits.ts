import type { SignInAttemptTable } from '../store/tables.js';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** How the wait before the next try grows with failures. */
export interface WaitRule {
  /** The failure after which the first wait comes, of one second. */
  readonly failures: number;
  /** Each wait is so many times the one before. */
  readonly growth: number;
  readonly longestMs: number;
}

/*
 * NIST SP 800-63B-4 §3.2.2 asks for a limit on consecutive failures and names growing waits as a way; OWASP ASVS 5
 * §6.3.1 asks that the limit cannot be used to lock an owner out. So nothing here locks for good: waits grow, and the
 * one that strangers can cause for others is short. The numbers are ours.
 */

/** One account from one address: five slips are free, then 1 s, 2 s, 4 s … About 110 tries on the first day. */
export const PAIR_RULE: WaitRule = { failures: 5, growth: 2, longestMs: 15 * MINUTE_MS };

/** One account from everywhere: what many addresses together may try, about 1 500 a day; the owner waits a minute at most. */
export const ACCOUNT_RULE: WaitRule = { failures: 10, growth: 1.25, longestMs: MINUTE_MS };

/** One address over all accounts, within {@link ADDRESS_WINDOW_MS}: an office behind one address slips too. */
export const ADDRESS_RULE: WaitRule = { failures: 30, growth: 2, longestMs: 15 * MINUTE_MS };

/** Failures of an address are counted anew after this time; once it waits, after as long a time without a try. */
export const ADDRESS_WINDOW_MS = 15 * MINUTE_MS;

/** Failures of a pair or an account are forgotten so long after the last one. */
export const FAILURES_KEPT_MS = DAY_MS;

/** How long an account is judged by its own pair alone at an address from which it signed in. */
export const KNOWN_ADDRESS_MS = 30 * DAY_MS;

/** By so much the clocks of replicas may differ, in milliseconds. What is further ahead was written before a clock was put back. */
export const CLOCKS_DIFFER_MS = 5 * MINUTE_MS;

/** The rule of each scope that counts. */
export const RULES = { pair: PAIR_RULE, account: ACCOUNT_RULE, address: ADDRESS_RULE } as const;

/** Key of {@link RULES}. */
export type Counted = keyof typeof RULES;

/** What is kept of one scope: a count, or that the account knows the address. */
export type AttemptRow = SignInAttemptTable;

/** Milliseconds until the next try; 0 where it may be now. */
export function waitOf(rows: readonly AttemptRow[], now: number): number {
  const isKnown = rows.some(({ scope, last_at }) => scope === 'known' && now - last_at < KNOWN_ADDRESS_MS);
  const judging = isKnown ? rows.filter(({ scope }) => scope === 'pair') : rows;
  return Math.max(0, ...judging.map((row) => row.blocked_until - now));
}

/** Whether a row was written before the clock was put back: counted by the new time, its wait would last as long as the clock went. */
export function isOfFuture(row: AttemptRow, now: number): boolean {
  return row.last_at > now + CLOCKS_DIFFER_MS;
}

/** The row as it would have been written now: what it still makes wait is as long as it was. */
export function bringBack(row: AttemptRow, now: number): AttemptRow {
  const by = row.last_at - now;
  return { ...row, last_at: now, first_at: row.first_at - by, blocked_until: Math.max(0, row.blocked_until - by) };
}

/** Whether the failures of a row no longer count. */
export function isOver(row: AttemptRow, now: number): boolean {
  if (row.scope !== 'address') return now - row.last_at >= FAILURES_KEPT_MS;
  return now - (row.failures < ADDRESS_RULE.failures ? row.first_at : row.blocked_until) >= ADDRESS_WINDOW_MS;
}

/** The wait after so many failures, in milliseconds: whole seconds, as Retry-After tells them. */
export function waitAfter(rule: WaitRule, failures: number): number {
  if (failures < rule.failures) return 0;
  return Math.min(rule.longestMs, SECOND_MS * Math.ceil(rule.growth ** (failures - rule.failures)));
}
