import type { TemporalLiteral } from './nodes.js';

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?$/;

/**
 * True for `2026-01-31`, `12:00:00[.123456]` and both with a space between, a day of the calendar: the forms that every
 * server reads alike. The servers' looser ones (`20260131`, one-digit months) are not taken.
 */
export function isTemporalText(type: TemporalLiteral['type'], text: string): boolean {
  if (type === 'DATE') return isDate(text);
  if (type === 'TIME') return TIME.test(text);
  return text[10] === ' ' && isDate(text.slice(0, 10)) && TIME.test(text.slice(11));
}

function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12 || day < 1 || year < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return day <= [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!;
}
