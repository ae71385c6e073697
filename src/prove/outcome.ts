import type { ResultType, ResultValue } from '../domain/result-set.js';

/** What a caller observes of one statement. */
export type Outcome =
  | {
      readonly kind: 'rows';
      readonly names: readonly string[];
      readonly types: readonly ResultType[];
      readonly rows: readonly (readonly ResultValue[])[];
      readonly truncated: boolean;
    }
  | { readonly kind: 'error'; readonly code: string };

/** Significant digits to which floating-point numbers are compared: sums of the same numbers in another order differ in the last ones. */
const FLOAT_DIGITS = 10;

function cellKey(value: ResultValue, type: ResultType | undefined): string {
  if (type === 'float' && typeof value === 'number' && value !== 0) return value.toPrecision(FLOAT_DIGITS);
  return JSON.stringify(value === 0 ? 0 : value);
}

/**
 * Whether two outcomes of one sealed statement are the same to the caller: rows, their order, names, types, `truncated`, or
 * the error's code. Only the last digits of floating-point numbers may differ.
 *
 * @param ordered false where the order of the rows is the server's own affair
 * @returns null where they are; else what differs, in one line
 */
export function describeDifference(left: Outcome, right: Outcome, ordered = true): string | null {
  if (left.kind === 'error' || right.kind === 'error') {
    const [one, other] = [left, right].map((each) => (each.kind === 'error' ? each.code : 'success'));
    return one === other ? null : `${one} and ${other}`;
  }
  if (left.names.join('\n') !== right.names.join('\n')) return 'column names';
  if (left.rows.length !== right.rows.length) return `${left.rows.length} and ${right.rows.length} rows`;
  if (left.truncated !== right.truncated) return 'truncated';
  const [ours, theirs] = [left, right].map(({ rows, types }) => {
    const keys = rows.map((row) => row.map((cell, column) => cellKey(cell, types[column])).join(', '));
    return ordered ? keys : keys.sort();
  }) as [string[], string[]];
  const at = ours.findIndex((key, index) => key !== theirs[index]);
  if (at >= 0) return `row ${at + 1}: ${ours[at]} and ${theirs[at]}`;
  if (left.types.join() !== right.types.join()) return `types ${left.types.join()} and ${right.types.join()}`;
  return null;
}

/** Whether two outcomes hold the same rows in the same order but for letter case, accents and padding of their texts. */
export function differInSpellingAlone(left: Outcome, right: Outcome): boolean {
  if (left.kind === 'error' || right.kind === 'error' || left.truncated !== right.truncated) return false;
  const [ours, theirs] = [left, right].map(({ rows }) => rows.map((row) => row.map(foldCell).join('\n')).join('\n\n'));
  return left.rows.length === right.rows.length && ours === theirs;
}

/** A number as it is compared across two forms of one statement: to nine significant digits, whatever its type. */
const MEANING_DIGITS = 9;

function meaningKey(value: ResultValue): string {
  if (value === null) return 'NULL';
  const text = typeof value === 'boolean' ? String(Number(value)) : String(value);
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text)) return JSON.stringify(text);
  const number = Number(text);
  return number === 0 ? '0' : number.toPrecision(MEANING_DIGITS);
}

/** How the caller's own text compares with the sealed statement on the same data. */
export type MeaningVerdict =
  | 'equal'
  | 'different'
  | 'only the text fails'
  | 'only the seal fails'
  | 'both fail'
  /** The text gives more rows than the harness takes. */
  | 'text cut';

/**
 * The rule of equality between a sealed statement and the caller's own text, both run on data that hold the slice alone:
 * the same number of columns and the same multiset of rows, numbers to nine significant digits whatever their type, all
 * else by value. Where the sealed result was cut, its rows are among the text's. The order of rows is compared where
 * `orderedBy` gives the columns that the statement sorts by: the sequence of their values is the same, letter case and
 * accents aside, so that ties may fall either way. Documents are ties among each other: MySQL sorts none by what is in it.
 */
export function compareMeaning(sealed: Outcome, text: Outcome, orderedBy: readonly number[]): MeaningVerdict {
  if (sealed.kind === 'error' || text.kind === 'error') {
    if (sealed.kind === text.kind) return 'both fail';
    return sealed.kind === 'error' ? 'only the seal fails' : 'only the text fails';
  }
  if (sealed.types.length !== text.types.length) return 'different';
  if (text.truncated) return 'text cut';
  const keys = (rows: readonly (readonly ResultValue[])[]) => rows.map((row) => row.map(meaningKey).join('\n'));
  const left = new Map<string, number>();
  for (const key of keys(text.rows)) left.set(key, (left.get(key) ?? 0) + 1);
  for (const key of keys(sealed.rows)) {
    const count = left.get(key) ?? 0;
    if (count === 0) return 'different';
    left.set(key, count - 1);
  }
  if (!sealed.truncated && sealed.rows.length !== text.rows.length) return 'different';
  const sequence = (rows: readonly (readonly ResultValue[])[]) =>
    rows
      .slice(0, sealed.rows.length)
      .map((row) => orderedBy.map((column) => sortedCell(row[column] ?? null, sealed.types[column])).join('\n'))
      .join('\n\n');
  return sequence(sealed.rows) === sequence(text.rows) ? 'equal' : 'different';
}

/** The text that bytes in hexadecimal are of; what is none, or is shown as text, as it is. */
function textOf(value: string): string {
  return /^0x(?:[0-9a-f]{2})+$/.test(value) ? Buffer.from(value.slice(2), 'hex').toString('utf8') : value;
}

/** What of a cell shows in an order of rows: of a document nothing but that it is one. */
function sortedCell(value: ResultValue, type: ResultType | undefined): string {
  return type === 'json' && typeof value === 'string' && /^[[{]/.test(value) ? '[]' : foldCell(value);
}

function foldCell(value: ResultValue): string {
  const folded =
    typeof value === 'string' ? textOf(value).normalize('NFKD').replace(/\p{M}/gu, '').trimEnd().toLowerCase() : value;
  return meaningKey(folded);
}
