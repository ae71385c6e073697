import { createHmac } from 'node:crypto';

/** Bytes of a salt. */
export const SALT_BYTES = 32;

/** What a digest is of: no text of one kind has the digest of another. */
export type Salted = 'rows' | 'answer' | 'question' | 'text';

/**
 * HMAC-SHA-256 (RFC 2104) keyed by the salt: it binds to the text, and without the salt no text can be tried, however few
 * there may be.
 *
 * @param salt {@link SALT_BYTES} bytes
 * @returns `hmac-sha256:` and base64url
 */
export function digestSalted(salt: Uint8Array, what: Salted, text: string): string {
  const digest = beginSalted(salt, what);
  digest.add(text);
  return digest.end();
}

/** A digest of a text that comes in parts. */
export interface SaltedDigest {
  add(part: string): void;
  /** Once, after the last part. */
  end(): string;
}

/** Begins what {@link digestSalted} does at once. No part may end within a character. */
export function beginSalted(salt: Uint8Array, what: Salted): SaltedDigest {
  const hmac = createHmac('sha256', salt).update(`${what}\n`);
  return {
    add: (part) => void hmac.update(part),
    end: () => `hmac-sha256:${hmac.digest('base64url')}`,
  };
}

/**
 * Reads a salt as answers carry it.
 *
 * @returns null for anything but {@link SALT_BYTES} bytes in their one spelling
 */
export function readSalt(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === SALT_BYTES && bytes.toString('base64url') === text ? bytes : null;
}
