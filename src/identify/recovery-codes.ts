import { digestSecret } from './digest.js';

/** Codes that one account has at a time. */
export const RECOVERY_CODES = 10;

/**
 * Characters of a code, of 5 bits each: 120 bits, so that a plain digest of it cannot be guessed back (OWASP ASVS 5 §6.5.2
 * asks for 112).
 */
const CHARACTERS = 24;
const GROUP = 4;

/** Crockford's base 32: nothing that is taken for something else. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * Makes one code, e.g. `7k3m-x0qa-9f2d-hw5t-c8rj-40yb`.
 *
 * @param randomBytes source of randomness
 */
export function makeRecoveryCode(randomBytes: (size: number) => Buffer): string {
  const characters = [...randomBytes(CHARACTERS)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return characters.replaceAll(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&-');
}

/** What is kept of a code: sha256, hexadecimal. Grouping and case do not matter, nor do `o` for 0, `i` and `l` for 1. */
export function digestRecoveryCode(code: string): string {
  const plain = code.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1');
  return digestSecret(plain);
}
