import type { Kysely, Transaction } from 'kysely';
import type { Backoff } from '../domain/ports.js';
import { readTransient, type Transient } from './store-rules.js';
import type { StoreTables } from './tables.js';

/** How often a transaction is tried, by why it did not come to its end. What has already waited for seconds is not tried often. */
const MOST_TRIES: Readonly<Record<Transient, number>> = { deadlock: 6, 'lock-wait': 2, busy: 3, lost: 2 };

/** What a transaction says of itself. */
export interface TransactionOptions {
  /**
   * Whether it may take effect twice without harm. Then it is run again also where the connection broke during COMMIT, when
   * nobody can know whether it took effect.
   */
  readonly idempotent?: boolean;
}

/** How far a transaction came. */
type Phase = 'begin' | 'work' | 'commit';

/**
 * Runs work in a transaction, and again after a pause where a deadlock, a lock or a broken connection ended it. Before each
 * further try the whole of it has been rolled back: by the server, by ROLLBACK, or with its connection.
 *
 * @param attempt runs one try; here each goes through the breaker
 * @throws the error that ended the last try
 */
export async function runTransaction<T>(
  db: Kysely<StoreTables>,
  work: (transaction: Transaction<StoreTables>) => Promise<T>,
  { idempotent = false }: TransactionOptions,
  backoff: Backoff,
  attempt: (run: () => Promise<T>) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    let phase: Phase = 'begin';
    try {
      return await attempt(() =>
        runOnce(db, work, (reached) => {
          phase = reached;
        }),
      );
    } catch (error) {
      const reason = readTransient(error);
      if (reason === null || tries >= MOST_TRIES[reason]) throw error;
      if (!mayRunAgain(reason, phase, idempotent)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, backoff(tries)));
  }
}

function mayRunAgain(reason: Transient, phase: Phase, idempotent: boolean): boolean {
  // The driver has already waited for its turn to begin, for as long as it may.
  if (reason === 'busy') return phase !== 'begin';
  return reason !== 'lost' || phase !== 'commit' || idempotent;
}

async function runOnce<T>(
  db: Kysely<StoreTables>,
  work: (transaction: Transaction<StoreTables>) => Promise<T>,
  reach: (phase: Phase) => void,
): Promise<T> {
  let failure: { readonly error: unknown } | null = null;
  try {
    return await db.transaction().execute(async (transaction) => {
      reach('work');
      try {
        const result = await work(transaction);
        reach('commit');
        return result;
      } catch (error) {
        failure = { error };
        throw error;
      }
    });
  } catch (error) {
    // Where rolling back fails too, kysely throws that instead of what came first.
    throw failure === null ? error : (failure as { readonly error: unknown }).error;
  }
}
