/** A number digit for digit: `units` × 10^-`scale`. */
export interface ExactNumber {
  readonly units: bigint;
  /** Digits behind the point, 0 or more. */
  readonly scale: number;
}

/** Nothing. */
export const ZERO: ExactNumber = { units: 0n, scale: 0 };

const FORM = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Characters of one number at most: what is longer is no number that a sentence would hold. */
const MOST_CHARACTERS = 400;

/** Reads `-12.50`, `1e3` or what a double prints as; null for what is no number. */
export function parseExact(text: string): ExactNumber | null {
  const [, sign, whole, fraction = '', exponent = '0'] = FORM.exec(text) ?? [];
  if (whole === undefined || text.length > MOST_CHARACTERS) return null;
  const units = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  return shiftExact({ units, scale: fraction.length }, Number(exponent));
}

/** The number × 10^`by`. */
export function shiftExact({ units, scale }: ExactNumber, by: number): ExactNumber {
  const moved = scale - by;
  return moved >= 0 ? { units, scale: moved } : { units: units * 10n ** BigInt(-moved), scale: 0 };
}

/** The sum, exactly. */
export function addExact(left: ExactNumber, right: ExactNumber): ExactNumber {
  const scale = Math.max(left.scale, right.scale);
  return { units: raise(left, scale) + raise(right, scale), scale };
}

/** The difference, exactly. */
export function subtractExact(left: ExactNumber, right: ExactNumber): ExactNumber {
  return addExact(left, { ...right, units: -right.units });
}

/** Less than, equal to or more than 0, as `left` is less than, equal to or more than `right`. */
export function compareExact(left: ExactNumber, right: ExactNumber): number {
  const { units } = subtractExact(left, right);
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}

/**
 * Whether a stated number is `top` ÷ `bottom` as somebody writes it who keeps so many digits: rounded, either way at a half,
 * or cut off. What is not nothing is never written as 0.
 *
 * @param stated.step what its last digit counts
 * @param bottom not 0
 */
export function isWritingOf(
  stated: { readonly value: ExactNumber; readonly step: ExactNumber },
  top: ExactNumber,
  bottom: ExactNumber,
): boolean {
  if (stated.value.units === 0n) return top.units === 0n;
  const scaled = multiply(stated.value, bottom);
  const step = multiply(stated.step, bottom);
  const off = absolute(subtractExact(scaled, top));
  if (compareExact(multiply(off, { units: 2n, scale: 0 }), absolute(step)) <= 0) return true;
  const isShorter = compareExact(absolute(scaled), absolute(top)) <= 0;
  return isShorter && compareExact(off, absolute(step)) < 0;
}

function multiply(left: ExactNumber, right: ExactNumber): ExactNumber {
  return { units: left.units * right.units, scale: left.scale + right.scale };
}

function raise({ units, scale }: ExactNumber, to: number): bigint {
  return units * 10n ** BigInt(to - scale);
}

function absolute({ units, scale }: ExactNumber): ExactNumber {
  return { units: units < 0n ? -units : units, scale };
}
