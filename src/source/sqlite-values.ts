import type { ResultType, ResultValue } from '../domain/result-set.js';
import { readSqliteType, type SqliteFamily } from './sqlite-type.js';

/** What the driver hands over with big integers switched on. */
export type SqliteValue = null | bigint | number | string | Uint8Array;

/** JavaScript class of a stored value, which in SQLite belongs to the value and not to the column. */
type Storage = 'integer' | 'float' | 'text' | 'binary';

/** Text that a DATE, DATETIME or TIME column must hold throughout to be called one. */
const TEMPORAL: Partial<Record<SqliteFamily, RegExp>> = {
  date: /^\d{4}-\d\d-\d\d$/,
  datetime: /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?$/,
  time: /^-?\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/,
};

function storageOf(value: Exclude<SqliteValue, null>): Storage {
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return 'float';
  return typeof value === 'string' ? 'text' : 'binary';
}

/** Plain digits of a finite number, without an exponent: `1e21` → `1000000000000000000000`. */
function printDecimal(value: number, scale: number | null): string {
  // A REAL cannot be exact. Where the declared scale states the very same double it is what the writer meant.
  if (scale !== null && scale <= 30 && Math.abs(value) < 1e21 && Number(value.toFixed(scale)) === value)
    return value.toFixed(scale);
  const shortest = String(value);
  const [, sign = '', whole = '', fraction = '', exponent] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(shortest) ?? [];
  if (exponent === undefined) return shortest;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return point >= digits.length
    ? sign + digits.padEnd(point, '0')
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * One value as JSON carries it: integers beyond 2^53-1 are text, infinities are null (there is no JSON for them), blobs
 * are `0x…`.
 */
export function toResultValue(value: SqliteValue): ResultValue {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return '0x' + Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
}

function typeByValues(storages: ReadonlySet<Storage>): ResultType {
  if (storages.size === 1) return [...storages][0]!;
  const numeric = storages.size === 2 && storages.has('integer') && storages.has('float');
  return numeric ? 'float' : 'unknown';
}

/** One output column whose values are seen one by one. */
export interface SeenColumn {
  see(value: SqliteValue): void;
  /** By the values so far. */
  type(): ResultType;
}

/**
 * Tells the type of one output column. A declared type is believed only where every value fits it, because SQLite enforces
 * none; else the values decide, and a column that mixes text with numbers is `unknown`.
 *
 * @param declared declared type of the column behind the output, or null for an expression
 */
export function watchColumn(declared: string | null): SeenColumn {
  const { family } = readSqliteType(declared);
  const pattern = TEMPORAL[family];
  const storages = new Set<Storage>();
  let fits = true;
  return {
    see(value) {
      if (value === null) return;
      storages.add(storageOf(value));
      if (pattern && fits) fits = typeof value === 'string' && pattern.test(value);
    },
    type() {
      if (family === 'year' || family === 'boolean') return storages.size > 0 ? typeByValues(storages) : 'integer';
      if (storages.size === 0) return family;
      if (pattern) return fits ? (family as ResultType) : typeByValues(storages);
      const isNumeric = !storages.has('text') && !storages.has('binary');
      if (family === 'decimal') return isNumeric ? 'decimal' : typeByValues(storages);
      if (family === 'float') return isNumeric ? 'float' : typeByValues(storages);
      if (family === 'json') return storages.size === 1 && storages.has('text') ? 'json' : typeByValues(storages);
      return typeByValues(storages);
    },
  };
}

/**
 * Writes rows as JSON carries them. Values of a declared decimal become text with the declared scale where that names the
 * same double (12.5 in a DECIMAL(10,2) → `12.50`).
 *
 * @param declared one declared type per column, null for expressions
 * @param types as {@link watchColumn} tells them of the whole result
 */
export function createRowSettler(
  declared: readonly (string | null)[],
  types: readonly ResultType[],
): (row: readonly SqliteValue[]) => ResultValue[] {
  const scales = declared.map((type) => readSqliteType(type).scale);
  const settle = (value: SqliteValue, index: number): ResultValue => {
    if (types[index] !== 'decimal' || value === null) return toResultValue(value);
    if (typeof value === 'number') return Number.isFinite(value) ? printDecimal(value, scales[index] ?? null) : null;
    const scale = scales[index] ?? 0;
    return scale > 0 && scale <= 30 ? `${String(value)}.${'0'.repeat(scale)}` : String(value);
  };
  return (row) => row.map(settle);
}

/**
 * Settles the types of a finished result and writes its values by them.
 *
 * @param declared one declared type per column, null for expressions
 * @param rows as the driver gave them, big integers as bigint
 */
export function settleRows(
  declared: readonly (string | null)[],
  rows: readonly (readonly SqliteValue[])[],
): { readonly types: readonly ResultType[]; readonly rows: readonly (readonly ResultValue[])[] } {
  const columns = declared.map(watchColumn);
  for (const row of rows) for (const [index, column] of columns.entries()) column.see(row[index] ?? null);
  const types = columns.map((column) => column.type());
  return { types, rows: rows.map(createRowSettler(declared, types)) };
}
