import type { ChartSpecification } from '../domain/answer.js';
import type { ResultSet, ResultValue } from '../domain/result-set.js';
import type { OutputColumn } from '../domain/sealed-statement.js';
import { isIdentifier, isNumericType, nameInWords, toNumber } from './format-value.js';

/** More bars than this say less than a table. */
export const MAX_BARS = 50;
/** More slices than this cannot be told apart. */
export const MAX_SLICES = 8;
/** More points than this are no line. */
export const MAX_POINTS = 2000;

/** Periods as text: `2025`, `2025-03`, `2025-Q1`, `2025-W09`, `2025-03-01`. */
const PERIOD = /^\d{4}(?:-(?:\d{2}(?:-\d{2})?|Q[1-4]|W\d{2}))?$/;

/**
 * Chooses a chart from the types of the columns: one number for a single value, a line over dates or periods, bars over
 * categories, a pie for shares of a whole in at most {@link MAX_SLICES} parts.
 *
 * @returns null where a table says it best: no measure, repeated or too many categories, masked labels alone
 */
export function chooseChart(columns: readonly OutputColumn[], result: ResultSet): ChartSpecification | null {
  const { types, rows } = result;
  const numeric = (index: number) => isNumericType(types[index]!);
  if (rows.length === 1 && columns.length === 1 && numeric(0) && toNumber(rows[0]![0]!) !== null) {
    return { type: 'number', x: null, y: [0], title: title([columns[0]!], null) };
  }
  if (rows.length < 2 || columns.length < 2) return null;
  const over = columns.findIndex((column, index) => isPeriod(column, types[index]!, rows, index));
  const measures = columns.flatMap((column, index) =>
    numeric(index) && index !== over && !isIdentifier(column.name) ? [index] : [],
  );
  if (measures.length === 0) return null;
  const drawn = measures.slice(0, 4).map((index) => columns[index]!);
  if (over >= 0) {
    const others = columns.length - measures.length - 1;
    if (others > 0 || rows.length > MAX_POINTS || !isDistinct(rows, over)) return null;
    return { type: 'line', x: over, y: measures.slice(0, 4), title: title(drawn, columns[over]!) };
  }
  const categories = columns.flatMap((_, index) =>
    types[index] === 'text' || types[index] === 'boolean' ? [index] : [],
  );
  const category = categories[0];
  if (category === undefined || categories.length > 1 || rows.length > MAX_BARS || !isDistinct(rows, category))
    return null;
  const share = measures.length === 1 && /share|percent|proportion/i.test(columns[measures[0]!]!.name);
  const isWhole = rows.every((row) => (toNumber(row[measures[0]!]!) ?? -1) >= 0);
  const type = share && isWhole && rows.length <= MAX_SLICES && !result.truncated ? 'pie' : 'bar';
  return { type, x: category, y: measures.slice(0, 4), title: title(drawn, columns[category]!) };
}

function isPeriod(column: OutputColumn, type: string, rows: ResultSet['rows'], index: number): boolean {
  if (type === 'date' || type === 'datetime') return true;
  const filled = rows.map((row) => row[index]!).filter((value) => value !== null);
  if (filled.length === 0) return false;
  if (type === 'text') return filled.every((value) => typeof value === 'string' && PERIOD.test(value));
  return (
    type === 'integer' &&
    /year/i.test(column.name) &&
    filled.every((value) => typeof value === 'number' && value > 999 && value < 3000)
  );
}

function isDistinct(rows: ResultSet['rows'], index: number): boolean {
  return new Set<ResultValue>(rows.map((row) => row[index]!)).size === rows.length;
}

function title(measures: readonly OutputColumn[], over: OutputColumn | null): string {
  const what = measures.map((each) => nameInWords(each.name) + (each.unit ? ` (${each.unit})` : '')).join(', ');
  const whole = over ? `${what} by ${nameInWords(over.name)}` : what;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}
