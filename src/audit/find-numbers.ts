/** A part of a text: from the first index to the one before the second. */
export type Span = readonly [start: number, end: number];

/** Digits of a payment card (ISO/IEC 7812). */
const CARD_DIGITS = { min: 13, max: 19 };

/** With which digits cards of each length begin; 16 and longer ones with 2 to 6. A 1 would be the time in milliseconds. */
const FIRST_DIGITS: Readonly<Record<number, string>> = { 13: '456', 14: '356', 15: '356' };

/** Between the groups of a card's digits, and of an IBAN: one of these, or two. */
const SEPARATOR = /^[ \t\u00a0\u2007\u202f\u2010-\u2015\u2212.\-_]$/;

const DIGEST_CHARACTERS = 32;

/** First code points of ten digits each: ASCII, Arabic-Indic, its eastern form, full width. */
const ZEROS = [0x30, 0x660, 0x6f0, 0xff10];

interface Group {
  readonly start: number;
  readonly end: number;
  readonly digits: string;
}

/** The digit that a UTF-16 unit stands for; null for all else. */
function digitOf(unit: number): number | null {
  const zero = ZEROS.find((each) => unit >= each && unit <= each + 9);
  return zero === undefined ? null : unit - zero;
}

function isWordUnit(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /[\p{L}\p{N}]/u.test(text[at] as string);
}

/**
 * Card numbers in a text: 13 to 19 digits that begin as cards do and pass the Luhn test, written in one piece or in groups of
 * at least three digits, the first ones of four or more, with one or two separators between. Dates and times in a row have
 * shorter groups.
 *
 * @remarks O(length): each group is tried with the six after it at most
 */
export function findCardNumbers(text: string): readonly Span[] {
  const spans: Span[] = [];
  const groups = readGroups(text);
  for (let at = 0; at < groups.length; at += 1) {
    const length = countCardGroups(text, groups, at);
    if (length === 0) continue;
    const last = at + length - 1;
    spans.push([(groups[at] as Group).start, (groups[last] as Group).end]);
    at = last;
  }
  return spans;
}

/** How many groups from one on are a card, the most that are; 0 where none are. */
function countCardGroups(text: string, groups: readonly Group[], at: number): number {
  let digits = '';
  let found = 0;
  for (let to = at; to < groups.length; to += 1) {
    const group = groups[to] as Group;
    const before = groups[to - 1];
    if (to > at && (!before || !isJoined(text, before.end, group.start) || before.digits.length < 4)) break;
    if (to > at && group.digits.length < 3) break;
    digits += group.digits;
    if (digits.length > CARD_DIGITS.max) break;
    if (isCard(digits)) found = to - at + 1;
  }
  const { start } = groups[at] as Group;
  return found > 0 && isInDigest(text, start, (groups[at + found - 1] as Group).end) ? 0 : found;
}

/** Whether digits are a part of 32 hexadecimal characters or more, as digests are and words are not. */
function isInDigest(text: string, start: number, end: number): boolean {
  const isHex = (at: number) => /[0-9a-f]/i.test(text[at] ?? '');
  let [from, to] = [start, end];
  while (to - from < DIGEST_CHARACTERS && isHex(from - 1)) from -= 1;
  while (to - from < DIGEST_CHARACTERS && isHex(to)) to += 1;
  return to - from >= DIGEST_CHARACTERS;
}

function readGroups(text: string): readonly Group[] {
  const groups: Group[] = [];
  for (let at = 0; at < text.length; ) {
    const start = at;
    let digits = '';
    for (; at < text.length; at += 1) {
      const digit = digitOf(text.charCodeAt(at));
      if (digit === null) break;
      digits += digit;
    }
    if (digits === '') at += 1;
    else groups.push({ start, end: at, digits });
  }
  return groups;
}

function isJoined(text: string, end: number, start: number): boolean {
  const between = text.slice(end, start);
  return between.length <= 2 && [...between].every((each) => SEPARATOR.test(each));
}

function isCard(digits: string): boolean {
  if (digits.length < CARD_DIGITS.min || digits.length > CARD_DIGITS.max) return false;
  return (FIRST_DIGITS[digits.length] ?? '23456').includes(digits[0] as string) && passesLuhn(digits);
}

/** ISO/IEC 7812-1, annex B. Nothing but zeros passes too, and is no card. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    const weighed = at % 2 === 1 ? digit * 2 : digit;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}

/** Lengths of the IBANs of each country (SWIFT IBAN registry). */
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'NO15 BE16 DK18 FI18 FK18 FO18 GL18 NL18 SD18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 MN20 XK20',
    'CH21 HR21 LI21 LV21 BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 OM23 SO23 TL23',
    'AD24 CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24 TN24 VG24 LY25 PT25 ST25 IS26 TR26 BI27 DJ27 FR27 GR27 IT27 MC27 MR27 SM27',
    'AL28 AZ28 BY28 CY28 DO28 GT28 HN28 HU28 LB28 NI28 PL28 BR29 EG29 PS29 QA29 UA29 JO30 KW30 MU30 YE30 MT31 SC32 LC32 RU33',
  ].flatMap((line) => line.split(' ').map((each) => [each.slice(0, 2), Number(each.slice(2))])),
);

/** Where an IBAN may begin: a country and two check digits, at the beginning of a word. */
const IBAN_START = /(?<![\p{L}\p{N}])([A-Za-z]{2})[ -]?\d{2}/gu;

/**
 * International bank account numbers (ISO 13616) in a text, in one piece or in groups: of a known country, of its length, and
 * right by its check digits.
 *
 * @remarks O(length): each beginning is read for 33 characters and what separates them
 */
export function findIbans(text: string): readonly Span[] {
  const spans: Span[] = [];
  for (const { index, 1: country } of text.matchAll(IBAN_START)) {
    if (index < (spans.at(-1)?.[1] ?? 0)) continue;
    const end = readIban(text, index, IBAN_LENGTHS[(country as string).toUpperCase()] ?? 0);
    if (end !== null) spans.push([index, end]);
  }
  return spans;
}

function readIban(text: string, start: number, length: number): number | null {
  let letters = '';
  let at = start;
  for (; at < text.length && letters.length < length; at += 1) {
    const unit = text[at] as string;
    if (/[A-Za-z0-9]/.test(unit)) letters += unit.toUpperCase();
    else if (!SEPARATOR.test(unit) || SEPARATOR.test(text[at - 1] as string)) return null;
  }
  return length > 0 && letters.length === length && !isWordUnit(text, at) && passesMod97(letters) ? at : null;
}

/** ISO 7064, MOD 97-10. */
function passesMod97(iban: string): boolean {
  let rest = 0;
  for (const each of iban.slice(4) + iban.slice(0, 4)) {
    for (const digit of String(Number.parseInt(each, 36))) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest === 1;
}
