import { expect, it } from 'vitest';
import { createBackoff } from '../../../src/operate/backoff.js';

const pauses = (random: () => number) => {
  const backoff = createBackoff({ firstMs: 100, longestMs: 1000, random });
  return [1, 2, 3, 4, 5, 1000].map(backoff);
};

it('waits for twice as long after each failure, up to the bound, and at least half of that', () => {
  expect(pauses(() => 0)).toEqual([50, 100, 200, 400, 500, 500]);
  expect(pauses(() => 0.999_999)).toEqual([100, 200, 400, 800, 1000, 1000]);
});

it('spreads what failed together', () => {
  const random = [0.1, 0.9];
  const backoff = createBackoff({ firstMs: 100, longestMs: 1000, random: () => random.shift() ?? 0 });
  expect(backoff(1)).not.toBe(backoff(1));
});
