import { describe, expect, it } from 'vitest';
import { parseStrictForm } from '../../../src/http/strict-form.js';

const parse = (text: string) => ({ ...parseStrictForm(new TextEncoder().encode(text)) });

describe('parseStrictForm', () => {
  it('reads names and values, decoded once', () => {
    expect(parse('SAMLResponse=a%2Bb&RelayState=x+y%2525')).toEqual({ SAMLResponse: 'a+b', RelayState: 'x y%25' });
    expect(parse('')).toEqual({});
  });

  it.each([
    ['a name twice', 'a=1&a=2'],
    ['__proto__', '__proto__=1'],
    ['constructor', 'constructor=1'],
    ['prototype, escaped', 'proto%74ype=1'],
    ['too many fields', Array.from({ length: 33 }, (_, index) => `f${index}=1`).join('&')],
  ])('refuses %s', (_name, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  it('refuses what is not UTF-8', () => {
    expect(() => parseStrictForm(new Uint8Array([0x61, 0x3d, 0xff]))).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
  });
});
