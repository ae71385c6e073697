import mysql, { type FieldPacket } from 'mysql2';
import type { ResultType, ResultValue } from '../domain/result-set.js';
import type { ParameterValue } from '../domain/sealed-statement.js';

// The driver defines these lazily, so they are no named exports of its module.
const { TypedParameter, Types } = mysql;

/** Number of the `binary` pseudo character set: its strings are bytes. */
const BINARY_CHARSET = 63;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

const TYPES: ReadonlyMap<number, ResultType> = new Map([
  [Types.TINY, 'integer'],
  [Types.SHORT, 'integer'],
  [Types.INT24, 'integer'],
  [Types.LONG, 'integer'],
  [Types.LONGLONG, 'integer'],
  [Types.YEAR, 'integer'],
  [Types.DECIMAL, 'decimal'],
  [Types.NEWDECIMAL, 'decimal'],
  [Types.FLOAT, 'float'],
  [Types.DOUBLE, 'float'],
  [Types.DATE, 'date'],
  [Types.NEWDATE, 'date'],
  [Types.DATETIME, 'datetime'],
  [Types.TIMESTAMP, 'datetime'],
  [Types.TIME, 'time'],
  [Types.JSON, 'json'],
  [Types.GEOMETRY, 'json'],
  [Types.VECTOR, 'json'],
  [Types.BIT, 'binary'],
  [Types.NULL, 'unknown'],
]);

/** A column of a result: what the caller is told, and how its values are written. */
export interface MysqlColumn {
  readonly type: ResultType;
  toResult(value: unknown): ResultValue;
}

/** The shortest decimal that names the same 32-bit float: 0.1 where the wire carries 0.10000000149011612. */
function shortenFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function toResult(value: unknown): ResultValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return String(value);
  if (Buffer.isBuffer(value)) return `0x${value.toString('hex')}`;
  // Geometries and vectors arrive parsed.
  return JSON.stringify(value);
}

/** Reads one column definition of the wire. */
export function readColumn(field: FieldPacket): MysqlColumn {
  const code = field.columnType ?? -1;
  const format = (field as { extendedFormat?: string }).extendedFormat;
  const known = format === 'json' ? 'json' : TYPES.get(code);
  const type = known ?? (field.characterSet === BINARY_CHARSET ? 'binary' : 'text');
  if (code === Types.FLOAT)
    return { type, toResult: (value) => (typeof value === 'number' ? shortenFloat(value) : toResult(value)) };
  return { type, toResult };
}

/**
 * A parameter as the wire carries it. Whole numbers go as 64-bit integers, not as doubles, so that an integer column
 * keeps its index and large values stay exact; beyond 64 bits they go as exact decimals.
 *
 * @throws TypeError for what is not text, a finite number, a bigint or null: objects would be expanded to SQL
 */
export function bindParameter(value: ParameterValue) {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value))
    return Number.isSafeInteger(value) ? TypedParameter.LONGLONG(value) : TypedParameter.DOUBLE(value);
  if (typeof value !== 'bigint') throw new TypeError('a parameter is of no bindable type');
  if (value >= INT64_MIN && value <= INT64_MAX) return TypedParameter.LONGLONG(value);
  if (value > INT64_MAX && value <= UINT64_MAX) return TypedParameter.LONGLONG.unsigned(value);
  return TypedParameter.NEWDECIMAL(String(value));
}
