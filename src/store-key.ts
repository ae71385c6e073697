import { keepSecret } from './config/kept-secret.js';
import type { Surroundings } from './gateway.js';
import { createSignInAttempts, type SignInAttempts } from './identify/sign-in-attempts.js';
import { createKeyRing, type KeyRing } from './store/key-ring.js';
import type { Store } from './store/store.js';

/**
 * The key of what the store keeps, made and kept where none is set outside production.
 *
 * @throws SwaliError `SETTINGS_INVALID` where no key is set and none can be kept
 */
export function readStoreKey({ settings }: Pick<Surroundings, 'settings'>): string {
  return settings.storeKey ?? keepSecret(settings.dataDir, 'store-key');
}

/**
 * The keys that what the store holds is encrypted with: one that encrypts, and those that did before.
 *
 * @throws SwaliError as {@link readStoreKey}, and `SETTINGS_INVALID` for a key that is too short
 */
export function openKeyRing(surroundings: Pick<Surroundings, 'settings'>): KeyRing {
  return createKeyRing({ current: readStoreKey(surroundings), retired: surroundings.settings.storeRetiredKeys });
}

/** The counts of failed sign-ins that the gateway keeps. @throws SwaliError as {@link readStoreKey} */
export function openSignInAttempts(surroundings: Surroundings, store: Store): SignInAttempts {
  return createSignInAttempts({ store, clock: surroundings.clock, key: readStoreKey(surroundings) });
}
