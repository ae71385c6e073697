import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { checkQuestion } from '../../../src/translate/check-question.js';

describe('checkQuestion', () => {
  it('folds white space and keeps the words as typed', () => {
    expect(checkQuestion('  How many\n\torders\u00a0did I  place? ')).toBe('How many orders did I place?');
    expect(checkQuestion('注文は何件ですか？')).toBe('注文は何件ですか？');
    expect(checkQuestion('👍🏽 orders'.repeat(1))).toBe('👍🏽 orders');
  });

  it('takes exactly 2000 characters, counted as characters', () => {
    expect(checkQuestion('a'.repeat(2000))).toHaveLength(2000);
    expect([...checkQuestion('𝒂'.repeat(2000))]).toHaveLength(2000);
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \n\t '],
    ['punctuation alone', '???'],
    ['too much', 'a'.repeat(2001)],
    ['a NUL', 'orders\u0000'],
    ['an escape', 'orders\u001b[2J'],
    ['a direction override', 'orders \u202e sredro'],
    ['half a surrogate pair', 'orders \ud800'],
  ])('refuses %s', (_name, question) => {
    expect(() => checkQuestion(question)).toThrow(SwaliError);
    expect(() => checkQuestion(question)).toThrow(expect.objectContaining({ code: 'TRANSLATE_QUESTION_INVALID' }));
  });
});
