import { describe, expect, it } from 'vitest';
import { estimateRows } from '../../../src/source/estimate.js';

describe('the estimate of a plan', () => {
  it('multiplies the tables of one SELECT and adds the SELECTs', () => {
    expect(
      estimateRows([
        { id: 1, rows: 100 },
        { id: 1, rows: 20 },
        { id: 2, rows: 7 },
      ]),
    ).toBe(2007);
  });

  it('takes a step without an estimate for one row', () => {
    expect(
      estimateRows([
        { id: 1, rows: null },
        { id: 1, rows: 5 },
        { id: null, rows: null },
      ]),
    ).toBe(6);
    expect(estimateRows([])).toBe(0);
  });

  it('reads estimates beyond 2^53, which arrive as text', () => {
    expect(estimateRows([{ id: 1, rows: '18446744073709551615' }])).toBeGreaterThan(1e19);
  });
});
