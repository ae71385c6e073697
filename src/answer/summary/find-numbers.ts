import { type ExactNumber, parseExact, shiftExact } from './exact-number.js';

/** One number that a sentence states. */
export interface StatedNumber {
  readonly value: ExactNumber;
  /** What the last digit that is written counts: 1 of `12`, 0.01 of `3.50`, 100 000 of `1.2 million`. */
  readonly step: ExactNumber;
  /** With a percent sign, or the word, behind it. */
  readonly isShare: boolean;
}

/** What a sentence states in digits and in words. */
export interface Stated {
  readonly numbers: readonly StatedNumber[];
  /** Words that hold digits: `Q3`, `S10_1678`, `2025-03`. */
  readonly names: readonly string[];
}

const SMALL = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen ' +
  'eighteen nineteen'
).split(' ');
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const NUMERALS: ReadonlyMap<string, number> = new Map([
  ...SMALL.map((word, value) => [word, value] as const),
  ...TENS.map((word, index) => [word, (index + 2) * 10] as const),
]);

/** Words of size behind a number, as powers of ten. */
const SIZES: ReadonlyMap<string, number> = new Map(
  Object.entries({ hundred: 2, thousand: 3, k: 3, million: 6, m: 6, mn: 6, billion: 9, bn: 9, trillion: 12 }),
);

/** Words that say a number without stating it: there is nothing that they could be checked against. */
const VAGUE =
  /\b(?:dozen|score|half|halve|twice|thrice|double|triple|quadruple|third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|couple|second|hundreds|thousands|millions|billions|trillions|\w+fold)(?:s|d|es|ed)?\b/iu;

/** Digits that are no ASCII digits, fractions, Roman and circled numbers; arithmetic between digits. */
const UNREADABLE = /[\p{No}\p{Nl}]|(?![0-9])\p{Nd}|\d\s*[/^×*=]\s*\d/u;

/** A number alone; a word that holds a digit; a word without one; a percent sign. */
const TOKEN =
  /(?<number>(?<![\p{L}\p{N}_.,:/-])[-−]?\d{1,40}(?:[,’'\u00a0\u202f]\d{3}){0,12}(?:[.,]\d{1,40})?(?![\p{N}_:/]|[.,-]\p{N}|(?!(?:k|m|mn|bn)\b)\p{L}))|(?<name>(?=[\p{L}_.,:/-]*\p{N})[\p{L}\p{N}_](?:[\p{L}\p{N}_]|[.,:/-](?=[\p{L}\p{N}_]))*)|(?<word>\p{L}[\p{L}\p{M}]*)|(?<percent>%)/giu;

/**
 * Finds every number of a sentence: in digits with separators, decimals or a sign, with a word of size (`1.2 million`) or a
 * percent sign behind, and in English words (`twenty-one`). `one` alone is an article as often as a number, and is none here.
 *
 * @returns null where the sentence says something that may be a number and cannot be read as one: then nothing of it can be
 *   believed
 */
export function findNumbers(sentence: string): Stated | null {
  if (UNREADABLE.test(sentence) || VAGUE.test(sentence)) return null;
  const tokens = [...sentence.matchAll(TOKEN)].map(({ groups }) => groups ?? {});
  const numbers: StatedNumber[] = [];
  const names: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const { name, number } = tokens[at]!;
    if (name !== undefined) names.push(name);
    const words = number === undefined ? readNumeral(tokens, at) : null;
    const value = number === undefined ? (words?.value ?? null) : readDigits(number);
    if (number !== undefined && value === null) return null;
    if (value === null) continue;
    at += words?.more ?? 0;
    let power = 0;
    for (let size = sizeAt(tokens, at + 1); size !== undefined; size = sizeAt(tokens, at + 1)) {
      power += size;
      at += 1;
    }
    const next = tokens[at + 1];
    numbers.push({
      value: shiftExact(value, power),
      step: shiftExact({ units: 1n, scale: value.scale }, power),
      isShare: next?.percent !== undefined || next?.word?.toLowerCase() === 'percent',
    });
  }
  return { numbers, names };
}

type Token = Readonly<Record<string, string | undefined>>;

function sizeAt(tokens: readonly Token[], at: number): number | undefined {
  return SIZES.get(tokens[at]?.word?.toLowerCase() ?? '');
}

/** `seven`, `twenty-one`: one numeral below a hundred. `more`: tokens behind the first that belong to it. */
function readNumeral(
  tokens: readonly Token[],
  at: number,
): { readonly value: ExactNumber; readonly more: number } | null {
  const first = NUMERALS.get(tokens[at]?.word?.toLowerCase() ?? '');
  if (first === undefined || (first === 1 && sizeAt(tokens, at + 1) === undefined)) return null;
  const unit = first >= 20 ? NUMERALS.get(tokens[at + 1]?.word?.toLowerCase() ?? '') : undefined;
  const hasUnit = unit !== undefined && unit > 0 && unit < 10;
  return { value: { units: BigInt(first + (hasUnit ? unit : 0)), scale: 0 }, more: hasUnit ? 1 : 0 };
}

/** A comma or an apostrophe before exactly three digits groups; a point, or a comma that groups nothing, is the decimal one. */
function readDigits(number: string): ExactNumber | null {
  const digits = number.replace('−', '-').replace(/[\u00a0\u202f’']/gu, '');
  const grouped = /^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(digits);
  return parseExact(grouped ? digits.replaceAll(',', '') : digits.replace(',', '.'));
}
