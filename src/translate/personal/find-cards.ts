import { type DigitGroup, mayBegin, mayEnd } from './digit-groups.js';
import type { Found } from './found.js';

/** Digits of a payment card (ISO/IEC 7812). */
const FEWEST = 13;
const MOST = 19;

/**
 * Finds numbers of payment cards: 13 to 19 digits, together or in groups with a blank or a dash between, that begin as
 * cards do and whose last digit is right.
 */
export function findCards(text: string, groups: readonly DigitGroup[]): readonly Found[] {
  const found: Found[] = [];
  for (let at = 0; at < groups.length; at += 1) {
    const end = cardEnd(text, groups, at);
    if (end === null) continue;
    found.push({ kind: 'Card', start: groups[at]!.start, end: groups[end]!.end });
    at = end;
  }
  return found;
}

/** Index of the last group of the longest card that begins with a group; null where none does. */
function cardEnd(text: string, groups: readonly DigitGroup[], at: number): number | null {
  const first = groups[at]!;
  if (!/^[2-6]\d{3}/.test(first.digits) || !mayBegin(text, first.start)) return null;
  let digits = '';
  let longest: number | null = null;
  for (let last = at; last < groups.length; last += 1) {
    if (last > at && !/^[ -]$/.test(text.slice(groups[last - 1]!.end, groups[last]!.start))) break;
    digits += groups[last]!.digits;
    if (digits.length > MOST) break;
    if (digits.length >= FEWEST && isLuhn(digits) && mayEnd(text, groups[last]!.end)) longest = last;
  }
  return longest;
}

/** Whether the last digit is the check digit of the others (ISO/IEC 7812-1 annex B). */
function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = digit * 2;
    sum += at % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
