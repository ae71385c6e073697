import type { Store, StoreDatabase } from './store.js';

/** Old rows are looked for this often at most, in each process. */
const SWEEP_EVERY_MS = 60_000;

/**
 * Makes the function that forgets old rows, at most once a minute, so that a table does not grow for ever. It runs by
 * itself, so that its failing fails nobody who waits for it; those of the next minute try again.
 *
 * @param dropOld removes what is old at a time, in milliseconds since 1970
 * @returns a function of the time now that never throws
 */
export function createSweep(
  store: Store,
  dropOld: (db: StoreDatabase, now: number) => Promise<unknown>,
): (now: number) => Promise<void> {
  let sweptAt = Number.NEGATIVE_INFINITY;
  return async (now) => {
    if (now - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = now;
    await store.run((db) => dropOld(db, now)).catch(() => undefined);
  };
}
