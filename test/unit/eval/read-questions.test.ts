import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { readQuestions } from '../../../src/eval/read-questions.js';

const sqlite = { dialect: 'sqlite', skipEmpty: false } as const;
const lines = (...entries: readonly unknown[]) => entries.map((entry) => JSON.stringify(entry)).join('\n');

function faultsOf(content: string): string {
  try {
    readQuestions(content, sqlite);
  } catch (error) {
    if (error instanceof SwaliError && error.code === 'EVAL_INPUT_INVALID') return error.detail ?? '';
    throw error;
  }
  return 'none';
}

describe('reading a set of questions', () => {
  it('takes lines in this project’s form', () => {
    const { questions } = readQuestions(
      lines({ id: 'a-1', db: 'shop', question: 'How many?', sql: 'SELECT 1', hardness: 'easy', rows: 1, more: true }),
      sqlite,
    );
    expect(questions).toEqual([
      { id: 'a-1', database: 'shop', question: 'How many?', gold: 'SELECT 1', hardness: 'easy' },
    ]);
  });

  it('takes an array in Spider’s form', () => {
    const { questions } = readQuestions(
      JSON.stringify([{ db_id: 'shop', question: 'How many?', query: 'SELECT 1', query_toks: [] }]),
      sqlite,
    );
    expect(questions).toEqual([
      { id: 'entry 1', database: 'shop', question: 'How many?', gold: 'SELECT 1', hardness: 'unknown' },
    ]);
  });

  it('takes an array in BIRD’s form, its evidence behind the question', () => {
    const bird = { question_id: 7, db_id: 'shop', question: 'How many?', evidence: 'many is 3', SQL: 'SELECT 1' };
    const { questions } = readQuestions(JSON.stringify([{ ...bird, difficulty: 'simple' }]), sqlite);
    expect(questions).toEqual([
      { id: '7', database: 'shop', question: 'How many? (Note: many is 3)', gold: 'SELECT 1', hardness: 'simple' },
    ]);
    const [plain] = readQuestions(JSON.stringify([{ ...bird, evidence: ' ' }]), sqlite).questions;
    expect(plain?.question).toBe('How many?');
  });

  it('takes the gold of the engine that is asked, and leaves out what has none', () => {
    const content = lines(
      { id: 1, db: 'shop', question: 'a', sql: 'SELECT 1', sql_mysql: 'SELECT 2' },
      { id: 2, db: 'shop', question: 'b', sql: 'SELECT 3', sql_mysql: null },
    );
    const read = readQuestions(content, { dialect: 'mysql', skipEmpty: false });
    expect(read.questions.map(({ gold }) => gold)).toEqual(['SELECT 2']);
    expect(read.leftOut).toEqual({ noGold: 1, emptyGold: 0 });
  });

  it('takes a null gold for unanswerable only where the set says what can be answered', () => {
    const silent = lines({ db: 'shop', question: 'a', sql: 'SELECT 1' }, { db: 'shop', question: 'b', sql: null });
    expect(readQuestions(silent, sqlite).questions.map(({ gold }) => gold)).toEqual(['SELECT 1']);
    const says = lines(
      { db: 'shop', question: 'a', sql: 'SELECT 1', answerable: true },
      { db: 'shop', question: 'b', sql: null },
      { db: 'shop', question: 'c', answerable: false },
      { db: 'shop', question: 'd', sql: null, answerable: true },
    );
    const read = readQuestions(says, sqlite);
    expect(read.questions.map(({ gold }) => gold)).toEqual(['SELECT 1', null, null]);
    expect(read.leftOut.noGold).toBe(1);
  });

  it('leaves out golds without rows only where told', () => {
    const content = lines(
      { db: 'shop', question: 'a', sql: 'SELECT 1', rows: 0 },
      { db: 'shop', question: 'b', sql: 'SELECT 2', rows: 2 },
    );
    expect(readQuestions(content, sqlite).questions).toHaveLength(2);
    const read = readQuestions(content, { ...sqlite, skipEmpty: true });
    expect(read.questions.map(({ question }) => question)).toEqual(['b']);
    expect(read.leftOut.emptyGold).toBe(1);
  });

  it('tells questions apart that bear the same id', () => {
    const entry = { id: 5, db: 'shop', question: 'a', sql: 'SELECT 1' };
    expect(readQuestions(lines(entry, entry, entry), sqlite).questions.map(({ id }) => id)).toEqual([
      '5',
      '5#2',
      '5#3',
    ]);
  });

  it('names every faulty line, and what is wrong with it', () => {
    const content = [
      '{"db":"shop","question":"a","sql":"SELECT 1"}',
      '',
      '{"db":"shop","question":"b"}',
      'SELECT 1',
      '{"question":"c","sql":"SELECT 1"}',
      '{"db":"shop","question":"","sql":"SELECT 1"}',
      '[]',
    ].join('\n');
    const faults = faultsOf(content).split('\n');
    expect(faults).toHaveLength(5);
    expect(faults[0]).toMatch(/^line 3: has no gold/);
    expect(faults[1]).toBe('line 4: is not JSON');
    expect(faults[2]).toMatch(/^line 5: names no database/);
    expect(faults[3]).toMatch(/^line 6: question: /);
    expect(faults[4]).toMatch(/^line 7: /);
  });

  it('names no more than twenty of them', () => {
    const faults = faultsOf(Array.from({ length: 30 }, () => '{}').join('\n')).split('\n');
    expect(faults).toHaveLength(21);
    expect(faults[20]).toBe('and 10 more');
  });

  it('refuses a file without a question', () => {
    expect(faultsOf('')).toBe('the file holds no question');
    expect(faultsOf('[]')).toBe('the file holds no question');
    expect(faultsOf('[{')).toBe('the file: begins as a JSON array and is none');
  });
});
