import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { normaliseIdentifier, parseCustomerNumber } from '../../../src/identify/identifiers.js';

describe('normalising an identifier', () => {
  it.each([
    ['an e-mail address in capitals', ' Ada@Example.ORG ', 'email', 'ada@example.org'],
    ['full-width letters', 'Ａda＠example.org', 'email', 'ada@example.org'],
    ['letters and combining marks', 'Ade\u0301@example.org', 'email', 'adé@example.org'],
    ['a customer number, keeping its case', 'C-007a', 'customer-number', 'C-007a'],
    ['a customer number with leading zeros', '0103', 'customer-number', '0103'],
  ])('takes %s', (_, text, form, value) => {
    expect(normaliseIdentifier(text)).toEqual({ form, value });
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \t '],
    ['a zero-width space', 'ada\u200b@example.org'],
    ['a soft hyphen', 'a\u00adda@example.org'],
    ['a right-to-left override', 'ada\u202e@example.org'],
    ['a byte order mark', 'ada\ufeff@example.org'],
    ['a variation selector', 'C7\ufe0f'],
    ['a Hangul filler', 'C7\u3164'],
    ['a control character', 'C\u00007'],
    ['a line break', 'ada@example.org\nx'],
    ['a lone surrogate', 'C\ud800'],
    ['an unassigned character', 'C\u0378'],
    ['a private character', 'C\ue000'],
    ['white space inside', 'C 7'],
    ['a no-break space inside', 'C\u00a07'],
    ['two @', 'a@b@example.org'],
    ['an @ alone', '@'],
    ['an @ at the end', 'ada@'],
    ['too much', 'a'.repeat(191)],
    ['too long an address', `${'a'.repeat(250)}@x.org`],
  ])('refuses %s', (_, text) => {
    expect(() => normaliseIdentifier(text)).toThrow(expect.objectContaining({ code: 'IDENTITY_INPUT_INVALID' }));
  });

  it('gives the same again for what it gave, or refuses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), fc.boolean(), (text, email) => {
        try {
          const { value, form } = normaliseIdentifier(email ? `${text}@x` : text);
          expect(normaliseIdentifier(value)).toEqual({ value, form });
        } catch (error) {
          expect(error).toMatchObject({ code: 'IDENTITY_INPUT_INVALID' });
          expect(error).toBeInstanceOf(SwaliError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('reading a customer number', () => {
  it('takes it as it is', () => {
    expect(parseCustomerNumber('C-007a')).toBe('C-007a');
  });

  it.each(['Ｃ7', '①', ' 7', '7 ', 'a@b', 'C\u200b7', ''])('refuses %j, which would become another', (text) => {
    expect(() => parseCustomerNumber(text)).toThrow(expect.objectContaining({ code: 'IDENTITY_INPUT_INVALID' }));
  });
});
