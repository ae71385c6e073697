import { describe, expect, it } from 'vitest';
import { createStatementTimes } from '../../../src/operate/statement-times.js';

describe('createStatementTimes', () => {
  it('compares each statement with itself alone', () => {
    const times = createStatementTimes();
    expect(times.stretchOf('slow', 997, true)).toBe(1);
    expect(times.stretchOf('quick', 7, true)).toBe(1);
    expect(times.stretchOf('slow', 1997, false)).toBe(2);
    expect(times.stretchOf('quick', 17, false)).toBe(2);
  });

  it('takes differences of single milliseconds for noise', () => {
    const times = createStatementTimes();
    times.stretchOf('quick', 0.5, true);
    expect(times.stretchOf('quick', 1.5, false)).toBeLessThan(1.3);
  });

  it('learns from what runs alone that a source has become slower, and from a crowd only that it is faster', () => {
    const times = createStatementTimes();
    times.stretchOf('one', 97, true);
    for (let each = 0; each < 99; each += 1) times.stretchOf('one', 397, false);
    expect(times.stretchOf('one', 397, false)).toBe(4);
    times.stretchOf('one', 47, false);
    expect(times.stretchOf('one', 97, false)).toBe(2);
    for (let each = 0; each < 99; each += 1) times.stretchOf('one', 397, true);
    expect(times.stretchOf('one', 397, true)).toBeLessThan(1.01);
  });
});
