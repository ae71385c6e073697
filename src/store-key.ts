import { keepSecret } from './config/kept-secret.js';
import type { Settings } from './config/settings.js';
import type { Clock } from './domain/ports.js';
import { createSignInAttempts, type SignInAttempts } from './identify/sign-in-attempts.js';
import { createKeptTurns, type KeptTurns } from './store/kept-turns.js';
import { createKeyRing, type KeyRing } from './store/key-ring.js';
import type { Store } from './store/store.js';

/** What keys are read from. */
export interface KeySurroundings {
  readonly settings: Settings;
}

/**
 * The key of what the store keeps, made and kept where none is set outside production.
 *
 * @throws SwaliError `SETTINGS_INVALID` where no key is set and none can be kept
 */
export function readStoreKey({ settings }: KeySurroundings): string {
  return settings.storeKey ?? keepSecret(settings.dataDir, 'store-key');
}

/**
 * The keys that what the store holds is encrypted with: one that encrypts, and those that did before.
 *
 * @throws SwaliError as {@link readStoreKey}, and `SETTINGS_INVALID` for a key that is too short
 */
export function openKeyRing(surroundings: KeySurroundings): KeyRing {
  return createKeyRing({ current: readStoreKey(surroundings), retired: surroundings.settings.storeRetiredKeys });
}

/** What people asked, and their conversations. @throws SwaliError as {@link readStoreKey} */
export function openKeptTurns(surroundings: KeySurroundings & { readonly clock: Clock }, store: Store): KeptTurns {
  const { clock, settings } = surroundings;
  const { conversationTtlS, historyDays } = settings;
  return createKeptTurns({ store, clock, ring: openKeyRing(surroundings), conversationTtlS, historyDays });
}

/** The counts of failed sign-ins that the gateway keeps. @throws SwaliError as {@link readStoreKey} */
export function openSignInAttempts(
  surroundings: KeySurroundings & { readonly clock: Clock },
  store: Store,
): SignInAttempts {
  return createSignInAttempts({ store, clock: surroundings.clock, key: readStoreKey(surroundings) });
}
