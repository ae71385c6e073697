import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';

/** Bytes of a nonce (NIST SP 800-38D §8.2): random, as one key encrypts far fewer than 2^32 texts. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts with AES-256-GCM.
 *
 * @param key 32 bytes
 * @param additionalData what the bytes belong to: they open for nothing else
 * @param random source of randomness
 * @returns nonce, text and tag, one behind the other
 */
export function sealBytes(
  key: Buffer,
  plain: Uint8Array | string,
  additionalData: string,
  random: (size: number) => Buffer = randomBytes,
): Buffer {
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(
    Buffer.from(additionalData),
  );
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Decrypts what {@link sealBytes} made.
 *
 * @throws Error where the key or the additional data are others, or the bytes are not what was made
 */
export function openBytes(key: Buffer, bytes: Buffer, additionalData: string): Buffer {
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(additionalData))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
