import { hkdfSync } from 'node:crypto';
import { SwaliError } from '../errors/swali-error.js';
import { openBytes, sealBytes } from './sealed-bytes.js';

/** Characters of a secret at least. */
const SECRET_MIN_CHARACTERS = 32;

const KEY_BYTES = 32;

/** In front of every text, so that another way can come beside this one. */
const VERSION = 'v2';

/** What a text is: the key that it is encrypted with is drawn for that alone. */
export type KeyPurpose =
  | 'second-factor-seed'
  | 'kept-secret'
  | 'audit-subject-key'
  | 'kept-translation'
  | 'report'
  | 'question';

/** Keeps what the store holds unreadable to whoever has the store alone. */
export interface KeyRing {
  /**
   * Encrypts with the current key.
   *
   * @param context whose it is, e.g. `admin:3`: the text opens for no other
   * @returns `v2.KEY.TEXT`, base64url
   */
  seal(plain: Uint8Array, purpose: KeyPurpose, context: string): string;
  /**
   * Decrypts with whichever key of the ring it was encrypted with.
   *
   * @throws SwaliError `INTERNAL` where the text was changed, stands in another's place, or its key is not in the ring
   */
  open(text: string, purpose: KeyPurpose, context: string): Buffer;
  /** Whether the text was encrypted with the current key; others should be sealed anew. */
  isCurrent(text: string): boolean;
}

interface RingKey {
  readonly id: string;
  /** The key of a purpose. */
  draw(purpose: KeyPurpose): Buffer;
}

/**
 * Makes the ring: AES-256-GCM, a key of its own for each purpose (HKDF, RFC 5869). The purpose and the context are
 * additional data, so a text that is copied to another row does not open there. An older text of the same place can still
 * be put back.
 *
 * @param options.current secret that encrypts from now on, 32 characters or more
 * @param options.retired secrets that encrypted before and still decrypt
 * @param options.randomBytes source of randomness
 * @throws SwaliError `SETTINGS_INVALID` for a short secret
 */
export function createKeyRing(options: {
  readonly current: string;
  readonly retired?: readonly string[];
  readonly randomBytes?: (size: number) => Buffer;
}): KeyRing {
  const current = toRingKey(options.current);
  const byId = new Map([...(options.retired ?? []).map(toRingKey), current].map((key) => [key.id, key]));
  return Object.freeze({
    seal(plain, purpose, context) {
      const bytes = sealBytes(current.draw(purpose), plain, additionalData(purpose, context), options.randomBytes);
      return `${VERSION}.${current.id}.${bytes.toString('base64url')}`;
    },
    open(text, purpose, context) {
      try {
        const [version, id = '', body = '', ...rest] = text.split('.');
        const key = byId.get(id);
        if (version !== VERSION || rest.length > 0) throw new Error('the text is of no known version');
        if (!key) throw new Error('its key is not in the ring');
        return openBytes(key.draw(purpose), Buffer.from(body, 'base64url'), additionalData(purpose, context));
      } catch (cause) {
        throw new SwaliError('INTERNAL', {
          cause: new Error(
            `${purpose} of ${context} cannot be decrypted; was STORE_KEY changed without keeping the old?`,
            {
              cause,
            },
          ),
        });
      }
    },
    isCurrent: (text) => text.startsWith(`${VERSION}.${current.id}.`),
  } satisfies KeyRing);
}

/** The name of a key tells nothing of its secret: it is drawn like the keys themselves. */
function toRingKey(secret: string): RingKey {
  if (secret.length < SECRET_MIN_CHARACTERS) {
    throw new SwaliError('SETTINGS_INVALID', {
      detail: `STORE_KEY must have ${SECRET_MIN_CHARACTERS} characters at least`,
    });
  }
  const drawn = new Map<KeyPurpose, Buffer>();
  return {
    id: Buffer.from(hkdfSync('sha256', secret, '', 'swali name of a store key', 6)).toString('base64url'),
    draw(purpose) {
      const known = drawn.get(purpose);
      if (known) return known;
      const key = Buffer.from(hkdfSync('sha256', secret, '', `swali key ring: ${purpose}`, KEY_BYTES));
      drawn.set(purpose, key);
      return key;
    },
  };
}

function additionalData(purpose: KeyPurpose, context: string): string {
  return JSON.stringify([purpose, context]);
}
