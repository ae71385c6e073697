import { hkdfSync } from 'node:crypto';
import { SwaliError } from '../errors/swali-error.js';
import { createKeyRing } from '../store/key-ring.js';
import { openBytes } from '../store/sealed-bytes.js';

/** Of the texts of before there was a ring: AES-256-GCM too, under a key drawn from one STORE_KEY, which they do not name. */
const BEFORE_THE_RING = 'v1.';

/** Keeps seeds unreadable to whoever has the store alone. */
export interface SeedCipher {
  /** @param subject whose seed it is: the text is readable for no other */
  encrypt(seed: Uint8Array, subject: string): string;
  /**
   * @throws SwaliError `INTERNAL` where the text was changed, is another account's, or its key is neither current nor
   *   retired
   */
  decrypt(text: string, subject: string): Buffer;
  /** Whether the text was made with the current key; others should be encrypted anew. */
  isCurrent(text: string): boolean;
}

/**
 * Encrypts seeds with the ring of keys of the store. The subject is additional data, so a row that is copied to another
 * account does not decrypt there. It does not stop an older row of the same account from being put back.
 *
 * @param options.storeKey `STORE_KEY`, 32 characters or more
 * @param options.retiredKeys `STORE_RETIRED_KEYS`; texts of before the ring open with these too
 * @param options.randomBytes source of randomness
 * @throws SwaliError `SETTINGS_INVALID` for a short key
 */
export function createSeedCipher(options: {
  readonly storeKey: string;
  readonly retiredKeys?: readonly string[];
  readonly randomBytes?: (size: number) => Buffer;
}): SeedCipher {
  const { storeKey: current, retiredKeys: retired = [], randomBytes } = options;
  const ring = createKeyRing({ current, retired, ...(randomBytes ? { randomBytes } : {}) });
  return Object.freeze({
    encrypt: (seed, subject) => ring.seal(seed, 'second-factor-seed', subject),
    decrypt(text, subject) {
      if (!text.startsWith(BEFORE_THE_RING)) return ring.open(text, 'second-factor-seed', subject);
      for (const key of [current, ...retired]) {
        const seed = openFromBefore(text, key, subject);
        if (seed) return seed;
      }
      throw new SwaliError('INTERNAL', {
        cause: new Error(`${subject}: the seed of its second factor cannot be decrypted; was STORE_KEY changed?`),
      });
    },
    isCurrent: (text) => ring.isCurrent(text),
  } satisfies SeedCipher);
}

/** @returns null where it does not open with this key */
function openFromBefore(text: string, storeKey: string, subject: string): Buffer | null {
  const key = Buffer.from(hkdfSync('sha256', storeKey, '', 'swali seed of a second factor', 32));
  const bytes = Buffer.from(text.slice(BEFORE_THE_RING.length), 'base64url');
  try {
    return openBytes(key, bytes, subject);
  } catch {
    return null;
  }
}
