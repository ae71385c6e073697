import type { Found } from './found.js';

const IBAN_START = /(?<![\p{L}\p{N}_])[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,40}/gu;
const IBAN_FEWEST = 15;
const IBAN_MOST = 34;

/** Of the United States: area, group and serial number, none of them of noughts. */
const SOCIAL_SECURITY =
  /(?<![\p{L}\p{N}_.-])(?!000|666|9\d\d)\d{3}([ -])(?!00)\d{2}\1(?!0000)\d{4}(?![\p{L}\p{N}_]|[.-]\p{N})/gu;

/** Finds numbers of bank accounts (ISO 13616): with blanks or without, the check digits right. */
export function findIbans(text: string): readonly Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(IBAN_START)) {
    const end = ibanEnd(match[0]);
    if (end !== null) found.push({ kind: 'Iban', start: match.index, end: match.index + end });
  }
  return found;
}

/** Where it ends, if it does at a blank or at the end: what follows may be the next word. */
function ibanEnd(text: string): number | null {
  for (let end = text.length; end > 0; end = text.lastIndexOf(' ', end - 1)) {
    const compact = text.slice(0, end).replaceAll(' ', '').toUpperCase();
    if (compact.length < IBAN_FEWEST) return null;
    if (compact.length <= IBAN_MOST && isIban(compact)) return end;
  }
  return null;
}

function isIban(compact: string): boolean {
  const turned = `${compact.slice(4)}${compact.slice(0, 4)}`;
  const digits = turned.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return BigInt(digits) % 97n === 1n;
}

/** Finds social security numbers of the United States. */
export function findSocialSecurity(text: string): readonly Found[] {
  return [...text.matchAll(SOCIAL_SECURITY)].map((match) => ({
    kind: 'Id',
    start: match.index,
    end: match.index + match[0].length,
  }));
}
