import { describe, expect, it } from 'vitest';
import { foldPhrase, readTerms } from '../../../../src/translate/link/read-terms.js';
import { stemWord } from '../../../../src/translate/link/stem-word.js';
import { createVocabulary, splitGlued } from '../../../../src/translate/link/vocabulary.js';

const WORDS = ['department', 'dept', 'customer', 'enrollment', 'salary', 'birth', 'quantity', 'qty'];
const vocabulary = (words: readonly string[]) =>
  createVocabulary(new Map(words.map((word, relation) => [word, [{ relation, column: -1, weight: 1 }]])), words.length);

/** Words of the schema that a question's words mean, the best first. */
function matches(question: string, words = WORDS): readonly string[] {
  const found = readTerms(question).terms.flatMap((term) => vocabulary(words).match(term));
  return [...found].sort((a, b) => b.weight - a.weight).map(({ postings }) => words[postings[0]!.relation]!);
}

describe('words of a question in a schema', () => {
  it('are found by themselves, by stem, spelling, abbreviation and synonym', () => {
    expect(matches('departments')[0]).toBe('department');
    expect(matches('departments', ['dept', 'qty'])).toEqual(['dept']);
    expect(matches('who enrolled')).toContain('enrollment');
    expect(matches('costomers')).toEqual(['customer']);
    expect(matches('clients')).toEqual(['customer']);
    expect(matches('quantities', ['dept', 'qty'])).toEqual(['qty']);
    expect(matches('how much do they earn')).toContain('salary');
  });

  it('are not found by accident', () => {
    expect(matches('the of and')).toEqual([]);
    expect(matches('zebra')).toEqual([]);
    expect(matches('car', ['scar', 'card'])).toEqual([]);
  });

  it('lose the order that a result is wanted in', () => {
    const words = (question: string) => readTerms(question).terms.map(({ text }) => text);
    expect(words('customers in ascending order of age')).not.toContain('order');
    expect(words('names ordered by age')).not.toContain('ordered');
    expect(words('every order of a customer')).toContain('order');
  });

  it('count for less in the turns before', () => {
    const { terms } = readTerms('and last year?', [{ question: 'sum of fines', sql: 'SELECT x FROM penalties' }]);
    const weights = new Map(terms.map(({ text, weight }) => [text, weight]));
    expect(weights.get('fine')).toBe(0.5);
    expect(weights.get('penalty')).toBe(0.5);
    expect(weights.get('year')).toBe(1);
  });

  it('are values with their neighbours, the more surely the more they are', () => {
    const { phrases } = readTerms('orders from "New York" or of new Zealand that are open');
    expect(phrases.get('new york')).toBe(1);
    expect(phrases.get('new zealand')).toBe(1);
    expect(phrases.get('open')).toBe(0.6);
    expect(foldPhrase('in_progress')).toBe('in progress');
  });
});

it('stems a verb and what is named after it alike', () => {
  for (const [one, other] of [
    ['enrolled', 'enrollment'],
    ['located', 'location'],
    ['paid', 'payment'],
    ['sold', 'sale'],
    ['teaching', 'taught'],
  ] as const) {
    expect(stemWord(one), one).toBe(stemWord(other));
  }
  expect(stemWord('bus')).toBe('bus');
});

it('splits glued names only into words that the schema knows', () => {
  const isKnown = (word: string) => ['hire', 'stu'].includes(word);
  expect(splitGlued('hiredate', isKnown)).toEqual(['hire', 'date']);
  expect(splitGlued('stuid', isKnown)).toEqual(['stu', 'id']);
  expect(splitGlued('update', isKnown)).toBeNull();
  expect(splitGlued('name', isKnown)).toBeNull();
});
