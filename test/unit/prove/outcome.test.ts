import { describe, expect, it } from 'vitest';
import type { ResultType, ResultValue } from '../../../src/domain/result-set.js';
import { compareMeaning, describeDifference, differInSpellingAlone, type Outcome } from '../../../src/prove/outcome.js';

const rows = (cells: readonly (readonly ResultValue[])[], over: Partial<Outcome & { kind: 'rows' }> = {}): Outcome => ({
  kind: 'rows',
  names: ['a', 'b'],
  types: cells[0]?.map((cell): ResultType => (typeof cell === 'number' ? 'float' : 'text')) ?? [],
  rows: cells,
  truncated: false,
  ...over,
});
const error = (code: string): Outcome => ({ kind: 'error', code });

describe('two observations of one sealed statement', () => {
  it.each([
    ['rows in the same order', rows([['x', 1]]), rows([['x', 1]])],
    ['the last digits of a floating-point number', rows([[0.1 + 0.2]]), rows([[0.3]])],
    ['zero and minus zero', rows([[0]]), rows([[-0]])],
    ['the same error', error('EXECUTE_FAILED'), error('EXECUTE_FAILED')],
  ])('are the same with %s', (_name, left, right) => {
    expect(describeDifference(left, right)).toBeNull();
  });

  it.each([
    ['the order of rows', rows([['x'], ['y']]), rows([['y'], ['x']]), /^row 1/],
    ['a number of rows', rows([['x']]), rows([['x'], ['x']]), /^1 and 2 rows$/],
    ['a value', rows([['x']]), rows([['X']]), /^row 1/],
    ['a digit that is not the last', rows([[1.000001]]), rows([[1.000002]]), /^row 1/],
    ['text and number', rows([['1']]), rows([[1]]), /^row 1/],
    ['NULL and empty text', rows([[null]], { types: ['text'] }), rows([['']], { types: ['text'] }), /^row 1/],
    ['a column name', rows([['x']]), rows([['x']], { names: ['a', 'c'] }), /^column names$/],
    ['a type', rows([], { types: ['text'] }), rows([], { types: ['integer'] }), /^types/],
    ['truncated', rows([['x']]), rows([['x']], { truncated: true }), /^truncated$/],
    ['success and error', rows([['x']]), error('EXECUTE_FAILED'), /^success and EXECUTE_FAILED$/],
    ['the error', error('EXECUTE_FAILED'), error('EXECUTE_TIMEOUT'), /EXECUTE_FAILED and EXECUTE_TIMEOUT/],
  ])('differ in %s', (_name, left, right, expected) => {
    expect(describeDifference(left, right)).toMatch(expected);
  });
});

it('leaves the order of rows aside where it is told to', () => {
  expect(describeDifference(rows([['x'], ['y']]), rows([['y'], ['x']]), false)).toBeNull();
  expect(describeDifference(rows([['x'], ['y']]), rows([['y'], ['z']]), false)).toMatch(/^row/);
});

it('tells another spelling from another value', () => {
  expect(differInSpellingAlone(rows([['C7 ', 1]]), rows([['c7', 1]]))).toBe(true);
  expect(differInSpellingAlone(rows([['C7', 1]]), rows([['C8', 1]]))).toBe(false);
  expect(differInSpellingAlone(rows([['C7'], ['x']]), rows([['C7']]))).toBe(false);
  expect(differInSpellingAlone(rows([['C7']]), error('EXECUTE_FAILED'))).toBe(false);
});

describe('what a sealed statement means', () => {
  it('leaves the order among documents to the server, and that of all else not', () => {
    const both = (left: string[], right: string[], type: ResultType) =>
      compareMeaning(
        rows(
          left.map((cell) => [cell]),
          { types: [type] },
        ),
        rows(
          right.map((cell) => [cell]),
          { types: [type] },
        ),
        [0],
      );
    expect(both(['[1]', '{"a": 2}'], ['{"a": 2}', '[1]'], 'json')).toBe('equal');
    expect(both(['"a"', '"b"'], ['"b"', '"a"'], 'json')).toBe('different');
    expect(both(['1', '[1]'], ['[1]', '1'], 'json')).toBe('different');
    expect(both(['[1]', '[2]'], ['[2]', '[1]'], 'text')).toBe('different');
    expect(both(['[1]', '[2]'], ['[2]', '[3]'], 'json')).toBe('different');
  });

  it('is a multiset of rows where nothing sorts them', () => {
    const text = rows([['y'], ['x'], ['x']]);
    expect(compareMeaning(rows([['x'], ['x'], ['y']]), text, [])).toBe('equal');
    expect(compareMeaning(rows([['x'], ['y'], ['y']]), text, [])).toBe('different');
    expect(compareMeaning(rows([['x'], ['y']]), text, [])).toBe('different');
  });

  it('keeps the sequence of what the statement sorts by, and lets ties fall either way', () => {
    const text = rows([
      ['a', 1],
      ['A ', 2],
      ['b', 3],
    ]);
    expect(
      compareMeaning(
        rows([
          ['A ', 2],
          ['a', 1],
          ['b', 3],
        ]),
        text,
        [0],
      ),
    ).toBe('equal');
    expect(
      compareMeaning(
        rows([
          ['b', 3],
          ['a', 1],
          ['A ', 2],
        ]),
        text,
        [0],
      ),
    ).toBe('different');
    expect(
      compareMeaning(
        rows([
          ['b', 3],
          ['a', 1],
          ['A ', 2],
        ]),
        text,
        [],
      ),
    ).toBe('equal');
  });

  it('takes numbers by value, to nine digits, whatever their type', () => {
    expect(compareMeaning(rows([['12.50']]), rows([[12.5]]), [])).toBe('equal');
    expect(compareMeaning(rows([[true]]), rows([[1]]), [])).toBe('equal');
    expect(compareMeaning(rows([['12.5']]), rows([['12.51']]), [])).toBe('different');
    expect(compareMeaning(rows([[null]]), rows([['']]), [])).toBe('different');
  });

  it('finds the rows of a cut result among those of the text', () => {
    const text = rows([['a'], ['b'], ['c']]);
    expect(compareMeaning(rows([['a'], ['b']], { truncated: true }), text, [0])).toBe('equal');
    expect(compareMeaning(rows([['a'], ['d']], { truncated: true }), text, [0])).toBe('different');
  });

  it('says which side failed', () => {
    expect(compareMeaning(error('X'), error('Y'), [])).toBe('both fail');
    expect(compareMeaning(error('X'), rows([]), [])).toBe('only the seal fails');
    expect(compareMeaning(rows([]), error('X'), [])).toBe('only the text fails');
  });
});
