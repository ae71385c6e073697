import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIALECTS, type Dialect } from '../../../src/domain/dialect.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { arbitraryStatement } from '../../../src/prove/statements/arbitrary-statement.js';
import { FUNCTION_SIGNATURES } from '../../../src/prove/statements/function-signatures.js';
import { readStatements } from '../../../src/prove/statements/read-statements.js';
import { createSeal } from '../../../src/seal/index.js';
import { createJudges } from '../../../src/seal/judges.js';
import { FUNCTIONS } from '../../../src/sql/functions.js';
import type { Query } from '../../../src/sql/nodes.js';
import { parseQuery } from '../../../src/sql/parser.js';
import { printQuery } from '../../../src/sql/printer.js';
import { customer } from '../../support/principals.js';
import { callerSql } from '../../support/seal-engine.js';
import { corpusShop, corpusView } from '../../support/seal-shop.js';
import { shopVocabulary } from '../../support/shop-vocabulary.js';

const SAMPLES = 2_000;
const SEALED = 120;
const NAME = '["`][^"`]+["`]';

/** The reader refuses the function INTERVAL(), and GROUPING() wants a ROLLUP. */
const UNWRITTEN: Readonly<Record<Dialect, readonly string[]>> = {
  mysql: ['INTERVAL', 'GROUPING'],
  mariadb: ['INTERVAL'],
  sqlite: [],
};

const print = (query: Query, dialect: Dialect) => printQuery(query, dialect, { strings: 'quoted' }).sql;

