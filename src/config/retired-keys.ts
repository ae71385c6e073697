/** What JWT_RETIRED_KEYS holds. */
export interface RetiredKeys {
  /** PEM, one key each; whether they are usable is judged where they are read. */
  readonly publicKeys: readonly string[];
  readonly secrets: readonly string[];
}

/** Each public key as PEM in a text. */
export const PUBLIC_KEYS = /-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----/g;

/**
 * How the base64 of a public key begins, P-256 or RSA. A public key whose frame is lost must not be taken for a secret:
 * everybody may know it, and so could sign.
 */
const BARE_PUBLIC_KEY = /^(?:MFkwEwYH|MII)/;

/**
 * Reads keys that have signed: public keys as PEM, and old secrets, one a line.
 *
 * @returns null where a line is neither: broken or foreign PEM, or a secret of fewer than 32 characters
 */
export function parseRetiredKeys(text: string): RetiredKeys | null {
  const publicKeys = text.match(PUBLIC_KEYS) ?? [];
  const secrets = text
    .replace(PUBLIC_KEYS, '\n')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const usable = secrets.every((line) => line.length >= 32 && !line.includes('-----') && !BARE_PUBLIC_KEY.test(line));
  return usable ? { publicKeys, secrets } : null;
}
