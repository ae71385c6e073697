import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DIALECTS, type Dialect } from '../../../src/domain/dialect.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import type { Query } from '../../../src/sql/nodes.js';
import { parseExpression, parseQuery } from '../../../src/sql/parser.js';
import { printQuery } from '../../../src/sql/printer.js';
import { visitQuery } from '../../../src/sql/visit.js';

function readCases<T>(name: string): T[] {
  const text = readFileSync(new URL(`../../../fixtures/cases/${name}`, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

interface ReadCase {
  readonly dialects: readonly Dialect[];
  readonly sql: string;
  readonly printed: string;
}
interface RefusedCase {
  readonly dialects: readonly Dialect[];
  readonly sql: string;
  readonly code: string;
}

function refusal(sql: string, dialect: Dialect, options = {}): SwaliError {
  try {
    parseQuery(sql, dialect, options);
  } catch (error) {
    if (error instanceof SwaliError) return error;
    throw error;
  }
  throw new Error(`read: ${sql}`);
}

const read = readCases<ReadCase>('sql-read.jsonl').flatMap(({ dialects, ...rest }) =>
  dialects.map((dialect) => ({ dialect, ...rest })),
);
const refused = readCases<RefusedCase>('sql-refused.jsonl').flatMap(({ dialects, ...rest }) =>
  dialects.map((dialect) => ({ dialect, ...rest })),
);

describe('statements that are read', () => {
  it('has its table', () => expect(read.length).toBeGreaterThan(220));

  it.each(read)('reads as the server groups, on $dialect: $sql', ({ dialect, sql, printed }) => {
    expect(printQuery(parseQuery(sql, dialect), dialect, { strings: 'quoted' }).sql).toBe(printed);
    expect(printQuery(parseQuery(printed, dialect), dialect, { strings: 'quoted' }).sql).toBe(printed);
  });

  it.each(read.filter(({ dialect }) => dialect !== 'sqlite'))(
    'reads the text for the server again, on $dialect: $sql',
    ({ dialect, sql }) => {
      const { sql: text } = printQuery(parseQuery(sql, dialect), dialect);
      // Paths of JSON_TABLE alone are quoted: the servers take nothing else there.
      expect(text.replaceAll(/'\$[^']*'/g, '')).not.toMatch(/['"#@\\]|--|\/\*/);
      expect(printQuery(parseQuery(text, dialect), dialect).sql).toBe(text);
    },
  );
});

describe('statements that are refused', () => {
  it('has its table', () => expect(refused.length).toBeGreaterThan(200));

  it.each(refused)('refuses with $code on $dialect: $sql', ({ dialect, sql, code }) => {
    expect(refusal(sql, dialect).code).toBe(code);
  });

  it('says where the text cannot be read, counted from 1', () => {
    expect(refusal('SELECT a FROM t WHERE', 'mysql').detail).toBe('at character 22');
    expect(refusal('SELECT a, @b', 'mysql').detail).toBe('a variable, at character 11');
  });
});

describe('named parameters', () => {
  it('are read where allowed, and named', () => {
    const query = parseQuery('SELECT a FROM t WHERE b = :year LIMIT :n', 'mysql', { allowNamedParameters: true });
    const printed = printQuery(query, 'mysql');
    expect(printed.sql).toBe('SELECT `a` FROM `t` WHERE `b` = ? LIMIT ?');
    expect(printed.parameters.map(({ name, origin }) => [name, origin])).toEqual([
      ['year', 'named'],
      ['n', 'named'],
    ]);
  });

  it('are refused as question marks everywhere', () => {
    expect(refusal('SELECT ?', 'mysql', { allowNamedParameters: true }).code).toBe('SEAL_UNSUPPORTED');
  });
});

describe('the source text of select items', () => {
  it('has its white space folded and its comments left out', () => {
    const query = parseQuery("SELECT a  +\n 1, 'x  y' /* c */ , SUM( b )", 'mysql');
    const items = query.body.kind === 'select' ? query.body.items : [];
    expect(items.map((item) => (item.kind === 'expression' ? item.text : '*'))).toEqual([
      'a + 1',
      "'x  y'",
      'SUM( b )',
    ]);
  });
});

describe('an expression', () => {
  it('is read to its end', () => {
    expect(parseExpression('a = :b AND c', 'mysql', { allowNamedParameters: true }).kind).toBe('binary');
    expect(() => parseExpression('a = 1; b', 'mysql')).toThrow(SwaliError);
    expect(() => parseExpression('a, b', 'mysql')).toThrow(SwaliError);
  });
});

const NESTED: readonly (readonly [string, (count: number) => string])[] = [
  ['parentheses', (count) => `SELECT ${'('.repeat(count)}1${')'.repeat(count)}`],
  ['open parentheses', (count) => `SELECT ${'('.repeat(2 * count)}`],
  ['subqueries', (count) => `SELECT ${'(SELECT '.repeat(count / 8)}1${')'.repeat(count / 8)}`],
  ['parenthesised subqueries', (count) => `SELECT ${'('.repeat(count)}SELECT 1${')'.repeat(count)}`],
  ['tables', (count) => `SELECT 1 FROM ${'('.repeat(count)}a${')'.repeat(count)}`],
  ['derived tables', (count) => `SELECT 1 FROM ${'(SELECT 1 FROM '.repeat(count / 12)}a${') x'.repeat(count / 12)}`],
  ['casts', (count) => `SELECT ${'CAST('.repeat(count / 8)}1${' AS CHAR)'.repeat(count / 8)}`],
  ['calls', (count) => `SELECT ${'f('.repeat(count / 2)}1${')'.repeat(count / 2)}`],
  ['cases', (count) => `SELECT ${'CASE WHEN 1 THEN '.repeat(count / 16)}1${' END'.repeat(count / 16)}`],
  ['negations', (count) => `SELECT ${'NOT '.repeat(count / 3)}1`],
  ['signs', (count) => `SELECT ${'- '.repeat(count)}1`],
  ['conjunctions', (count) => `SELECT a${' AND a'.repeat(count / 4)}`],
  ['sums', (count) => `SELECT 1${'+1'.repeat(count)}`],
  ['unions', (count) => `SELECT 1${' UNION SELECT 1'.repeat(count / 10)}`],
  ['joins', (count) => `SELECT 1 FROM a${' JOIN a'.repeat(count / 5)}`],
  ['commas', (count) => `SELECT 1 FROM a${',a'.repeat(count)}`],
  [
    'joins with conditions last',
    (count) => `SELECT 1 FROM a${' JOIN a'.repeat(count / 10)}${' ON 1'.repeat(count / 10)}`,
  ],
  ['items', (count) => `SELECT 1 IN (1${',1'.repeat(count)})`],
  ['names', (count) => `SELECT ${'a'.repeat(2 * count)}`],
  ['a point chain', (count) => `SELECT a${'.a'.repeat(count)}`],
  ['strings', (count) => `SELECT ${"''".repeat(count)}`],
  ['numbers', (count) => `SELECT ${'0b'.repeat(count)}`],
  ['comments', (count) => `SELECT ${'/**/'.repeat(count / 2)}1`],
];

// Backtracking would hold one of these far beyond a test's time limit; how long they take is printed by bench/parse.mjs.
describe('long and deep texts', () => {
  it.each(DIALECTS.flatMap((dialect) => NESTED.map(([name, write]) => ({ dialect, name, write }))))(
    'reads or refuses 16 KiB of $name on $dialect, and what it reads can be walked and printed',
    ({ dialect, write }) => {
      const text = write(8_000).slice(0, 16_384);
      let query: Query;
      try {
        query = parseQuery(text, dialect);
      } catch (error) {
        expect(error).toBeInstanceOf(SwaliError);
        return;
      }
      visitQuery(query, { expression: () => undefined });
      expect(printQuery(query, dialect).sql.length).toBeGreaterThan(0);
    },
  );

  it('refuses what is nested beyond the limit, or as deep as a tree', () => {
    expect(refusal(`SELECT ${'('.repeat(300)}1${')'.repeat(300)}`, 'mysql').code).toBe('SEAL_TOO_DEEP');
    expect(refusal(`SELECT 1${'+1'.repeat(500)}`, 'mysql').code).toBe('SEAL_TOO_DEEP');
    expect(refusal('SELECT ((((1))))', 'mysql', { maxDepth: 4 }).code).toBe('SEAL_TOO_DEEP');
    expect(parseQuery('SELECT (((1)))', 'mysql', { maxDepth: 4 }).kind).toBe('query');
  });

  it('refuses what is too long in characters or in bytes', () => {
    expect(refusal(`SELECT '${'a'.repeat(16_384)}'`, 'mysql').code).toBe('SEAL_TOO_LONG');
    expect(refusal(`SELECT '${'é'.repeat(9_000)}'`, 'mysql').code).toBe('SEAL_TOO_LONG');
    expect(refusal('SELECT 123', 'mysql', { maxLength: 9 }).code).toBe('SEAL_TOO_LONG');
  });
});
