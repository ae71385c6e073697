import { describe, expect, it } from 'vitest';
import { addTo, localDay, parseDateCondition, startOf } from '../../../src/translate/dates.js';
import { splitWords } from '../../../src/translate/words.js';

/** A Sunday. */
const TODAY = { year: 2026, month: 3, day: 15 };

function rangeOf(text: string): readonly [string | null, string | null] | null {
  const { words } = splitWords(text);
  const found = parseDateCondition(words, 0, TODAY);
  return found && found.length === words.length ? [found.range.from, found.range.to] : null;
}

describe('parseDateCondition', () => {
  it.each([
    ['today', '2026-03-15', '2026-03-16'],
    ['yesterday', '2026-03-14', '2026-03-15'],
    ['this week', '2026-03-09', '2026-03-16'],
    ['last week', '2026-03-02', '2026-03-09'],
    ['this month', '2026-03-01', '2026-04-01'],
    ['last month', '2026-02-01', '2026-03-01'],
    ['this quarter', '2026-01-01', '2026-04-01'],
    ['last quarter', '2025-10-01', '2026-01-01'],
    ['last year', '2025-01-01', '2026-01-01'],
    ['next year', '2027-01-01', '2028-01-01'],
    ['in 2024', '2024-01-01', '2025-01-01'],
    ['in March 2025', '2025-03-01', '2025-04-01'],
    ['in Dec 2025', '2025-12-01', '2026-01-01'],
    ['in May 2025', '2025-05-01', '2025-06-01'],
    ['in Q3 2025', '2025-07-01', '2025-10-01'],
    ['during the year 2024', '2024-01-01', '2025-01-01'],
    ['on 2025-02-28', '2025-02-28', '2025-03-01'],
    ['on 5 March 2025', '2025-03-05', '2025-03-06'],
    ['on March 5th, 2025', '2025-03-05', '2025-03-06'],
    ['last 30 days', '2026-02-14', '2026-03-16'],
    ['in the last 7 days', '2026-03-09', '2026-03-16'],
    ['in the past three months', '2025-12-16', '2026-03-16'],
    ['since 2024', '2024-01-01', null],
    ['since last month', '2026-02-01', null],
    ['before 2024', null, '2024-01-01'],
    ['after March 2025', '2025-04-01', null],
    ['until 2024', null, '2025-01-01'],
    ['between 2023 and 2024', '2023-01-01', '2025-01-01'],
    ['from 1 May 2025 to 3 May 2025', '2025-05-01', '2025-05-04'],
  ])('reads "%s"', (text, from, to) => {
    expect(rangeOf(text)).toEqual([from, to]);
  });

  it.each([
    '2024',
    'in 30',
    'on 2025-02-30',
    'in May',
    'last',
    'since Nairobi',
    'between 2023',
    'may 2025 or',
    'in 99999',
  ])('does not read "%s"', (text) => {
    expect(rangeOf(text)).toBeNull();
  });
});

describe('calendar days', () => {
  it('are those of the time zone', () => {
    const midnight = Date.parse('2025-12-31T22:30:00Z');
    expect(localDay(midnight, 'Africa/Nairobi')).toEqual({ year: 2026, month: 1, day: 1 });
    expect(localDay(midnight, 'America/New_York')).toEqual({ year: 2025, month: 12, day: 31 });
  });

  it('clip to the length of the month', () => {
    expect(addTo({ year: 2024, month: 1, day: 31 }, 1, 'month')).toEqual({ year: 2024, month: 2, day: 29 });
    expect(addTo({ year: 2026, month: 3, day: 31 }, -1, 'quarter')).toEqual({ year: 2025, month: 12, day: 31 });
    expect(addTo({ year: 2026, month: 1, day: 1 }, -1, 'day')).toEqual({ year: 2025, month: 12, day: 31 });
  });

  it('start weeks on Monday', () => {
    expect(startOf({ year: 2026, month: 1, day: 1 }, 'week')).toEqual({ year: 2025, month: 12, day: 29 });
  });
});
