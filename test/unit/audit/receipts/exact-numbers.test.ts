import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hasExactNumbers } from '../../../../src/audit/receipts/exact-numbers.js';

it('takes whatever JSON.stringify prints', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => hasExactNumbers(JSON.stringify(value))));
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => hasExactNumbers(JSON.stringify(n))),
  );
});

it.each([
  ['7.0', true],
  ['[1e3, 0.0e5, -0]', true],
  ['"10000000000000001"', true],
  ['{"a\\"10000000000000001":1}', true],
  ['10000000000000001', false],
  ['[0.10000000000000001]', false],
  ['1e400', false],
  ['1e-400', false],
])('of %s says %s', (json, expected) => {
  expect(hasExactNumbers(json)).toBe(expected);
});