/** What must occur: on every dialect, or on those that are named. */
const CONSTRUCTS: readonly (readonly [name: string, pattern: RegExp, on?: readonly Dialect[]])[] = [
  ['inner join', / JOIN /],
  ['left join', / LEFT JOIN /],
  ['right join', / RIGHT JOIN /],
  ['full join', / FULL JOIN /, ['sqlite']],
  ['cross join', / CROSS JOIN /],
  ['straight join', / STRAIGHT_JOIN /, ['mysql', 'mariadb']],
  ['natural join', / NATURAL /],
  ['using', / USING \(/],
  ['comma', new RegExp(`FROM ${NAME}( AS ${NAME})?, `)],
  ['nested join', new RegExp(`JOIN \\(${NAME}( AS ${NAME})? `)],
  ['derived table', /(FROM|JOIN|,) \((SELECT|WITH)/],
  ['lateral', /LATERAL \(/, ['mysql']],
  ['derived column list', /\) AS `[^`]+` \(`d1`/, ['mysql']],
  ['common table', /WITH /],
  ['several common tables', /\), ["`][^"`]+["`]( \([^)]*\))? AS (MATERIALIZED |NOT MATERIALIZED )?\(/],
  ['materialized', /AS (NOT )?MATERIALIZED/, ['sqlite']],
  ['recursive common table', /WITH RECURSIVE .*UNION( ALL)? SELECT .* \+ 1/],
  ['common table that hides a relation', /(WITH|RECURSIVE) ["`](orders|customers|payments)["`]/],
  ['common table called as a closed relation', /(WITH|RECURSIVE) ["`]salaries["`]/],
  ['common table called as one around', /WITH (RECURSIVE )?(["`]\w+["`]).* AS \(.*WITH (RECURSIVE )?\2/],
  ['values', /VALUES (ROW)?\(/],
  ['rows of a document', /(JSON_TABLE|JSON_EACH|JSON_TREE)\(/],
  ['scalar subquery', /= \(SELECT|, \(SELECT|SELECT \(SELECT/],
  ['exists', /[^T] EXISTS \(/],
  ['not exists', /NOT EXISTS \(/],
  ['in query', / IN \(SELECT/],
  ['any', / ANY \(/, ['mysql', 'mariadb']],
  ['all', / ALL \(SELECT/, ['mysql', 'mariadb']],
  ['row in query', /\) IN \(SELECT/],
  ['union', / UNION SELECT/],
  ['union all', / UNION ALL SELECT/],
  ['intersect', / INTERSECT SELECT/],
  ['except', / EXCEPT SELECT/],
  ['intersect all', / INTERSECT ALL /, ['mysql', 'mariadb']],
  ['except all', / EXCEPT ALL /, ['mysql', 'mariadb']],
  ['ordered leg', /LIMIT \d+( OFFSET \d+)?\) (UNION|EXCEPT|INTERSECT)/, ['mysql', 'mariadb']],
  ['window', / OVER \(/],
  ['named window', / OVER ["`]w1["`]/],
  ['refined window', /["`]w2["`] AS \(["`]w1["`]/],
  ['window with a frame of a named one', / OVER \(["`]w\d["`] ROWS/],
  ['rows frame', / ROWS BETWEEN .* PRECEDING AND /],
  ['short rows frame', / ROWS (UNBOUNDED|\d+) PRECEDING/],
  ['range frame', / RANGE BETWEEN (UNBOUNDED PRECEDING|CURRENT ROW)/],
  ['range frame with an offset', / RANGE BETWEEN \d+ PRECEDING/],
  ['range frame by time', / RANGE BETWEEN .*INTERVAL/, ['mysql']],
  ['groups frame', / GROUPS /, ['sqlite']],
  ['frame with exclusion', / EXCLUDE (TIES|GROUP|CURRENT ROW)/, ['sqlite']],
  ['group by', / GROUP BY /],
  ['group by place', / GROUP BY \d/],
  ['rollup', / WITH ROLLUP/, ['mysql', 'mariadb']],
  ['having', / HAVING /],
  ['distinct', /SELECT DISTINCT /],
  ['order by place', / ORDER BY \d/],
  ['order by alias', / ORDER BY ["`]\w+["`]( |$)/],
  ['order by expression', / ORDER BY [A-Z]\w+\(/],
  ['nulls first', / NULLS FIRST/, ['sqlite']],
  ['limit', / LIMIT \d+/],
  ['offset', / OFFSET \d+/],
  ['limit without order', /^SELECT (?!.*ORDER BY).* LIMIT /],
  ['aggregate of distinct', /(COUNT|SUM|AVG)\(DISTINCT /],
  ['list', /GROUP_CONCAT\(/],
  ['ordered list', /GROUP_CONCAT\([^()]* ORDER BY /],
  ['list of distinct', /GROUP_CONCAT\(DISTINCT /],
  ['separator', / SEPARATOR '/, ['mysql', 'mariadb']],
  ['list with limit', /GROUP_CONCAT\([^()]* LIMIT \d+\)/, ['mariadb']],
  ['filter', / FILTER \(WHERE /, ['sqlite']],
  ['json list', /JSON_ARRAYAGG\(|JSON_GROUP_ARRAY\(/],
  ['case', /CASE WHEN /],
  ['simple case', /CASE ["`]/],
  ['in list', / IN \(\d/],
  ['between', / BETWEEN /],
  ['like', / LIKE '/],
  ['like with escape', / ESCAPE '/],
  ['pattern by prefix', / LIKE '[^%_']+%'/],
  ['regexp', / REGEXP '/, ['mysql', 'mariadb']],
  ['glob', / GLOB '/, ['sqlite']],
  ['null-safe equality', / <=> /, ['mysql', 'mariadb']],
  ['is', / IS (NOT )?[\d']/, ['sqlite']],
  ['row values', /\(["`]\w+["`]\.["`]\w+["`], ["`]\w+["`]\.["`]\w+["`]\) (=|<|>=|<>) \(/],
  ['json path', /'\$\.a'/],
  ['collate', / COLLATE /, ['sqlite']],
  ['cast', /CAST\(/],
  ['alias as another relation', / AS ["`](orders|customers|employees|salaries)["`]/],
  ['internal names', / AS ["`](t1|c1|b)["`]/],
  ['quote in a text', /''/],
  ['text beyond ASCII', /'[^']*[éß名😀][^']*'/u],
  ['key of a sample', /["`]order_number["`] = 10\d\d\d/],
  ['key beside a failing expression', /["`]order_number["`] (=|IN) .* AND .*(ABS|EXP|POW|JSON_EXTRACT|REGEXP)/],
  ['overflow', /9223372036854775807/],
  ['exp of 710', /EXP\(IF\(.*, 710, 1\)\)/, ['mysql', 'mariadb']],
  ['smallest number', /ABS\((CASE|IF).*-9223372036854775807 - 1/],
  ['two rows', /SELECT 1 AS [`"]v[`"] UNION ALL SELECT 2/, ['mysql', 'mariadb']],
  ['broken document', /THEN '\[' ELSE|, '\[', '\[1\]'\)/],
  ['broken pattern', /, '\(', 'a'\)/, ['mysql', 'mariadb']],
  ['note read as a document', /JSON_EXTRACT\(["`]\w+["`]\.["`]\w+["`], '\$\[0\]'\)/],
  ['division by what is 0', /1 \/ CASE/],
];

describe.each(DIALECTS)('statements for %s', (dialect) => {
  const queries = fc.sample(arbitraryStatement(shopVocabulary(dialect)), { numRuns: SAMPLES, seed: 20_261_122 });
  const texts = queries.map((query) => print(query, dialect));

  it('print, and read back the same', () => {
    for (const sql of texts) expect(print(parseQuery(sql, dialect), dialect)).toBe(sql);
  });

  it('are of a size that people can read', () => {
    expect(texts.filter((sql) => sql.length > 4_000).length).toBeLessThan(SAMPLES / 100);
    expect(new Set(texts).size).toBeGreaterThan(SAMPLES * 0.97);
  });

  it('hold every construct', () => {
    const counts = CONSTRUCTS.filter(([, , on]) => !on || on.includes(dialect)).map(
      ([name, pattern]) => [name, texts.filter((sql) => pattern.test(sql)).length] as const,
    );
    expect(counts.length).toBeGreaterThan(70);
    expect(counts.filter(([, count]) => count === 0)).toEqual([]);
  });

  it('call every function that is open', () => {
    const called = new Set(texts.flatMap((sql) => sql.match(/\b[A-Z][A-Z0-9_]*(?=\()|\bCURRENT_\w+/g) ?? []));
    const missed = [...FUNCTIONS[dialect].keys()].filter((name) => !called.has(name));
    // What time it is makes a statement incomparable, so clocks are seldom.
    expect(missed.filter((name) => FUNCTIONS[dialect].get(name)?.volatility !== 'clock')).toEqual(UNWRITTEN[dialect]);
    expect(missed.length).toBeLessThan(8);
    const known = new Set(FUNCTION_SIGNATURES[dialect].map((signature) => signature.name));
    const scalar = [...FUNCTIONS[dialect].values()].filter((rule) => rule.kind === 'scalar').map((rule) => rule.name);
    expect(scalar.filter((name) => !known.has(name))).toEqual(UNWRITTEN[dialect]);
  });

  it('are sealed, nearly all', async () => {
    const judges = createJudges({ timeoutMs: 20_000, threads: 1 });
    const catalog = corpusShop(dialect);
    const seal = createSeal({ catalog, judges });
    const refusals: string[] = [];
    for (const sql of texts.slice(0, SEALED))
      await seal.seal(callerSql(sql), customer(121), corpusView(catalog)).catch((error: unknown) => {
        if (!(error instanceof SwaliError)) throw error;
        refusals.push(`${error.code} ${error.detail}`);
      });
    await judges.close();
    console.log(`${dialect}: ${SEALED - refusals.length} of ${SEALED} sealed\n${refusals.join('\n')}`);
    expect(refusals.length).toBeLessThan(SEALED / 5);
  }, 120_000);

  it('shrink to the smallest that still shows it', () => {
    const wanted = dialect === 'sqlite' ? /ABS\(/ : /GROUP_CONCAT\(/;
    const statements = arbitraryStatement(shopVocabulary(dialect));
    const found = fc.check(
      fc.property(statements, (query) => !wanted.test(print(query, dialect))),
      { numRuns: SAMPLES, seed: 7, endOnFailure: false },
    );
    expect(found.failed).toBe(true);
    const [smallest] = found.counterexample as [Query];
    expect(print(smallest, dialect).length, print(smallest, dialect)).toBeLessThan(100);
    expect(() => parseQuery(print(smallest, dialect), dialect)).not.toThrow();
  });
});

describe('statements of files', () => {
  it('are read line by line with file, id and dialects, and a line that is none is named', () => {
    const folder = mkdtempSync(join(tmpdir(), 'swali-statements-'));
    try {
      const lines = ['{"sql":"SELECT 1","id":7}', '', '{"sql":"SELECT 2","dialects":["mysql"]}'];
      writeFileSync(join(folder, 'b.jsonl'), lines.join('\n'));
      writeFileSync(join(folder, 'a.jsonl'), '{"sql":"SELECT 0"}\n');
      writeFileSync(join(folder, 'c.txt'), 'no statements');
      expect(readStatements(folder)).toEqual([
        { id: 'a:1', sql: 'SELECT 0', dialects: null },
        { id: 'b:7', sql: 'SELECT 1', dialects: null },
        { id: 'b:3', sql: 'SELECT 2', dialects: ['mysql'] },
      ]);
      writeFileSync(join(folder, 'a.jsonl'), '{"sql":"SELECT 0"}\n{"text":"SELECT 0"}\n');
      expect(() => readStatements(folder)).toThrow(/a\.jsonl, line 2/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
