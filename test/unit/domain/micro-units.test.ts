import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMicroUnits, printMicroUnits } from '../../../src/domain/micro-units.js';

describe('amounts of money', () => {
  it.each([
    ['0', 0],
    ['1', 1_000_000],
    ['0.15', 150_000],
    ['0.000001', 1],
    ['999999999.999999', 999_999_999_999_999],
  ])('are read exactly: %s', (text, units) => {
    expect(parseMicroUnits(text)).toBe(units);
    expect(printMicroUnits(units)).toBe(text);
  });

  it.each(['', '.5', '5.', '-1', '+1', '1e3', '1,5', ' 1', '1.0000001', '1000000000', 'NaN'])(
    'are none in %j',
    (text) => {
      expect(parseMicroUnits(text)).toBeNull();
    },
  );

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (units) => {
        fc.pre(units < 1e15);
        expect(parseMicroUnits(printMicroUnits(units))).toBe(units);
      }),
    );
  });
});
