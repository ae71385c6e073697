import { describe, expect, it } from 'vitest';
import { createRandom, unitOf } from '../../../src/demo/random.js';

const draw = (seed: number, name: string, count: number) => {
  const random = createRandom(seed, name);
  return Array.from({ length: count }, () => random.next());
};

describe('the seeded stream', () => {
  it('gives the same numbers for the same seed and name, and others otherwise', () => {
    expect(draw(7, 'orders', 50)).toEqual(draw(7, 'orders', 50));
    expect(draw(7, 'orders', 50)).not.toEqual(draw(8, 'orders', 50));
    expect(draw(7, 'orders', 50)).not.toEqual(draw(7, 'customers', 50));
    expect(draw(7, 'orders', 50)).not.toEqual(draw(7 + 2 ** 32, 'orders', 50));
  });

  it('never changes: another stream would change every demonstration', () => {
    const random = createRandom(2026, 'orders');
    expect(Array.from({ length: 4 }, () => random.integer(0, 999_999))).toEqual([777_750, 815_690, 246_544, 391_326]);
  });

  it('spreads evenly', () => {
    const tenths = new Array<number>(10).fill(0);
    for (const value of draw(1, 'spread', 20_000)) tenths[Math.floor(value * 10)]! += 1;
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it('keeps both ends of a range and follows weights', () => {
    const random = createRandom(3, 'ends');
    expect(new Set(Array.from({ length: 400 }, () => random.integer(-1, 2)))).toEqual(new Set([-1, 0, 1, 2]));
    const heavy = Array.from({ length: 2000 }, () =>
      random.weighted([
        ['a', 9],
        ['b', 1],
        ['c', 0],
      ] as const),
    );
    expect(heavy.filter((value) => value === 'a').length).toBeGreaterThan(1700);
    expect(heavy).toContain('b');
    expect(heavy).not.toContain('c');
  });

  it('gives a member of a set the same number each time, spread evenly', () => {
    expect(unitOf(1, 'x', 5)).toBe(unitOf(1, 'x', 5));
    const values = Array.from({ length: 5000 }, (_, index) => unitOf(1, 'x', index));
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / 5000 - 0.5)).toBeLessThan(0.02);
    expect(new Set(values).size).toBeGreaterThan(4990);
  });
});
