import { keepSecret } from './config/kept-secret.js';
import type { Surroundings } from './gateway.js';
import { createSignInAttempts, type SignInAttempts } from './identify/sign-in-attempts.js';
import type { Store } from './store/store.js';

/**
 * The key of what the store keeps, made and kept where none is set outside production.
 *
 * @throws SwaliError `SETTINGS_INVALID` where no key is set and none can be kept
 */
export function readStoreKey({ settings }: Pick<Surroundings, 'settings'>): string {
  return settings.storeKey ?? keepSecret(settings.dataDir, 'store-key');
}

/** The counts of failed sign-ins that the gateway keeps. @throws SwaliError as {@link readStoreKey} */
export function openSignInAttempts(surroundings: Surroundings, store: Store): SignInAttempts {
  return createSignInAttempts({ store, clock: surroundings.clock, key: readStoreKey(surroundings) });
}
