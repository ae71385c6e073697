import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../src/domain/candidate.js';
import type { ResultSet, ResultType, ResultValue } from '../../src/domain/result-set.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { voteByResult } from '../../src/vote.js';

const candidate = (sql: string): Candidate => ({
  sql,
  translator: 'openai',
  slots: new Map(),
  usage: { promptTokens: 0, completionTokens: 0 },
});

const one = (value: ResultValue, type: ResultType = 'integer'): ResultSet => ({
  types: [type],
  rows: [[value]],
  truncated: false,
});

/** Votes over texts, each of which comes to a result or fails. */
async function vote(texts: string, results: Readonly<Record<string, ResultSet | Error>>) {
  const ran: string[] = [];
  const outcome = await voteByResult([...texts].map(candidate), async ({ sql }) => {
    ran.push(sql);
    const result = results[sql]!;
    if (result instanceof Error) throw result;
    return { result };
  });
  return { ran: ran.join(''), won: outcome.candidate.sql, compared: outcome.compared, votes: outcome.votes };
}

const FAILS = new SwaliError('SEAL_SYNTAX');

describe('the result that most answers come to', () => {
  it('wins, and the first statement that comes to it answers', async () => {
    expect(await vote('ABC', { A: one(1), B: one(2), C: one(2) })).toEqual({
      ran: 'ABC',
      won: 'B',
      compared: 3,
      votes: 2,
    });
  });

  it('counts answers, not texts, and runs each text once', async () => {
    expect(await vote('ABBC', { A: one(1), B: one(2), C: one(1) })).toEqual({
      ran: 'BAC',
      won: 'A',
      compared: 3,
      votes: 2,
    });
    expect(await vote('ABCBC', { A: one(1), B: one(2), C: one(3) })).toMatchObject({ won: 'B', votes: 2 });
  });

  it('is known before all have run', async () => {
    expect(await vote('AAABC', { A: one(1), B: one(2), C: one(2) })).toEqual({
      ran: 'A',
      won: 'A',
      compared: 1,
      votes: 3,
    });
    expect(await vote('ABCDE', { A: one(1), B: one(1), C: one(1), D: one(2), E: one(2) })).toMatchObject({
      ran: 'ABC',
      votes: 3,
    });
  });

  it('is the earliest where all differ', async () => {
    expect(await vote('ABC', { A: one(1), B: one(2), C: one(3) })).toMatchObject({ won: 'A', votes: 1 });
  });

  it('is found among those that run', async () => {
    expect(await vote('ABC', { A: FAILS, B: one(2), C: new SwaliError('EXECUTE_TIMEOUT') })).toEqual({
      ran: 'ABC',
      won: 'B',
      compared: 1,
      votes: 1,
    });
  });
});

describe('a vote without a result', () => {
  it('ends with the error of the first answer', async () => {
    const results = { A: FAILS, B: new SwaliError('EXECUTE_FAILED') };
    await expect(vote('ABB', results)).rejects.toBe(FAILS);
  });

  it.each(['EXECUTE_CANCELLED', 'EXECUTE_BUSY', 'SOURCE_UNAVAILABLE'] as const)(
    'ends at once with %s: no statement mends it',
    async (code) => {
      await expect(vote('AB', { A: new SwaliError(code), B: one(1) })).rejects.toMatchObject({ code });
    },
  );

  it('ends at once with an error that is not ours', async () => {
    await expect(vote('AB', { A: new TypeError('oops'), B: one(1) })).rejects.toThrow('oops');
  });
});

describe('results are the same', () => {
  const rows = (...cells: readonly (readonly ResultValue[])[]): ResultSet => ({
    types: ['text', 'decimal'],
    rows: cells,
    truncated: false,
  });

  /** Whether B joins C against A: the two are counted together where they are the same. */
  const isSame = async (one: ResultSet, other: ResultSet) =>
    (await vote('ABC', { A: { types: [], rows: [], truncated: false }, B: one, C: other })).votes === 2;

  it.each([
    ['in whatever order their rows come', rows(['a', '1'], ['b', '2']), rows(['b', '2'], ['a', '1'])],
    ['however a number is written', one('12.50', 'decimal'), one(12.5, 'float')],
    ['in the last digits of a sum', one(0.1 + 0.2, 'float'), one(0.3, 'float')],
    ['as an integer or a decimal', one(3), one('3.00', 'decimal')],
    ['as zero', one('-0.00', 'decimal'), one(0)],
  ])('%s', async (_what, left, right) => {
    expect(await isSame(left, right)).toBe(true);
  });

  it.each([
    ['a row more', rows(['a', '1']), rows(['a', '1'], ['a', '1'])],
    ['another value', one(3), one(4)],
    ['a text, not a number', one('3', 'text'), one(3)],
    ['null, not nothing', one(null), { types: ['integer'], rows: [], truncated: false } satisfies ResultSet],
    ['another number of columns', rows(), one(3)],
    ['cut off', { ...one(3), truncated: true }, one(3)],
    ['a hundred', one(100), one(1)],
    ['a whole number of tens', one('10', 'decimal'), one('1', 'decimal')],
  ])('not with %s', async (_what, left, right) => {
    expect(await isSame(left, right)).toBe(false);
  });
});
