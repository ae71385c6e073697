import mysql, { type FieldPacket } from 'mysql2';
import { describe, expect, it } from 'vitest';
import type { ParameterValue } from '../../../src/domain/sealed-statement.js';
import { bindParameter, readColumn } from '../../../src/source/mysql-values.js';

const { Types } = mysql;
const column = (columnType: number, characterSet = 45, extra = {}) =>
  readColumn({ columnType, characterSet, ...extra } as unknown as FieldPacket);

describe('a column of a server', () => {
  it('has the type that its values have in JSON', () => {
    expect(column(Types.LONGLONG, 63).type).toBe('integer');
    expect(column(Types.NEWDECIMAL, 63).type).toBe('decimal');
    expect(column(Types.VAR_STRING).type).toBe('text');
    expect(column(Types.VAR_STRING, 63).type).toBe('binary');
    expect(column(Types.BLOB, 63).type).toBe('binary');
    expect(column(Types.BLOB).type).toBe('text');
    expect(column(Types.BLOB, 45, { extendedFormat: 'json' }).type).toBe('json');
    expect(column(Types.TIMESTAMP, 63).type).toBe('datetime');
    expect(column(Types.BIT, 63).type).toBe('binary');
    expect(column(250).type).toBe('text');
  });

  it('writes a 32-bit float as the shortest number that names it', () => {
    for (const [value, written] of [
      [0.1, 0.1],
      [2.5, 2.5],
      [16777216, 16777216],
      [3.4028235e38, 3.4028235e38],
      [1e-7, 1e-7],
    ] as const)
      expect(column(Types.FLOAT).toResult(Math.fround(value))).toBe(written);
    expect(column(Types.FLOAT).toResult(null)).toBeNull();
  });

  it('writes bytes as hexadecimal and whatever is parsed as JSON', () => {
    expect(column(Types.BLOB, 63).toResult(Buffer.from([0, 255]))).toBe('0x00ff');
    expect(column(Types.GEOMETRY, 63).toResult({ x: 1, y: 2 })).toBe('{"x":1,"y":2}');
    expect(column(Types.DOUBLE, 63).toResult(Number.NaN)).toBeNull();
  });
});

describe('a parameter for a server', () => {
  it('is exact: whole numbers go as integers, larger ones as decimals', () => {
    expect(bindParameter(7)).toMatchObject({ type: Types.LONGLONG });
    expect(bindParameter(1.5)).toMatchObject({ type: Types.DOUBLE });
    expect(bindParameter(2n ** 53n + 1n)).toMatchObject({
      type: Types.LONGLONG,
      unsigned: false,
      value: 9007199254740993n,
    });
    expect(bindParameter(2n ** 64n - 1n)).toMatchObject({ type: Types.LONGLONG, unsigned: true });
    expect(bindParameter(2n ** 64n)).toMatchObject({ type: Types.NEWDECIMAL, value: '18446744073709551616' });
    expect(bindParameter('7')).toBe('7');
    expect(bindParameter(null)).toBeNull();
  });

  it.each([
    [{}],
    [[1]],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [true],
    [undefined],
    [new Date(0)],
    [Buffer.from('a')],
  ])('is not %j', (value) => {
    expect(() => bindParameter(value as unknown as ParameterValue)).toThrow(TypeError);
  });
});
