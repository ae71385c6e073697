import type { Clock } from '../../domain/ports.js';
import type { Store } from '../../store/store.js';
import { isDuplicateKey } from '../../store/store-error.js';
import { digestParts } from '../digest.js';

/** How long an id is remembered, in milliseconds: longer than anything of its age is still accepted. */
const REMEMBERED_MS = 3_600_000;

/** Knows what was taken once: assertions and logout tokens. In the store, so that replicas share it. */
export interface Replays {
  /** @returns false where the id came before. @throws SwaliError `STORE_UNAVAILABLE` */
  takeOnce(provider: string, issuer: string, id: string): Promise<boolean>;
}

/** Ids are kept for an hour; each that is taken forgets those that are older. */
export function createReplays({ store, clock }: { readonly store: Store; readonly clock: Clock }): Replays {
  return Object.freeze({
    async takeOnce(provider, issuer, id) {
      const now = clock();
      const digest = digestParts('swali replay', provider, issuer, id);
      // By itself: its failing fails nobody's sign-in.
      await store
        .run((db) => db.deleteFrom('sso_replays').where('expires_at', '<=', now).execute())
        .catch(() => undefined);
      try {
        await store.run((db) =>
          db
            .insertInto('sso_replays')
            .values({ digest, expires_at: now + REMEMBERED_MS })
            .execute(),
        );
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },
  } satisfies Replays);
}
