import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printCanonicalJson } from '../../../src/audit/canonical-json.js';

describe('canonical JSON', () => {
  it('orders keys by code unit and leaves no white space', () => {
    expect(printCanonicalJson({ b: [1, { d: null, c: true }], a: 'x y', é: 1, Z: -0 })).toBe(
      '{"Z":0,"a":"x y","b":[1,{"c":true,"d":null}],"é":1}',
    );
  });

  it('says the same as JSON for any JSON value, whatever the order of its keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = printCanonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(printCanonicalJson(reverseKeys(value))).toBe(text);
      }),
    );
  });

  it.each([
    ['undefined', undefined],
    ['a member that is undefined', { a: undefined }],
    ['NaN', Number.NaN],
    ['infinity', [Number.POSITIVE_INFINITY]],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a function', () => 1],
  ])('refuses %s', (_, value) => {
    expect(() => printCanonicalJson(value)).toThrow(TypeError);
  });
});

function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reverseKeys(member)]),
  );
}
