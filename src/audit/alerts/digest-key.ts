import { createHmac, hkdfSync } from 'node:crypto';

/** Makes the digests under which alerts keep what they count and remember. */
export type DigestKey = (...parts: readonly string[]) => string;

/**
 * Digests are keyed (HMAC-SHA-256), with a key drawn from the store's (HKDF, RFC 5869): whoever has the tables alone can
 * neither read an address, an agent or a country out of them, nor try some.
 *
 * @param storeKey the same for every replica
 */
export function createDigestKey(storeKey: string): DigestKey {
  const key = Buffer.from(hkdfSync('sha256', storeKey, '', 'swali what alerts remember', 32));
  // As JSON, so that no two lists run into each other.
  return (...parts) => createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex');
}
