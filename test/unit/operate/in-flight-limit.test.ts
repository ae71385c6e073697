import { describe, expect, it } from 'vitest';
import { createInFlightLimit, fixedLimit } from '../../../src/operate/in-flight-limit.js';

function open(start = 8, most = 32) {
  const time = { ms: 0 };
  const limit = createInFlightLimit({ start, most, now: () => time.ms });
  /** One window of requests that were stretched so much, with so many in flight. */
  const pass = (stretch: number, load = limit.limit(), times = 1) => {
    for (let each = 0; each < times; each += 1) {
      time.ms += 100;
      for (let sample = 0; sample < 3; sample += 1) limit.note({ stretch, load });
    }
    return limit.limit();
  };
  return { limit, pass, time };
}

describe('createInFlightLimit', () => {
  it('cuts by as much as requests are stretched, and never below one', () => {
    const { pass } = open();
    expect(pass(2.7)).toBe(4);
    expect(pass(100, 4, 10)).toBe(1);
  });

  it('is never cut below the least', () => {
    const limit = createInFlightLimit({ start: 8, least: 4, most: 32, now: () => 0 });
    for (let sample = 0; sample < 24; sample += 1) limit.note({ stretch: 100, load: 8 });
    expect(limit.limit()).toBe(4);
  });

  it('is not cut by single requests that took long', () => {
    const { limit, time } = open();
    time.ms += 100;
    for (const stretch of [1, 50, 1]) limit.note({ stretch, load: 2 });
    expect(limit.limit()).toBe(8);
  });

  it('grows slowly where it is reached and nothing is stretched, up to the most', () => {
    const { pass } = open();
    expect(pass(1, 8, 2)).toBe(9);
    expect(pass(1, 32, 100)).toBe(32);
  });

  it('does not grow where it is not reached, and forgets what is not used', () => {
    const { pass } = open();
    expect(pass(1, 3, 20)).toBe(8);
    pass(1, 32, 100);
    expect(pass(1, 6, 60)).toBeLessThanOrEqual(13);
  });

  it('judges nothing by too few requests or too short a time', () => {
    const { limit, time } = open();
    limit.note({ stretch: 9, load: 8 });
    time.ms += 500;
    limit.note({ stretch: 9, load: 8 });
    expect(limit.limit()).toBe(8);
    limit.note({ stretch: 9, load: 8 });
    expect(limit.limit()).toBe(3);
  });

  it('judges a flood before the window is over', () => {
    const { limit } = open();
    for (let each = 0; each < 24; each += 1) limit.note({ stretch: 9, load: 8 });
    expect(limit.limit()).toBe(3);
  });

  it('shrinks where every statement waits for its place, not where some do', () => {
    for (const [waits, expected] of [
      [[20, 30, 40], 6],
      [[0, 30, 40], 8],
      [[30], 8],
    ] as const) {
      const { limit, pass } = open();
      for (const ms of waits) limit.noteWait(ms);
      expect(pass(1, 2)).toBe(expected);
    }
  });

  it('shrinks while the event loop is late, without waiting for a request to end', () => {
    const { limit } = open();
    limit.noteDelay(99);
    expect(limit.limit()).toBe(8);
    limit.noteDelay(101);
    expect(limit.limit()).toBe(6);
  });
});

it('stays where somebody has set it', () => {
  const limit = fixedLimit(5);
  for (let each = 0; each < 99; each += 1) limit.note({ stretch: 99, load: 5 });
  limit.noteDelay(999);
  limit.noteWait(999);
  expect(limit.limit()).toBe(5);
});
