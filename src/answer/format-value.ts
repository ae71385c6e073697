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

/**
 * A value in words: numbers in English digits and separators with their unit behind, exact decimals digit for digit.
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
    : formatNumber(value as number | string, type, unit === null ? 6 : 2);
  return unit ? `${digits} ${unit}` : digits;
}

/** `floatDigits`: amounts of something are not shown finer than hundredths. */
function formatNumber(value: number | string, type: ResultType, floatDigits: number): string {
  const text = String(value);
  if (/e/i.test(text)) return text;
  if (type === 'float') return new Intl.NumberFormat('en', { maximumFractionDigits: floatDigits }).format(Number(text));
  const [whole = '0', fraction] = text.replace('-', '').split('.');
  const sign = text.startsWith('-') ? '-' : '';
  return `${sign}${WHOLE.format(BigInt(whole))}${fraction ? `.${fraction}` : ''}`;
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
