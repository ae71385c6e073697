import { describe, expect, it } from 'vitest';
import { isoDate, parseDayNumber, startOfYear } from '../../../src/demo/calendar.js';
import { planDemo } from '../../../src/demo/plan.js';

describe('the plan of a demonstration', () => {
  it('makes about 200 customers and 3 400 orders at scale 1', () => {
    const plan = planDemo(1, 1, '2026-07-15');
    expect([plan.customers, plan.orders]).toEqual([200, 3400]);
  });

  it('passes a million orders at scale 300', () => {
    expect(planDemo(300, 1, '2026-07-15').orders).toBeGreaterThanOrEqual(1_000_000);
  });

  it('starts on 1 January three years back and ends on the day it is made', () => {
    const plan = planDemo(1, 1, '2024-02-29');
    expect([isoDate(plan.firstDay), isoDate(plan.lastDay)]).toEqual(['2021-01-01', '2024-02-29']);
  });

  it('lets customers join in the order of their numbers, none after the last day', () => {
    const plan = planDemo(0.3, 1, '2026-01-01');
    const days = Array.from({ length: plan.customers }, (_, index) => plan.joinDay(index));
    expect(days).toEqual([...days].sort((a, b) => a - b));
    expect(days[0]).toBeLessThan(plan.firstDay);
    expect(days.at(-1)).toBeLessThanOrEqual(plan.lastDay);
  });

  it.each([
    [0, 1, '2026-01-01'],
    [-1, 1, '2026-01-01'],
    [Number.NaN, 1, '2026-01-01'],
    [10_001, 1, '2026-01-01'],
    [1, 1.5, '2026-01-01'],
    [1, Number.NaN, '2026-01-01'],
    [1, 1, '2026-02-30'],
    [1, 1, '2026-1-1'],
    [1, 1, 'today'],
  ])('refuses scale %s, seed %s, day %s', (scale, seed, today) => {
    expect(() => planDemo(scale, seed, today)).toThrow(expect.objectContaining({ code: 'DEMO_TARGET_REFUSED' }));
  });
});

describe('the calendar', () => {
  it('reads what it writes', () => {
    for (const day of ['1970-01-01', '2000-02-29', '2026-12-31']) expect(isoDate(parseDayNumber(day))).toBe(day);
    expect(isoDate(startOfYear(parseDayNumber('2026-07-15'), 1))).toBe('2025-01-01');
  });
});
