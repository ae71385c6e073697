import type { ResultSet, ResultValue } from '../../domain/result-set.js';
import {
  addExact,
  compareExact,
  type ExactNumber,
  isWritingOf,
  parseExact,
  shiftExact,
  subtractExact,
  ZERO,
} from './exact-number.js';
import { findNumbers, type StatedNumber } from './find-numbers.js';

/** A number that a result says, as `top` ÷ `bottom`. */
interface Known {
  readonly top: ExactNumber;
  readonly bottom: ExactNumber;
}

const ONE: ExactNumber = { units: 1n, scale: 0 };

/**
 * Whether every number of a sentence occurs in a result or is computed from it.
 *
 * Computed are: the number of rows and of different values; of a column of numbers the total, the average, the least, the
 * most and the difference of those two; and, where a percent sign stands behind it, the share of each value in the total and
 * the change from the first to the last row. Each may be rounded to the digits that are written. Of a result that was cut only
 * what occurs counts: no total of it is one. Words that hold digits must stand in a value or in the name of a column.
 *
 * @param names of the columns
 */
export function hasOnlyKnownNumbers(sentence: string, names: readonly string[], result: ResultSet): boolean {
  const stated = findNumbers(sentence);
  if (!stated) return false;
  if (stated.numbers.length === 0 && stated.names.length === 0) return true;
  const texts = [...names, ...result.rows.flat().filter((value) => typeof value === 'string')].map((text) =>
    text.toLowerCase(),
  );
  if (!stated.names.every((name) => texts.some((text) => text.includes(name.toLowerCase())))) return false;
  const known = [...occurring(result), ...(result.truncated ? [] : computed(result))];
  const shares = result.truncated ? [] : sharesOf(result);
  const isKnown = (number: StatedNumber) =>
    known.some(({ top, bottom }) => isWritingOf(number, top, bottom)) ||
    (number.isShare && shares.some(({ top, bottom }) => isWritingOf(number, top, bottom)));
  return stated.numbers.every(isKnown);
}

/** Every number that is a value, and those that stand by themselves within a text, as in a date. */
function occurring({ rows }: ResultSet): readonly Known[] {
  const found = rows.flat().flatMap((value): readonly ExactNumber[] => {
    const whole = toExact(value);
    if (whole) return [whole];
    if (typeof value !== 'string') return [];
    return [...value.matchAll(/(?<![\p{L}\p{N}_])\d+(?:\.\d+)?(?![\p{L}_])/gu)].flatMap(
      ([digits]) => parseExact(digits) ?? [],
    );
  });
  return found.map((top) => ({ top, bottom: ONE }));
}

/** The counts, and what a column of numbers comes to. */
function computed(result: ResultSet): readonly Known[] {
  const counts = [BigInt(result.rows.length), ...columnsOf(result, (value) => value).map(countDifferent)];
  return [
    ...counts.map((units) => ({ top: { units, scale: 0 }, bottom: ONE })),
    ...columnsOf(result, toExact).flatMap((column) => {
      const values = column.filter((value) => value !== null);
      if (values.length === 0) return [];
      const { total, least, most } = summarise(values);
      const wholes = [total, least, most, subtractExact(most, least)];
      const average = { top: total, bottom: { units: BigInt(values.length), scale: 0 } };
      return [...wholes.map((top) => ({ top, bottom: ONE })), average];
    }),
  ];
}

/** In hundredths. */
function sharesOf(result: ResultSet): readonly Known[] {
  return columnsOf(result, toExact).flatMap((column) => {
    const values = column.filter((value) => value !== null);
    const [first, last] = [values[0], values.at(-1)];
    if (first === undefined || last === undefined) return [];
    const { total } = summarise(values);
    const change = subtractExact(last, first);
    return [
      ...values.map((top) => ({ top, bottom: total })),
      { top: change, bottom: first },
      // "fell by 12 %" says the direction in words.
      { top: { ...change, units: -change.units }, bottom: first },
    ]
      .filter(({ bottom }) => bottom.units !== 0n)
      .map(({ top, bottom }) => ({ top: shiftExact(top, 2), bottom }));
  });
}

function summarise(values: readonly ExactNumber[]) {
  const total = values.reduce(addExact, ZERO);
  const least = values.reduce((low, value) => (compareExact(value, low) < 0 ? value : low));
  const most = values.reduce((high, value) => (compareExact(value, high) > 0 ? value : high));
  return { total, least, most };
}

function columnsOf<T>({ types, rows }: ResultSet, read: (value: ResultValue) => T): readonly (readonly T[])[] {
  return types.map((_, index) => rows.map((row) => read(row[index] ?? null)));
}

function countDifferent(values: readonly ResultValue[]): bigint {
  return BigInt(new Set(values.filter((value) => value !== null)).size);
}

/** A number, or the text of one; null for anything else. */
function toExact(value: ResultValue): ExactNumber | null {
  return typeof value === 'number' || typeof value === 'string' ? parseExact(String(value)) : null;
}
