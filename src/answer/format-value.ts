import type { ResultType, ResultValue } from '../domain/result-set.js';

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** True for the types whose values are numbers, DECIMAL text included. */
export function isNumericType(type: ResultType): boolean {
  return type === 'integer' || type === 'decimal' || type === 'float';
}

/** A value as a finite number; null for what is none. DECIMAL text loses digits here: for drawing and comparing only. */
export function toNumber(value: ResultValue): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || !/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** True for columns whose whole numbers name things (years, keys): no thousands separators, no chart of them. */
export function isIdentifier(name: string): boolean {
  return /(?:^|[_\s])(?:id|no|nr|code|key|number|year|zip|postcode|phone)$|[a-z](?:Id|Code|Number|Year|No)$/iu.test(
    name.trim(),
  );
}

/** True for averages, whose digits behind the second say nothing to a reader. */
function isAverage(name: string): boolean {
  return /^(?:avg|average)(?:$|[\s_(])/iu.test(name.trim());
}

/**
 * A value in words: numbers in English digits and separators with their unit behind. Amounts with a unit and averages have at
 * most two decimals; other decimals stand digit for digit.
 *
 * @param unit as the policy states it, e.g. `KES`; null where none
 */
export function formatValue(value: ResultValue, type: ResultType, name: string, unit: string | null): string {
  if (value === null) return 'no value';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  const number = isNumericType(type) ? toNumber(value) : null;
  if (number === null) return String(value);
  const digits = isIdentifier(name)
    ? String(value)
    : formatNumber(value as number | string, type, unit !== null || isAverage(name) ? 2 : null);
  return unit ? `${digits} ${unit}` : digits;
}

/** Most decimals of a floating-point number in words. */
const FLOAT_DECIMALS = 6;

/** `decimals`: at most so many, but for a value that would be rounded to nothing; null for as many as there are. */
function formatNumber(value: number | string, type: ResultType, decimals: number | null): string {
  const text = String(value);
  if (/e/i.test(text)) return text;
  if (type === 'float') {
    const number = Number(text);
    const tiny = Math.abs(number) < 0.005;
    const maximumFractionDigits = decimals === null || tiny ? FLOAT_DECIMALS : decimals;
    return new Intl.NumberFormat('en', { maximumFractionDigits }).format(number);
  }
  const rounded = decimals === null ? text : roundDecimal(text, decimals);
  const [whole = '0', fraction] = rounded.replace('-', '').split('.');
  const sign = rounded.startsWith('-') ? '-' : '';
  return `${sign}${WHOLE.format(BigInt(whole))}${fraction ? `.${fraction}` : ''}`;
}

/** Decimal text rounded half away from zero without passing through a double; as it is where nothing would be left of it. */
function roundDecimal(text: string, decimals: number): string {
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  if (fraction.length <= decimals) return text;
  const up = fraction[decimals]! >= '5' ? 1n : 0n;
  const units = BigInt(whole + fraction.slice(0, decimals)) + up;
  if (units === 0n) return text;
  const digits = String(units).padStart(decimals + 1, '0');
  return `${text.startsWith('-') ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** An output name as words: `total_amount` → `total amount`; `COUNT(*)` → `number of rows`. */
export function nameInWords(name: string): string {
  if (/^count\s*\(\s*\*\s*\)$/i.test(name)) return 'number of rows';
  const call = /^(sum|avg|min|max|count)\s*\(\s*(?:distinct\s+)?[`"]?(?:\w+[`"]?\.[`"]?)?(\w+)[`"]?\s*\)$/i.exec(name);
  if (call) {
    const word = { sum: 'total', avg: 'average', min: 'lowest', max: 'highest', count: 'number of' }[
      call[1]!.toLowerCase()
    ];
    return `${word} ${nameInWords(call[2]!)}`;
  }
  return name
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/_+/g, ' ')
    .trim();
}
