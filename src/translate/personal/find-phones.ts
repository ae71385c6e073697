import { chainFrom, type DigitGroup, mayBegin, mayEnd } from './digit-groups.js';
import type { Found } from './found.js';

/** Most digits of a number with its country (ITU-T E.164). */
const MOST_DIGITS = 15;

/** Words that announce a phone number, in some languages; `number`, `is` and the like may stand between. */
const CUE =
  /\b(?:(?:tele)?phone|tel|call(?:s|ed|er|ing)?|mobile|cell(?:ular)?|whats ?app|sms|texted|fax|msisdn|simu|telefon[oe]?|téléphone|teléfono|móvil|handy|celular)(?:\s*(?:number|numbers|no|nr|num|namba|ya|nummer|numéro|número|is|was|from|ends in|=|:|#|\.))*\s*["'(]?\+?\(?$/iu;

/** What announces another number, or an amount. */
const OTHER_CUE =
  /(?:#|\b(?:orders?|invoices?|receipts?|tickets?|tracking|references?|ref|sku|serial|batch|lot|id|ids|no|nr|number|numbers|account|code|ean|isbn|barcode|over|under|above|below|than|least|most|exceed(?:s|ing)?|between|and|to|limit|top|usd|eur|gbp|kes|ksh|tzs|ugx)\b|[$€£¥<>=])\s*[.:]?\s*["']?$/iu;

/** What follows an amount. */
const UNIT_BEHIND =
  /^\s*(?:%|[$€£¥]|(?:usd|eur|gbp|kes|ksh|tzs|ugx|dollars?|euros?|shillings?|pounds?|units?|pieces|points)\b)/iu;

const DATE = /^(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?!\d)/;
const NORTH_AMERICAN = /^(?:1[ .-]?)?\(?[2-9]\d{2}(?:\)[ .-]?|[ .-])\d{3}[ .-]\d{4}$/;

/**
 * Finds phone numbers: with `+` or `00` and the country, with the leading zero of a trunk, in the North American form, after a
 * word that announces one, and bare where there are 10 to 15 digits and nothing says that they are an order, a reference or
 * an amount. Years, dates, times, decimals and shorter numbers alone are none.
 *
 * @remarks What is taken for a number and is none does no harm: it comes back in the statement.
 */
export function findPhones(text: string, groups: readonly DigitGroup[]): readonly Found[] {
  const found: Found[] = [];
  for (let at = 0; at < groups.length; at += 1) {
    const start = startOf(text, groups[at]!);
    if (!mayBegin(text, start)) continue;
    const count = countGroups(text, groups, at, start);
    if (count === 0) continue;
    found.push({ kind: 'Phone', start, end: groups[at + count - 1]!.end });
    at += count - 1;
  }
  return found;
}

/** A sign in front belongs to the number; so does a bracket that is closed behind the first group. */
function startOf(text: string, { start, end }: DigitGroup): number {
  const sign = /(?:\+ ?\(?|\(\+?)$/.exec(text.slice(Math.max(0, start - 3), start))?.[0] ?? '';
  return start - (text[end] === ')' ? sign : sign.replace(/^\(/, '')).length;
}

/** How many groups from one on make a phone number; 0 where none do. */
function countGroups(text: string, groups: readonly DigitGroup[], at: number, start: number): number {
  const chain = chainFrom(text, groups, at);
  const [first] = chain;
  if (DATE.test(text.slice(start))) return 0;
  const isInternational = text.slice(start, first!.start).includes('+');
  if (isInternational) return takeDigits(text, chain, 8, MOST_DIGITS);
  if (/^00[1-9]/.test(first!.digits)) return takeDigits(text, chain, 10, MOST_DIGITS + 2);
  if (/^0[1-9]/.test(first!.digits)) return takeTrunk(text, chain);
  for (const count of [3, 4].filter((each) => each <= chain.length)) {
    const end = chain[count - 1]!.end;
    if (NORTH_AMERICAN.test(text.slice(start, end)) && mayEnd(text, end)) return count;
  }
  const before = text.slice(Math.max(0, start - 60), start);
  if (CUE.test(before)) return takeDigits(text, chain, 6, MOST_DIGITS);
  const isBare = first!.digits.length >= 10 && first!.digits.length <= MOST_DIGITS && mayEnd(text, first!.end);
  return isBare && !OTHER_CUE.test(before) && !UNIT_BEHIND.test(text.slice(first!.end)) ? 1 : 0;
}

/** As many groups as there are digits for. */
function takeDigits(text: string, chain: readonly DigitGroup[], fewest: number, most: number): number {
  let digits = 0;
  let taken = 0;
  for (const [index, group] of chain.entries()) {
    digits += group.digits.length;
    if (digits > most) break;
    if (digits >= fewest && mayEnd(text, group.end)) taken = index + 1;
  }
  return taken;
}

/** 9 to 13 digits with the trunk's zero; once there are enough, only pairs go on: `01 23 45 67 89`. */
function takeTrunk(text: string, chain: readonly DigitGroup[]): number {
  let digits = 0;
  for (const [index, group] of chain.entries()) {
    digits += group.digits.length;
    if (digits > 13) return 0;
    const next = chain[index + 1];
    const goesOn = next !== undefined && group.digits.length === 2 && next.digits.length === 2 && digits < 11;
    if (digits >= 9 && !goesOn) return mayEnd(text, group.end) ? index + 1 : 0;
  }
  return 0;
}
