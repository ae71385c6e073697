import type { Word } from './words.js';

/** A calendar day, no time zone attached. Month 1–12. */
export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days from `from` on, before `to`; null where that side is open. ISO text (`2025-01-01`). */
export interface DateRange {
  readonly from: string | null;
  readonly to: string | null;
  /** Set where the range is exactly one calendar year, for columns that hold only a year. */
  readonly year: number | null;
}

/** A range of days read from some words of a question. */
export interface DatePhrase {
  readonly range: DateRange;
  /** How many words it took. */
  readonly length: number;
}

const MONTHS = 'january february march april may june july august september october november december'.split(' ');
const UNITS = ['day', 'week', 'month', 'quarter', 'year'] as const;
export type DateUnit = (typeof UNITS)[number];

/** The calendar day of an instant in a time zone. @param nowMs milliseconds since 1970 @param timeZone IANA name */
export function localDay(nowMs: number, timeZone: string): Day {
  const parts = new Intl.DateTimeFormat('en-CA-u-ca-gregory-nu-latn', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(nowMs);
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
  return { year: part('year'), month: part('month'), day: part('day') };
}

/** `2025-03-01`. */
export function isoDay(day: Day): string {
  return `${String(day.year).padStart(4, '0')}-${String(day.month).padStart(2, '0')}-${String(day.day).padStart(2, '0')}`;
}

/** Adds days, months or years; the day of the month is clipped to the month's length. */
export function addTo(day: Day, count: number, unit: DateUnit): Day {
  if (unit === 'day' || unit === 'week') {
    const moved = new Date(Date.UTC(day.year, day.month - 1, day.day + count * (unit === 'week' ? 7 : 1)));
    return { year: moved.getUTCFullYear(), month: moved.getUTCMonth() + 1, day: moved.getUTCDate() };
  }
  const months = day.year * 12 + (day.month - 1) + count * { month: 1, quarter: 3, year: 12 }[unit];
  const year = Math.floor(months / 12);
  const month = months - year * 12 + 1;
  return { year, month, day: Math.min(day.day, new Date(Date.UTC(year, month, 0)).getUTCDate()) };
}

/** First day of the unit that a day lies in; weeks start on Monday (ISO 8601). */
export function startOf(day: Day, unit: DateUnit): Day {
  switch (unit) {
    case 'day':
      return day;
    case 'week':
      return addTo(day, -((new Date(Date.UTC(day.year, day.month - 1, day.day)).getUTCDay() + 6) % 7), 'day');
    case 'month':
      return { ...day, day: 1 };
    case 'quarter':
      return { year: day.year, month: day.month - ((day.month - 1) % 3), day: 1 };
    case 'year':
      return { year: day.year, month: 1, day: 1 };
  }
}

/** The number of a month name or its three-letter form; null for any other word. `may` only where `capital` says it is a name. */
export function monthNumber(word: Word): number | null {
  if (word.kind !== 'word') return null;
  const index = MONTHS.findIndex(
    (name) =>
      name === word.folded ||
      (word.folded.length === 3 && name.startsWith(word.folded)) ||
      (word.folded === 'sept' && name === 'september'),
  );
  if (index < 0 || (word.folded === 'may' && !word.capital)) return null;
  return index + 1;
}

/** A day written as `2025-03-01`, checked against the calendar; null where it is none. */
export function parseIsoDay(text: string): Day | null {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  return match ? validDay(Number(match[1]), Number(match[2]), Number(match[3])) : null;
}

function validDay(year: number, month: number, day: number): Day | null {
  const made = new Date(Date.UTC(year, month - 1, day));
  return made.getUTCMonth() === month - 1 && made.getUTCDate() === day && year >= 1000 ? { year, month, day } : null;
}

const yearOf = (word: Word | undefined): number | null =>
  word?.kind === 'number' && /^(?:1[5-9]|2[01])\d\d$/.test(word.text) ? Number(word.text) : null;

const ordinal = (word: Word | undefined): number | null => {
  const match = word && /^(\d{1,2})(?:st|nd|rd|th)?$/.exec(word.folded);
  return match ? Number(match[1]) : null;
};

/** One named day at `words[at]`: ISO, `5 March 2025`, `March 5, 2025`, today, yesterday, tomorrow. */
export function parseDay(
  words: readonly Word[],
  at: number,
  today: Day,
): { readonly day: Day; readonly length: number } | null {
  const word = words[at];
  if (!word) return null;
  const found = (day: Day | null, length: number) => (day ? { day, length } : null);
  const iso = parseIsoDay(word.text);
  if (iso) return { day: iso, length: 1 };
  if (word.folded === 'today') return { day: today, length: 1 };
  if (word.folded === 'yesterday') return { day: addTo(today, -1, 'day'), length: 1 };
  if (word.folded === 'tomorrow') return { day: addTo(today, 1, 'day'), length: 1 };
  const month = monthNumber(word);
  const next = words[at + 1];
  if (month !== null && ordinal(next) !== null && yearOf(words[at + 2]) !== null) {
    return found(validDay(yearOf(words[at + 2])!, month, ordinal(next)!), 3);
  }
  const start = ordinal(word);
  if (start !== null && next) {
    const skip = next.folded === 'of' ? 1 : 0;
    const named = words[at + 1 + skip] ? monthNumber(words[at + 1 + skip]!) : null;
    const year = yearOf(words[at + 2 + skip]);
    if (named !== null && year !== null) return found(validDay(year, named, start), 3 + skip);
  }
  return null;
}

/**
 * A period at `words[at]` without a preposition: a day, `March 2025`, `Q3 2025`, `2025` (only where `bareYear`), `this
 * month`, `last year`, `last 30 days`, `the year 2024`. "Last month" is the whole calendar month before this one;
 * "last 30 days" are the 30 days that end with today.
 */
export function parsePeriod(words: readonly Word[], at: number, today: Day, bareYear: boolean): DatePhrase | null {
  const word = words[at];
  if (!word) return null;
  if (word.folded === 'the') return lengthen(parsePeriod(words, at + 1, today, bareYear), 1);
  const named = parseDay(words, at, today);
  if (named) return { range: unitRange(named.day, 'day'), length: named.length };
  const next = words[at + 1];
  const month = monthNumber(word);
  if (month !== null) {
    const skip = next?.folded === 'of' ? 1 : 0;
    const year = yearOf(words[at + 1 + skip]);
    return year === null ? null : { range: unitRange({ year, month, day: 1 }, 'month'), length: 2 + skip };
  }
  const quarter = /^q([1-4])$/.exec(word.folded);
  if (quarter) {
    const skip = next?.folded === 'of' ? 1 : 0;
    const year = yearOf(words[at + 1 + skip]);
    return year === null
      ? null
      : { range: unitRange({ year, month: Number(quarter[1]) * 3 - 2, day: 1 }, 'quarter'), length: 2 + skip };
  }
  if (word.folded === 'year' && yearOf(next) !== null)
    return { range: unitRange({ year: yearOf(next)!, month: 1, day: 1 }, 'year'), length: 2 };
  if (bareYear && yearOf(word) !== null)
    return { range: unitRange({ year: yearOf(word)!, month: 1, day: 1 }, 'year'), length: 1 };
  return relativePeriod(words, at, today);
}

function relativePeriod(words: readonly Word[], at: number, today: Day): DatePhrase | null {
  const which = words[at]!.folded;
  const next = words[at + 1];
  if (next === undefined) return null;
  const unit = UNITS.find((each) => each === next.folded);
  const step = { this: 0, current: 0, last: -1, previous: -1, past: -1, next: 1 }[which];
  if (step === undefined) return null;
  if (unit && unit !== 'day') return { range: unitRange(addTo(startOf(today, unit), step, unit), unit), length: 2 };
  const count = next.kind === 'number' ? Number(next.folded) : SMALL_NUMBERS.get(next.folded);
  const plural = UNITS.find((each) => each === words[at + 2]?.folded || `${each}s` === words[at + 2]?.folded);
  if (step !== -1 || count === undefined || !Number.isInteger(count) || count < 1 || count > 10_000 || !plural)
    return null;
  const from = addTo(addTo(today, 1, 'day'), -count, plural);
  return { range: { from: isoDay(from), to: isoDay(addTo(today, 1, 'day')), year: null }, length: 3 };
}

/** Numbers that people write as words. */
export const SMALL_NUMBERS: ReadonlyMap<string, number> = new Map(
  'zero one two three four five six seven eight nine ten eleven twelve'.split(' ').map((word, value) => [word, value]),
);

/** The range of the unit that starts with a day. */
export function unitRange(start: Day, unit: DateUnit): DateRange {
  return { from: isoDay(start), to: isoDay(addTo(start, 1, unit)), year: unit === 'year' ? start.year : null };
}

function lengthen(phrase: DatePhrase | null, by: number): DatePhrase | null {
  return phrase && { ...phrase, length: phrase.length + by };
}

/**
 * A date condition at `words[at]`, with its preposition: `in 2024`, `since March 2025`, `before 2024-05-01`,
 * `between 2023 and 2024`, `from 1 May 2025 to 3 May 2025`, `today`, `during last year`, `on 2025-01-01`.
 * A bare year without a preposition is not one.
 */
export function parseDateCondition(words: readonly Word[], at: number, today: Day): DatePhrase | null {
  const word = words[at]?.folded;
  if (word === undefined) return null;
  if (word === 'between' || word === 'from') {
    const first = parsePeriod(words, at + 1, today, true);
    const link = first && words[at + 1 + first.length]?.folded;
    if (first && (link === 'and' || link === 'to' || link === 'until' || link === 'till')) {
      const second = parsePeriod(words, at + 2 + first.length, today, true);
      if (second)
        return {
          range: { from: first.range.from, to: second.range.to, year: null },
          length: 2 + first.length + second.length,
        };
    }
    if (word === 'between' || !first) return null;
    return { range: first.range, length: 1 + first.length };
  }
  if (['in', 'during', 'on', 'for', 'of', 'within', 'over', 'at'].includes(word)) {
    const period = parsePeriod(
      words,
      at + 1,
      today,
      word === 'in' || word === 'during' || word === 'for' || word === 'of',
    );
    return lengthen(period, 1);
  }
  const side = { since: 'from', before: 'before', after: 'after', until: 'through', till: 'through' }[word];
  if (side) {
    const period = parsePeriod(words, at + 1, today, true);
    if (!period) return null;
    const { from, to } = period.range;
    const range = {
      from: { from: from, to: null },
      before: { from: null, to: from },
      after: { from: to, to: null },
      through: { from: null, to: to },
    }[side]!;
    return { range: { ...range, year: null }, length: 1 + period.length };
  }
  return parsePeriod(words, at, today, false);
}
