import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { SwaliError } from '../errors/swali-error.js';

const ALGORITHM = 'aes-256-gcm';

/** Characters of a key at least. */
const KEY_MIN_CHARACTERS = 32;

/** Bytes of a nonce (NIST SP 800-38D §8.2): random, as one key encrypts far fewer than 2^32 seeds. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** In front of every text, so that another way can come beside this one. */
const VERSION = 'v1.';

/** Keeps seeds unreadable to whoever has the store alone. */
export interface SeedCipher {
  /** @param subject whose seed it is: the text is readable for no other */
  encrypt(seed: Uint8Array, subject: string): string;
  /** @throws SwaliError `INTERNAL` where the text was changed, is another account's, or was made with another key */
  decrypt(text: string, subject: string): Buffer;
}

/**
 * Encrypts seeds with AES-256-GCM. The subject is additional data, so a row that is copied to another account does not
 * decrypt there. It does not stop an older row of the same account from being put back.
 *
 * @param options.storeKey `STORE_KEY`, 32 characters or more; the key itself is drawn from it by HKDF (RFC 5869)
 * @param options.randomBytes source of randomness
 * @throws SwaliError `SETTINGS_INVALID` for a short key
 */
export function createSeedCipher(options: {
  readonly storeKey: string;
  readonly randomBytes?: (size: number) => Buffer;
}): SeedCipher {
  if (options.storeKey.length < KEY_MIN_CHARACTERS) {
    throw new SwaliError('SETTINGS_INVALID', {
      detail: `STORE_KEY must have ${KEY_MIN_CHARACTERS} characters at least`,
    });
  }
  const random = options.randomBytes ?? randomBytes;
  const key = Buffer.from(hkdfSync('sha256', options.storeKey, '', 'swali seed of a second factor', 32));
  return Object.freeze({
    encrypt(seed, subject) {
      const nonce = random(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(subject));
      const bytes = [nonce, cipher.update(seed), cipher.final(), cipher.getAuthTag()];
      return VERSION + Buffer.concat(bytes).toString('base64url');
    },
    decrypt(text, subject) {
      try {
        if (!text.startsWith(VERSION)) throw new Error('the text is of no known version');
        const bytes = Buffer.from(text.slice(VERSION.length), 'base64url');
        const nonce = bytes.subarray(0, NONCE_BYTES);
        const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(subject))
          .setAuthTag(bytes.subarray(-TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      } catch (cause) {
        throw new SwaliError('INTERNAL', {
          cause: new Error(`${subject}: the seed of its second factor cannot be decrypted; was STORE_KEY changed?`, {
            cause,
          }),
        });
      }
    },
  } satisfies SeedCipher);
}
