import type { Store } from '../store/store.js';
import { USE_STEP_MS } from './session-life.js';

/**
 * Makes the function that notes that a session was used, at most once a minute. It returns at once and never throws:
 * the request that it belongs to neither waits for the write nor fails with it. A write that fails is tried again at
 * the next use; should none succeed, the session ends as idle, too early rather than too late.
 *
 * @returns a function of the session's id, the last use that is on record and the time now, in milliseconds since 1970
 */
export function createNoteUse(store: Store): (id: string, lastUsedAt: number, now: number) => void {
  // Requests that come together all read the old time: one of them writes.
  const writing = new Set<string>();
  return (id, lastUsedAt, now) => {
    if (now - lastUsedAt < USE_STEP_MS || writing.has(id)) return;
    writing.add(id);
    void store
      .run((db) =>
        db
          .updateTable('sessions')
          .set({ last_used_at: now })
          .where('id', '=', id)
          // Another process may have noted a later use.
          .where('last_used_at', '<', now)
          .execute(),
      )
      .catch(() => undefined)
      .finally(() => writing.delete(id));
  };
}
