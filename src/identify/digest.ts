import { createHash } from 'node:crypto';

/**
 * What the store keeps of a secret that was drawn at random: sha256, hexadecimal. With 112 bits of randomness or more a plain
 * digest cannot be guessed back; one of what a person chose could.
 */
export function digestSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** One key for several texts: sha256 over them as JSON, hexadecimal, so that no two lists run into each other. */
export function digestParts(...parts: readonly string[]): string {
  return digestSecret(JSON.stringify(parts));
}
