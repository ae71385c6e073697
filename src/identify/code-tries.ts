import type { Clock } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { Account } from './find-account.js';

/** Wrong codes in a row after which tries have to wait. */
export const FREE_TRIES = 5;

/** The first wait, in seconds; each further wrong code doubles it. */
const FIRST_WAIT_S = 30;

/** The longest wait, in seconds: one day. */
const LONGEST_WAIT_S = 86_400;

/** By so much the clocks of replicas may differ, in milliseconds. */
const CLOCKS_DIFFER_MS = 300_000;

/** How often a try is counted anew because another one of the same account came between. */
const MAX_ATTEMPTS = 20;

/**
 * How long tries wait after so many wrong codes in a row, in seconds: 30, doubling to a day (NIST SP 800-63B-4 §3.2.2).
 * Whoever has the password and guesses gets some 16 tries on the first day and one on each day after, with three codes of
 * a million open at a time. A right code of the owner's in between begins the count anew.
 */
export function waitAfter(wrongCodes: number): number {
  return wrongCodes < FREE_TRIES ? 0 : Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (wrongCodes - FREE_TRIES));
}

/**
 * Takes one try of an account before its code is looked at: it counts as wrong until the right code sets the count back.
 * So tries that come at once, over whichever replicas, are counted one by one and never are more than allowed.
 *
 * @param seed which one the code is to be compared with
 * @returns that seed, encrypted as it is stored; null where the account has none, and then no try is taken
 * @throws SwaliError `RATE_LIMITED` while tries have to wait, `STORE_UNAVAILABLE`
 */
export async function takeTry(
  store: Store,
  clock: Clock,
  { kind, id }: Pick<Account, 'kind' | 'id'>,
  seed: 'secret' | 'pending_secret',
): Promise<string | null> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const factor = await store.run((db) =>
      db
        .selectFrom('second_factors')
        .selectAll()
        .where('kind', '=', kind)
        .where('account_id', '=', id)
        .executeTakeFirst(),
    );
    const text = factor?.[seed] ?? null;
    if (!factor || text === null) return null;
    const now = clock();
    // A wait that is longer than any that was set is from before the clock was put back; it would last as long as the clock went.
    const longestMs = waitAfter(factor.wrong_codes) * 1000 + CLOCKS_DIFFER_MS;
    if (factor.locked_until > now && factor.locked_until - now <= longestMs) {
      throw new SwaliError('RATE_LIMITED', { retryAfterS: Math.ceil((factor.locked_until - now) / 1000) });
    }
    const wrongCodes = factor.wrong_codes + 1;
    const waitMs = waitAfter(wrongCodes) * 1000;
    const { numUpdatedRows } = await store.run((db) =>
      db
        .updateTable('second_factors')
        .set({ wrong_codes: wrongCodes, locked_until: waitMs === 0 ? 0 : now + waitMs })
        .where('kind', '=', kind)
        .where('account_id', '=', id)
        .where('wrong_codes', '=', factor.wrong_codes)
        .where('locked_until', '=', factor.locked_until)
        .executeTakeFirst(),
    );
    if (numUpdatedRows === 1n) return text;
  }
  throw new SwaliError('RATE_LIMITED', { retryAfterS: 1 });
}
