import { createHash } from 'node:crypto';

/** What a text is told apart by: `sha256:` and hexadecimal digits. */
export function digestText(text: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
