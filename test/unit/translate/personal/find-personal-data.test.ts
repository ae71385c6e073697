import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPersonalData } from '../../../../src/translate/personal/find-personal-data.js';

interface Case {
  readonly text: string;
  /** `KIND: PIECE`, in the order of the text. */
  readonly found: readonly string[];
}

const cases = readFileSync(new URL('../../../../fixtures/cases/personal-data.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Case);

const describeFound = (text: string) =>
  findPersonalData(text).map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)}`);

describe('personal data', () => {
  it('has a table of what is taken for it and what is not', () => {
    expect(cases.filter(({ found }) => found.length > 0).length).toBeGreaterThanOrEqual(60);
    expect(cases.filter(({ found }) => found.length === 0).length).toBeGreaterThanOrEqual(55);
  });

  it.each(cases.map(({ text, found }) => [text, found] as const))('in “%s” is %j', (text, found) => {
    expect(describeFound(text)).toEqual(found);
  });

  it('is found in pieces that lie apart, in any text', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789 +-.()@/,:ax'), maxLength: 80 });
    fc.assert(
      fc.property(fc.oneof(digits, fc.string({ unit: 'binary', maxLength: 80 })), (text) => {
        let from = 0;
        for (const { start, end } of findPersonalData(text)) {
          expect(start).toBeGreaterThanOrEqual(from);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
          from = end;
        }
      }),
    );
  });

  it.each([
    ['digits', '1'.repeat(16_000)],
    ['digits and blanks', '1 '.repeat(8_000)],
    ['at signs', 'a@'.repeat(8_000)],
    ['points', 'a.'.repeat(8_000)],
    ['an endless account', `DE89${' 1a'.repeat(5_000)}`],
    ['words of a phone', `phone${' number'.repeat(2_000)} `],
    ['pluses', '+'.repeat(16_000)],
  ])('is looked for in little time in a text of %s', (_what, text) => {
    const startedAt = performance.now();
    findPersonalData(text);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
