import { SwaliError } from '../errors/swali-error.js';

const DAY_MS = 86_400_000;

/** Whole days since 1970-01-01. @throws SwaliError `DEMO_TARGET_REFUSED` where the text is no day of the calendar */
export function parseDayNumber(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || isoDate(ms / DAY_MS) !== text) {
    throw new SwaliError('DEMO_TARGET_REFUSED', { detail: 'today must be a day written as YYYY-MM-DD' });
  }
  return ms / DAY_MS;
}

/** `2025-03-01` for a day number. */
export function isoDate(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** `2025-03-01 12:00:00` for a day number and a second of that day. */
export function isoDateTime(day: number, second: number): string {
  return new Date(day * DAY_MS + second * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Day number of 1 January, `years` years before the year of `day`. */
export function startOfYear(day: number, years: number): number {
  return Date.UTC(new Date(day * DAY_MS).getUTCFullYear() - years, 0, 1) / DAY_MS;
}

/** January to December: slow after the holidays, school in May and September, the feasts at the end of the year. */
const MONTH_WEIGHT = [0.78, 0.84, 0.95, 1.04, 1.08, 0.94, 0.92, 1.06, 1.1, 1, 1.22, 1.55];
/** Sunday to Saturday. */
const WEEKDAY_WEIGHT = [0.62, 0.92, 0.95, 1, 1.06, 1.2, 1.38];
const YEARLY_GROWTH = 1.28;

/** How busy a day is beside others: growth over the years, the season, the day of the week. */
export function dayWeight(day: number, firstDay: number): number {
  const date = new Date(day * DAY_MS);
  const growth = YEARLY_GROWTH ** ((day - firstDay) / 365.25);
  return growth * MONTH_WEIGHT[date.getUTCMonth()]! * WEEKDAY_WEIGHT[date.getUTCDay()]!;
}
