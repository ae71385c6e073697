import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../../src/audit/alerts/duration.js';
import { nextWaitMs, parseRetryAfter } from '../../../../src/audit/alerts/retry-times.js';

const TIMES = { first_retry: 1000, longest_retry: 60_000 };
const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('the wait before the next try', () => {
  it('doubles with each failure up to its bound, half of it by lot', () => {
    const waits = (lot: number) => [1, 2, 3, 7, 500].map((failures) => nextWaitMs(TIMES, failures, null, () => lot));
    expect(waits(0)).toEqual([500, 1000, 2000, 30_000, 30_000]);
    expect(waits(1)).toEqual([1000, 2000, 4000, 60_000, 60_000]);
  });

  it('is as long as the receiver asks for, and never shorter than its own', () => {
    expect(nextWaitMs(TIMES, 1, 90_000, () => 1)).toBe(90_000);
    expect(nextWaitMs(TIMES, 1, 10, () => 1)).toBe(1000);
  });

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['999999999', 86_400_000],
    ['-5', null],
    ['soon', null],
    ['2026-03-01', null],
    ['', null],
    [undefined, null],
  ])('reads Retry-After: %s', (text, expected) => {
    expect(parseRetryAfter(text, NOW)).toBe(expected);
  });
});

it('reads spans with their unit, and nothing else', () => {
  expect(['500ms', '30s', '15m', '1h', '7d'].map(parseDuration)).toEqual([
    500, 30_000, 900_000, 3_600_000, 604_800_000,
  ]);
  for (const text of ['', '15', 'm', '0m', '-1m', '1.5h', '1 h', '1h30m', '1w', '9999999s'])
    expect(parseDuration(text)).toBeNull();
});
