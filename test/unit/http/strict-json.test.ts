import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { parseStrictJson } from '../../../src/http/strict-json.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('parseStrictJson', () => {
  it('reads an object, with text that looks like keys and brackets left alone', () => {
    const text = '{"question": "a \\"b\\": {[,", "list": ["x", "x", {"x": 1}], "other": {"question": 2}}';
    expect(parseStrictJson(bytes(text))).toEqual(JSON.parse(text));
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{question: 1}'],
    ['an array', '["question"]'],
    ['null', 'null'],
    ['a number', '7'],
    ['a key twice', '{"sql": "SELECT 1", "sql": "SELECT 2"}'],
    ['a key twice by an escape', '{"sql": "SELECT 1", "s\\u0071l": "SELECT 2"}'],
    ['a key twice further down', '{"a": [{"b": 1, "c": [1, 2], "b": 2}]}'],
    ['a prototype key', '{"__proto__": {"admin": true}}'],
    ['a prototype key by an escape', '{"a": {"\\u005f_proto__": 1}}'],
    ['a constructor key', '{"constructor": 1}'],
    ['deep nesting', `{"a": ${'['.repeat(17)}${']'.repeat(17)}}`],
    ['a byte order mark', '\ufeff{"a": 1}'],
    ['text after the end', '{"a": 1} {"a": 2}'],
  ])('refuses %s', (_what, text) => {
    expect(() => parseStrictJson(bytes(text))).toThrowError(SwaliError);
    try {
      parseStrictJson(bytes(text));
    } catch (error) {
      expect((error as SwaliError).code).toBe('REQUEST_INVALID');
    }
  });

  it('refuses broken UTF-8', () => {
    expect(() => parseStrictJson(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))).toThrow(/UTF-8/);
  });

  it('refuses 64 KiB of brackets before it builds anything of them', () => {
    expect(() => parseStrictJson(bytes('['.repeat(65_536)))).toThrow(/nested too deeply/);
  });
});
