import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIALECTS, type Dialect } from '../../src/domain/dialect.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createSeal, type Seal } from '../../src/seal/index.js';
import { createJudges } from '../../src/seal/judges.js';
import { parseQuery } from '../../src/sql/parser.js';
import { printQuery } from '../../src/sql/printer.js';
import { customer } from '../support/principals.js';
import { callerSql, readFixture } from '../support/seal-engine.js';
import { corpusShop, corpusView } from '../support/seal-shop.js';
import { readCorpus } from '../support/shop.js';

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.FC_RUNS ?? 500);

const WORDS = [
  'SELECT',
  'FROM',
  'WHERE',
  'orders',
  'payments',
  'salaries',
  'products',
  'o',
  'order_number',
  'customer_number',
  'status',
  'total',
  '*',
  ',',
  '(',
  ')',
  '.',
  '=',
  '<',
  'AND',
  'OR',
  'NOT',
  'IN',
  'EXISTS',
  'JOIN',
  'LEFT',
  'USING',
  'ON',
  'NATURAL',
  'UNION',
  'ALL',
  'GROUP BY',
  'HAVING',
  'ORDER BY',
  'LIMIT',
  '1',
  '0',
  '1.5',
  '1e3',
  "'x'",
  'NULL',
  'CASE',
  'WHEN',
  'THEN',
  'END',
  'AS',
  'COUNT(*)',
  'SUM(',
  'GROUP_CONCAT(',
  'ROW_NUMBER() OVER (',
  'LAST_VALUE(total) OVER (',
  'PARTITION BY',
  'WITH',
  'RECURSIVE',
  'DISTINCT',
  'INTERVAL',
  'DAY',
  'BETWEEN',
  'LIKE',
  'IS',
  '-',
  '+',
  '||',
  '/*',
  '--',
  ';',
  '`',
  '"',
  '@x',
  ':n',
  'VALUES',
  'LATERAL',
  'WITH ROLLUP',
  'JSON_ARRAYAGG(',
  'rowid',
  'é',
  '\\',
  '\u0000',
  '😀',
] as const;

/** Real statements of the dialect: benign ones, attacks, and those of the sealed fixtures. */
function realStatements(dialect: Dialect): string[] {
  const sealed = readFixture(`sql/seal.${dialect}.sql`)
    .split('\n')
    .filter((line) => /^(?:SELECT|WITH|\()/.test(line));
  return [...readCorpus(dialect, 'benign'), ...readCorpus(dialect, 'attacks')].map((entry) => entry.sql).concat(sealed);
}

const pieces = (sql: string): string[] => sql.match(/\w+|\s+|[^\w\s]/gu) ?? [];

/** A real statement with a few of its tokens dropped, doubled, swapped or replaced by words or by pieces of another one. */
function mutated(statements: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({ at: fc.nat(), how: fc.nat(4), word: fc.constantFrom(...WORDS), other: fc.nat() });
  return fc
    .tuple(fc.constantFrom(...statements), fc.constantFrom(...statements), fc.array(change, { maxLength: 4 }))
    .map(([sql, donor, changes]) => {
      const tokens = pieces(sql);
      const foreign = pieces(donor);
      for (const { at, how, word, other } of changes) {
        const place = at % Math.max(1, tokens.length);
        if (how === 0) tokens.splice(place, 1);
        else if (how === 1) tokens.splice(place, 0, tokens[place] ?? '');
        else if (how === 2) tokens[place] = ` ${word} `;
        else if (how === 3) tokens.splice(place, 0, ...foreign.slice(other % Math.max(1, foreign.length)).slice(0, 6));
        else [tokens[place], tokens[0]] = [tokens[0] ?? '', tokens[place] ?? ''];
      }
      return tokens.join('');
    });
}

const soup = fc
  .tuple(fc.array(fc.constantFrom(...WORDS), { maxLength: 18 }), fc.string({ unit: 'grapheme', maxLength: 8 }))
  .map(([words, tail]) => `SELECT ${words.join(' ')} ${tail}`);

const judges = createJudges({ timeoutMs: 5_000, threads: 1 });
afterAll(() => judges.close());

describe.each(DIALECTS)('sealing on %s', (dialect) => {
  let seal: Seal;
  const catalog = corpusShop(dialect);
  const view = corpusView(catalog);
  beforeAll(() => {
    seal = createSeal({ catalog, judges });
  });

  /** Seals one text; anything but a plan or a coded refusal fails. */
  async function attempt(sql: string): Promise<'sealed' | 'refused'> {
    try {
      const sealed = await seal.seal(callerSql(sql), customer(1), view);
      // What goes to the server reads again as one query, and prints the same.
      const bare = sealed.sql.replaceAll('?', dialect === 'sqlite' ? "'x'" : '_utf8mb4 0x78');
      expect(printQuery(parseQuery(bare, dialect), dialect, { strings: 'quoted' }).sql.length).toBeGreaterThan(0);
      expect(sealed.sql.split('?').length - 1).toBe(sealed.parameters.length);
      expect(sealed.sql).not.toMatch(/salaries/i);
      return 'sealed';
    } catch (error) {
      if (!(error instanceof SwaliError)) throw error;
      expect(error.code).toMatch(/^SEAL_|^EXECUTE_BUSY$/);
      // A fault inside a step is a refusal too, and a defect.
      expect(error.cause instanceof TypeError || error.cause instanceof RangeError, String(error.cause)).toBe(false);
      return 'refused';
    }
  }

  async function check(texts: fc.Arbitrary<string>): Promise<number> {
    let sealed = 0;
    await fc.assert(
      fc.asyncProperty(texts, async (sql) => {
        if ((await attempt(sql)) === 'sealed') sealed += 1;
      }),
      { numRuns: RUNS, seed },
    );
    return sealed;
  }

  it('gives a plan or a coded refusal for a soup of words', async () => {
    console.log(`${dialect}: FC_SEED=${seed}`);
    await check(soup);
  }, 120_000);

  it('gives a plan or a coded refusal for mutated statements, and reads again what it sealed', async () => {
    const statements = realStatements(dialect);
    expect(statements.length).toBeGreaterThan(100);
    const sealed = await check(mutated(statements));
    console.log(`${dialect}: ${sealed} of ${RUNS} mutated statements sealed`);
    expect(sealed).toBeGreaterThan(RUNS / 25);
  }, 120_000);
});
