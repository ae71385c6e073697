import { digestText } from '../domain/digest-text.js';
import type { ResultValue } from '../domain/result-set.js';

type Row = readonly ResultValue[];

/** Rows of one statement. */
export interface ComparedRows {
  /** Number of columns; told apart from the rows, as there may be none. */
  readonly columns: number;
  readonly rows: readonly Row[];
}

/** How an answer differs from the gold; null where it does not. */
export type Difference = 'column-count' | 'row-count' | 'values' | 'order';

/** Relative difference of two numbers that counts as none: six significant digits. */
const TOLERANCE = 1e-6;
/** Orders of the columns that are tried: without a bound, 20 columns of equal values would have 10^18. */
const MOST_ORDERS = 500;
/** Rows that are matched one with another by tolerance: what is left once equal rows are put aside. */
const MOST_MATCHED = 2000;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;

/** A number where the value is one or is written as one (DECIMAL comes as text); a text with a leading zero is text. */
function numberOf(value: ResultValue): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value !== null && NUMBER.test(value) ? Number(value) : null;
}

/** A whole number that counts or names something: the sixth digit of an id is not a matter of precision. */
function isExact(value: ResultValue, number: number): boolean {
  return Number.isSafeInteger(number) || (typeof value === 'string' && /^-?\d+$/.test(value));
}

/** One for values that are surely equal; equal numbers may still have two, at the edge of a rounding. */
function keyOf(value: ResultValue): string {
  if (value === null) return 'null';
  const number = numberOf(value);
  if (number === null) return `text ${value}`;
  if (!isExact(value, number)) return `number ${Number(number.toPrecision(6))}`;
  // Minus zero is zero.
  return `number ${Number.isSafeInteger(number) ? number + 0 : value}`;
}

/** Whether two values are the same: NULL only with NULL, numbers to six significant digits, whole numbers exactly. */
function sameValue(left: ResultValue, right: ResultValue): boolean {
  if (keyOf(left) === keyOf(right)) return true;
  if (left === null || right === null) return false;
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a === null || b === null || (isExact(left, a) && isExact(right, b))) return false;
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

function sameRow(left: Row, right: Row): boolean {
  return left.every((value, index) => sameValue(value, right[index] ?? null));
}

const rowKey = (row: Row): string => JSON.stringify(row.map(keyOf));

/** Whether the rows are the same multiset. */
function sameMultiset(left: readonly Row[], right: readonly Row[]): boolean {
  const counts = new Map<string, number>();
  for (const row of right) counts.set(rowKey(row), (counts.get(rowKey(row)) ?? 0) + 1);
  const rest = left.filter((row) => {
    const key = rowKey(row);
    const count = counts.get(key) ?? 0;
    if (count > 0) counts.set(key, count - 1);
    return count === 0;
  });
  if (rest.length === 0) return true;
  if (rest.length > MOST_MATCHED) return false;
  // What is left differs in the last digit, or truly.
  const open = right.filter((row) => {
    const key = rowKey(row);
    const count = counts.get(key) ?? 0;
    if (count > 0) counts.set(key, count - 1);
    return count > 0;
  });
  return rest.every((row) => {
    const at = open.findIndex((other) => sameRow(row, other));
    if (at >= 0) open.splice(at, 1);
    return at >= 0;
  });
}

function sameRows(left: readonly Row[], right: readonly Row[], ordered: boolean): boolean {
  return ordered ? left.every((row, index) => sameRow(row, right[index]!)) : sameMultiset(left, right);
}

/** What columns of the same values have in common: their keys in one order. */
function signColumn(rows: readonly Row[], index: number): string {
  const keys = rows.map((row) => keyOf(row[index] ?? null));
  return digestText(keys.sort().join('\n'));
}

/** For each column of the gold the columns of the answer that hold the same values, whatever their order. */
function matchColumns(gold: ComparedRows, answer: ComparedRows): readonly (readonly number[])[] {
  const all = Array.from({ length: answer.columns }, (_, index) => index);
  const [wanted, given] = [gold, answer].map(({ rows }) => all.map((index) => signColumn(rows, index)));
  const column = (rows: readonly Row[], index: number): Row[] => rows.map((row) => [row[index] ?? null]);
  const same = (index: number, other: number): boolean =>
    wanted![index] === given![other] ||
    // Equal numbers at the edge of a rounding have two keys.
    (gold.rows.length <= MOST_MATCHED && sameMultiset(column(gold.rows, index), column(answer.rows, other)));
  return all.map((index) => all.filter((other) => same(index, other)));
}

/**
 * Orders of the answer's columns, as indexes into its rows, at most {@link MOST_ORDERS}: those in which each column by
 * itself holds what the gold's does.
 */
function* orders(candidates: readonly (readonly number[])[]): Generator<readonly number[]> {
  let left = MOST_ORDERS;
  function* extend(chosen: readonly number[]): Generator<readonly number[]> {
    if (left <= 0) return;
    const places = candidates[chosen.length];
    if (!places) {
      left -= 1;
      yield chosen;
      return;
    }
    for (const place of places) if (!chosen.includes(place)) yield* extend([...chosen, place]);
  }
  yield* extend([]);
}

/**
 * Compares an answer with the gold as execution accuracy does (Zhong et al. 2020, test-suite execution match): the same
 * number of columns in any order, the same rows as a multiset, or in the same order where the gold asks for one. Names of
 * columns do not count.
 *
 * @param ordered whether the gold orders its rows
 * @returns null where they are the same
 */
export function compareRows(gold: ComparedRows, answer: ComparedRows, ordered: boolean): Difference | null {
  if (gold.columns !== answer.columns) return 'column-count';
  if (gold.rows.length !== answer.rows.length) return 'row-count';
  if (sameRows(gold.rows, answer.rows, ordered)) return null;
  let sameButForOrder = false;
  for (const order of orders(matchColumns(gold, answer))) {
    const turned = answer.rows.map((row) => order.map((index) => row[index] ?? null));
    if (sameRows(gold.rows, turned, ordered)) return null;
    if (ordered) sameButForOrder ||= sameMultiset(gold.rows, turned);
  }
  return sameButForOrder ? 'order' : 'values';
}
