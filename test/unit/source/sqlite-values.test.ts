import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SqliteValue, settleRows, toResultValue } from '../../../src/source/sqlite-values.js';

const settle = (declared: string | null, ...values: readonly SqliteValue[]) => {
  const { types, rows } = settleRows(
    [declared],
    values.map((value) => [value]),
  );
  return [types[0], rows.map((row) => row[0])];
};

describe('a value of SQLite', () => {
  it('is exact in JSON', () => {
    expect(toResultValue(9007199254740991n)).toBe(9007199254740991);
    expect(toResultValue(9007199254740992n)).toBe('9007199254740992');
    expect(toResultValue(-9223372036854775808n)).toBe('-9223372036854775808');
    expect(toResultValue(Number.POSITIVE_INFINITY)).toBeNull();
    expect(toResultValue(new Uint8Array([0, 255]))).toBe('0x00ff');
    expect(toResultValue('é\0')).toBe('é\0');
  });

  it('takes its type from the values of an expression', () => {
    expect(settle(null, 1n, 2n)).toEqual(['integer', [1, 2]]);
    expect(settle(null, 1n, 2.5, null)).toEqual(['float', [1, 2.5, null]]);
    expect(settle(null, 'a', null)).toEqual(['text', ['a', null]]);
    expect(settle(null, new Uint8Array([1]))).toEqual(['binary', ['0x01']]);
    expect(settle(null, 'a', 1n)).toEqual(['unknown', ['a', 1]]);
    expect(settle(null, null)).toEqual(['unknown', [null]]);
    expect(settle(null)).toEqual(['unknown', []]);
  });

  it('takes its type from the declared one where every value fits', () => {
    expect(settle('DATE', '2026-03-01', null)).toEqual(['date', ['2026-03-01', null]]);
    expect(settle('DATE', '2026-03-01', 'soon')).toEqual(['text', ['2026-03-01', 'soon']]);
    expect(settle('DATE', 1772323200n)).toEqual(['integer', [1772323200]]);
    expect(settle('DATETIME', '2026-03-01 12:00:00', '2026-03-01T12:00:00.5Z')[0]).toBe('datetime');
    expect(settle('TIME', '-12:30')[0]).toBe('time');
    expect(settle('JSON', '{"a":1}')[0]).toBe('json');
    expect(settle('BOOLEAN', 1n, 0n)).toEqual(['integer', [1, 0]]);
    expect(settle('INTEGER', 'seven')).toEqual(['text', ['seven']]);
    expect(settle('REAL', 1n)).toEqual(['float', [1]]);
  });

  it('keeps the declared type where there is no value', () => {
    expect(settle('DATE')[0]).toBe('date');
    expect(settle('VARCHAR(5)', null)[0]).toBe('text');
    expect(settle('BOOLEAN', null)[0]).toBe('integer');
  });

  it('writes decimals as text with the declared scale, where that names the same number', () => {
    expect(settle('DECIMAL(10,2)', 12.5, 3n, null)).toEqual(['decimal', ['12.50', '3.00', null]]);
    expect(settle('DECIMAL(10,2)', 12.345)).toEqual(['decimal', ['12.345']]);
    expect(settle('DECIMAL', 12.5, 3n)).toEqual(['decimal', ['12.5', '3']]);
    expect(settle('NUMERIC', 1e21, 1.5e-7)).toEqual(['decimal', ['1000000000000000000000', '0.00000015']]);
    expect(settle('DECIMAL(30,0)', 9007199254740993n)).toEqual(['decimal', ['9007199254740993']]);
    expect(settle('DECIMAL(10,2)', 12.5, 'n/a')[0]).toBe('unknown');
  });

  it('never changes a decimal by writing it', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 0, max: 12 }),
        (value, scale) => {
          const text = String((settle(`DECIMAL(38,${scale})`, value)[1] as unknown[])[0]);
          expect(text).toMatch(/^-?\d+(\.\d+)?$/);
          expect(Number(text) === value || Object.is(value, -0)).toBe(true);
        },
      ),
    );
  });
});
