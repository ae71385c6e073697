import type { SecretSource } from './config/secret-source.js';
import type { KeptSecrets } from './store/kept-secrets.js';

/** Secrets that the store keeps, as `store:NAME`: those of `swali secrets set`. */
export function createStoreSecretSource(kept: Pick<KeptSecrets, 'read'>): SecretSource {
  return Object.freeze({
    scheme: 'store',
    async read(name: string) {
      const secret = await kept.read(name);
      if (secret === null) throw new Error(`swali secrets set ${name.slice(0, 63)} has not been run`);
      return secret;
    },
  } satisfies SecretSource);
}
