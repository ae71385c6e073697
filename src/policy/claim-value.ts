import type { CatalogColumn } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import type { ClaimValue } from '../domain/principal.js';
import type { ParameterValue } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import { PolicyRefusal } from './policy-fault.js';

/** What a claim must be to be compared with a column, taken from the column's type. */
export type ClaimShape =
  | { readonly family: 'integer'; readonly low: bigint; readonly high: bigint }
  | { readonly family: 'text' /** Characters. */; readonly maxLength: number }
  | { readonly family: 'decimal'; readonly precision: number; readonly scale: number };

/** Longest text claim where the column states no length, in characters. */
const MAX_TEXT_CLAIM = 255;

const INTEGER_BITS: ReadonlyMap<string, bigint> = new Map([
  ['tinyint', 8n],
  ['smallint', 16n],
  ['mediumint', 24n],
  ['int', 32n],
  ['integer', 32n],
]);

/**
 * The shape that a claim must have to be compared with a column.
 *
 * @throws PolicyRefusal where a claim cannot be compared exactly with a column of that type
 */
export function claimShapeOf(column: CatalogColumn, dialect: Dialect): ClaimShape {
  const base = /^[a-z]+/.exec(column.declaredType)?.[0] ?? '';
  const sizes = /\((\d+)(?:\s*,\s*(\d+))?\)/.exec(column.declaredType);
  switch (column.family) {
    case 'integer': {
      // SQLite keeps 64-bit integers in every integer column, whatever its type is called.
      const bits = dialect === 'sqlite' ? 64n : (INTEGER_BITS.get(base) ?? 64n);
      return column.unsigned
        ? { family: 'integer', low: 0n, high: 2n ** bits - 1n }
        : { family: 'integer', low: -(2n ** (bits - 1n)), high: 2n ** (bits - 1n) - 1n };
    }
    case 'text':
      return { family: 'text', maxLength: Math.min(Number(sizes?.[1] ?? MAX_TEXT_CLAIM), MAX_TEXT_CLAIM) };
    case 'decimal':
      if (dialect === 'sqlite')
        throw new PolicyRefusal(
          `a claim cannot be compared with ${column.name}: SQLite keeps decimals as floating point`,
        );
      return { family: 'decimal', precision: Number(sizes?.[1] ?? 10), scale: Number(sizes?.[2] ?? 0) };
    default:
      throw new PolicyRefusal(
        `a claim can be compared with an integer, decimal or text column only, and ${column.name} is ${column.declaredType || 'of no type'}`,
      );
  }
}

function readInteger(value: ClaimValue, shape: ClaimShape & { readonly family: 'integer' }): ParameterValue | null {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return null;
  const text = Object.is(value, -0) ? '-0' : String(value);
  if (text.length > 20 || !/^(0|-?[1-9]\d*)$/.test(text)) return null;
  const whole = BigInt(text);
  if (whole < shape.low || whole > shape.high) return null;
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
}

function readDecimal(value: ClaimValue, shape: ClaimShape & { readonly family: 'decimal' }): ParameterValue | null {
  // A fractional number has lost its exact digits already; only text or a whole number states a decimal exactly.
  if (typeof value === 'number' && (!Number.isSafeInteger(value) || Object.is(value, -0))) return null;
  const match = /^(-?)(0|[1-9]\d*)(?:\.(\d*[1-9]))?$/.exec(String(value));
  if (!match || match[0] === '-0') return null;
  const whole = match[2] === '0' ? 0 : match[2]!.length;
  const fits = whole <= shape.precision - shape.scale && (match[3]?.length ?? 0) <= shape.scale;
  return fits ? match[0] : null;
}

function readText(value: ClaimValue, shape: ClaimShape & { readonly family: 'text' }): ParameterValue | null {
  if (typeof value !== 'string' || value === '' || /[\p{Cc}\p{Cs}]/u.test(value)) return null;
  return [...value].length <= shape.maxLength ? value : null;
}

/**
 * A claim's value as it is bound: integers as number, or bigint where a double would round; decimals and text as text.
 *
 * @param value undefined where the principal has no such claim
 * @throws SwaliError `SEAL_CLAIM_MISSING`; `SEAL_CLAIM_MALFORMED` where the value is not in the one canonical form of its
 *   type (`'007'`, `' 7'`, `7.5` are no integers here) or cannot stand in the column
 */
export function readClaim(value: ClaimValue | undefined, shape: ClaimShape): ParameterValue {
  if (value === undefined) throw new SwaliError('SEAL_CLAIM_MISSING');
  const read =
    shape.family === 'integer'
      ? readInteger(value, shape)
      : shape.family === 'text'
        ? readText(value, shape)
        : readDecimal(value, shape);
  if (read === null) throw new SwaliError('SEAL_CLAIM_MALFORMED');
  return read;
}
