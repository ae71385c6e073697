import type { Found } from './found.js';

/** Longest parts of an address (RFC 5321 §4.5.3.1). */
const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;

/** Ends where it begins: a letter, a digit or a sign that addresses begin with, then anything that needs no quotes. */
const LOCAL = /[\p{L}\p{N}_+](?:[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_`{|}~-]*[\p{L}\p{M}\p{N}_+~-])?$/u;
const DOMAIN = /^\p{L}?[\p{L}\p{M}\p{N}-]*(?:\.[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?)+/u;

/** Finds e-mail addresses, by their `@`; linear in the text. */
export function findEmails(text: string): readonly Found[] {
  const found: Found[] = [];
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const local = LOCAL.exec(lastWord(text.slice(Math.max(0, at - LONGEST_LOCAL), at)));
    const domain = DOMAIN.exec(text.slice(at + 1, at + 1 + LONGEST_DOMAIN));
    if (!local || !domain) continue;
    found.push({ kind: 'Email', start: at - local[0].length, end: at + 1 + domain[0].length });
  }
  return found;
}

/** What stands behind the last character that no address holds. */
function lastWord(text: string): string {
  const characters = /[^\p{L}\p{M}\p{N}.!#$%&'*+/=?^_`{|}~-]/gu;
  let from = 0;
  for (const match of text.matchAll(characters)) from = match.index + match[0].length;
  return text.slice(from).replace(/^[^\p{L}\p{N}_+]+/u, '');
}
