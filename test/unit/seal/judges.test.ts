import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { createJudges, type JudgeRequest } from '../../../src/seal/judges.js';
import { mapForJudges, writeMapped } from '../../../src/seal/map-for-judges.js';
import { outlineForJudges } from '../../../src/seal/outline-for-judges.js';
import { type JudgeFinding, readWithNodeSqlParser } from '../../../src/seal/read-node-sql-parser.js';
import { loadSqlparserRs, readWithSqlparserRs } from '../../../src/seal/read-sqlparser-rs.js';

const PRINTED = readFileSync(new URL('../../../fixtures/sql/printed.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as JudgeRequest);

const judges = createJudges({ timeoutMs: 5000, threads: 1 });
afterAll(() => judges.close());
beforeAll(() => loadSqlparserRs());

function mapText(printed: string, dialect: Dialect): string | null {
  const mapped = mapForJudges(printed, dialect);
  return mapped && writeMapped(mapped);
}

function outlineText(printed: string, dialect: Dialect): string {
  return writeMapped(outlineForJudges(mapForJudges(printed, dialect) ?? []));
}

async function refusalOf(work: Promise<unknown>): Promise<SwaliError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof SwaliError) return error;
    throw error;
  }
  throw new Error('not refused');
}

const ORDERS =
  '(SELECT `b`.`id` AS `c1` FROM `orders` AS `b` WHERE `b`.`customer_number` = ? LIMIT 9223372036854775807) AS `t1`';
const SALARIES = '(SELECT `b`.`id` AS `c2` FROM `salaries` AS `b`) AS `t2`';

describe('judging printed text', () => {
  it('has a corpus for every dialect', () => {
    const count = (dialect: Dialect) => PRINTED.filter((request) => request.dialect === dialect).length;
    expect(count('mysql')).toBeGreaterThanOrEqual(70);
    expect(count('mariadb')).toBeGreaterThanOrEqual(65);
    expect(count('sqlite')).toBeGreaterThanOrEqual(50);
  });

  it('proves every text of the corpus', async () => {
    const unproven: string[] = [];
    for (const request of PRINTED) {
      await judges
        .judge(request, 0)
        .catch((error: SwaliError) => unproven.push(`${error.code} ${error.cause} <- ${request.sql}`));
    }
    expect(unproven).toEqual([]);
  });

  it('has both parsers read nearly all of the corpus, and agree where both do', () => {
    const read = (reader: (sql: string, dialect: Dialect) => JudgeFinding | null) =>
      PRINTED.map((request) => reader(mapText(request.sql, request.dialect) ?? '', request.dialect));
    const [first, second] = [read(readWithNodeSqlParser), read(readWithSqlparserRs)];
    const share = (findings: readonly unknown[]) => findings.filter((finding) => finding).length / PRINTED.length;
    expect(share(first)).toBeGreaterThanOrEqual(0.9);
    expect(share(second)).toBeGreaterThanOrEqual(0.99);
    first.forEach((finding, at) => {
      if (finding && second[at]) expect(second[at]?.relations).toEqual(finding.relations);
    });
  });

  it('finds in the outline of every text of the corpus what stands in the whole of it', () => {
    const pairs = PRINTED.map(({ sql, dialect }) => ({
      sql,
      whole: readWithNodeSqlParser(mapText(sql, dialect) ?? '', dialect),
      outline: readWithNodeSqlParser(outlineText(sql, dialect), dialect),
    }));
    const shared = pairs.filter(({ whole }) => whole !== null);
    expect(shared.length).toBeGreaterThanOrEqual(175);
    for (const { sql, whole, outline } of shared) expect(outline, sql).toEqual(whole);
    // What the parser cannot read is mostly in the expressions.
    const readable = pairs.filter(({ outline }) => outline !== null);
    expect(readable.length).toBeGreaterThanOrEqual(shared.length);
  });

  it.each([
    {
      name: 'a relation more than given',
      sql: `SELECT 1 AS \`c3\` FROM ${ORDERS}, ${SALARIES}`,
      relations: ['orders'],
    },
    { name: 'a relation less than given', sql: `SELECT 1 AS \`c3\` FROM ${ORDERS}`, relations: ['orders', 'salaries'] },
    { name: 'a relation in other letters', sql: `SELECT 1 AS \`c3\` FROM ${ORDERS}`, relations: ['Orders'] },
    { name: 'a relation with a schema', sql: 'SELECT 1 AS `c1` FROM `shop`.`orders` AS `b`', relations: ['orders'] },
    {
      name: 'a common table in the place of a relation',
      sql: 'WITH `orders` AS (SELECT 1) SELECT 1 AS `c1` FROM `orders`',
      relations: ['orders'],
    },
    { name: 'a write', sql: 'DELETE FROM `orders`', relations: ['orders'] },
    { name: 'a locking read', sql: `SELECT 1 AS \`c3\` FROM ${ORDERS} FOR UPDATE`, relations: ['orders'] },
    { name: 'INTO', sql: 'SELECT `c1` INTO `x` FROM `orders`', relations: ['orders'] },
    { name: 'two statements', sql: 'SELECT 1 AS `c1`; SELECT 2 AS `c2`', relations: [] },
    { name: 'text that neither reads', sql: 'SELECT 1 AS', relations: [] },
    {
      name: 'a relation of a scalar subquery',
      sql: 'SELECT (SELECT MAX(`b`.`id`) FROM `salaries` AS `b`) AS `c1`',
      relations: [],
    },
    {
      name: 'a relation of a second leg',
      sql: `SELECT 1 AS \`c3\` FROM ${ORDERS} UNION SELECT \`b\`.\`id\` FROM \`salaries\` AS \`b\``,
      relations: ['orders'],
    },
    {
      name: 'a relation of a nested join',
      sql: `SELECT 1 AS \`c3\` FROM ${ORDERS} JOIN (${SALARIES} CROSS JOIN \`x\`) ON TRUE`,
      relations: ['orders', 'salaries'],
    },
    { name: 'a table function', sql: 'SELECT 1 AS `c3` FROM JSON_EACH(1) AS `t1`', relations: ['JSON_EACH'] },
  ])('refuses $name', async ({ sql, relations }) => {
    const refusal = await refusalOf(judges.judge({ sql, dialect: 'mysql', relations }, 0));
    expect(refusal.code).toBe('SEAL_UNPROVEN');
    expect(refusal.detail).toBeNull();
    expect(String(refusal.cause)).not.toBe('');
  });

  it('does not mind the order of the given relations, nor one given twice', async () => {
    const sql = `SELECT 1 AS \`c3\` FROM ${ORDERS}, ${SALARIES}`;
    await expect(
      judges.judge({ sql, dialect: 'mysql', relations: ['salaries', 'orders', 'salaries'] }, 0),
    ).resolves.toBeUndefined();
  });
});

/** Nested CASTs take node-sql-parser exponential time. */
const SLOW = `SELECT ${'CAST('.repeat(16)}1${' AS CHAR)'.repeat(16)}`;

/** An expression that holds a query stays in the outline. */
const SLOW_PRINTED = `SELECT ${'CAST('.repeat(16)}(SELECT 1)${' AS CHAR)'.repeat(16)} AS \`c1\``;

describe('judges that run out of time', () => {
  // Long enough for an ordinary text on a busy machine, far too short for the slow one, which takes a minute.
  const hasty = createJudges({ timeoutMs: 1500, threads: 1 });
  afterAll(() => hasty.close());

  it('refuse incoming text at the gate, and the next text is read by a new thread', async () => {
    const started = performance.now();
    const refusal = await refusalOf(hasty.gate(SLOW, 'mysql', () => true));
    expect(refusal.code).toBe('SEAL_JUDGE_TIMEOUT');
    expect(performance.now() - started).toBeLessThan(10_000);
    await expect(hasty.gate('SELECT 1', 'mysql', () => true)).resolves.toBeGreaterThanOrEqual(0);
  });

  it('refuse printed text', async () => {
    const refusal = await refusalOf(hasty.judge({ sql: SLOW_PRINTED, dialect: 'mysql', relations: [] }, 0));
    expect(refusal.code).toBe('SEAL_JUDGE_TIMEOUT');
  });

  it('are not held by nested expressions of printed text', async () => {
    await expect(
      hasty.judge({ sql: `${SLOW} AS \`c1\``, dialect: 'mysql', relations: [] }, 0),
    ).resolves.toBeUndefined();
  });

  it('have what the gate left of one deadline', async () => {
    const text = 'SELECT `t1`.`c1` AS `c2` FROM (SELECT `b`.`id` AS `c1` FROM `orders` AS `b`) AS `t1`';
    const request = { sql: text, dialect: 'mysql', relations: ['orders'] } as const;
    await expect(hasty.judge(request, 0)).resolves.toBeUndefined();
    // Ten minutes of the slow text, were they all left for it: the test would run out of its own time.
    const patient = createJudges({ timeoutMs: 600_000, threads: 1 });
    const slow = { sql: SLOW_PRINTED, dialect: 'mysql', relations: [] } as const;
    expect((await refusalOf(patient.judge(slow, 599_900))).code).toBe('SEAL_JUDGE_TIMEOUT');
    await patient.close();
  });

  it('do not hold the waiting behind a slow text against those that wait', async () => {
    const slow = refusalOf(hasty.gate(SLOW, 'mysql', () => true));
    const others = Array.from({ length: 20 }, () => hasty.gate('SELECT 1', 'mysql', () => true));
    expect((await slow).code).toBe('SEAL_JUDGE_TIMEOUT');
    await expect(Promise.all(others)).resolves.toHaveLength(20);
  });

  it('turn away what would wait behind too many others', async () => {
    const waiting = Array.from({ length: 400 }, () =>
      hasty
        .gate('SELECT 1', 'mysql', () => true)
        .then(
          () => 'passed',
          (error: SwaliError) => error.code,
        ),
    );
    const outcomes = new Set(await Promise.all(waiting));
    expect(outcomes).toEqual(new Set(['passed', 'EXECUTE_BUSY']));
  });
});

describe('the gate', () => {
  it('refuses over-long text before any thread sees it', async () => {
    const sql = `SELECT '${'é'.repeat(8200)}'`;
    expect((await refusalOf(judges.gate(sql, 'mysql', () => true))).code).toBe('SEAL_TOO_LONG');
  });

  it('asks about relations by the name that stands in the text', async () => {
    const asked: string[] = [];
    await judges.gate('SELECT * FROM Orders', 'mysql', (name) => asked.push(name) > 0);
    expect(asked).toEqual(['Orders']);
  });

  it('goes on after text that exhausts the stack of its thread', async () => {
    const sql = `SELECT ${'('.repeat(4000)}1${')'.repeat(4000)}`;
    await judges
      .gate(sql, 'mysql', () => true)
      .catch((error: SwaliError) => {
        expect(['SEAL_JUDGE_TIMEOUT', 'SEAL_UNPROVEN']).toContain(error.code);
      });
    await expect(judges.gate('SELECT 1', 'mysql', () => true)).resolves.toBeGreaterThanOrEqual(0);
  });
});

describe('mapForJudges', () => {
  it.each([
    ['SELECT `t1`.`c1` <=> NULL AS `c2`', 'SELECT `t1`.`c1` = NULL AS `c2`'],
    ['SELECT _utf8mb4 0x41 COLLATE utf8mb4_bin AS `c1`', 'SELECT 0x41 AS `c1`'],
    ['SELECT ? LIKE ? ESCAPE _utf8mb4 0x5C AS `c1`', 'SELECT 1 LIKE 1 AS `c1`'],
    ['SELECT 1 AS `c1` EXCEPT ALL SELECT 2 AS `c2`', 'SELECT 1 AS `c1` EXCEPT SELECT 2 AS `c2`'],
    [
      'SELECT INTERVAL(1, 2) AS `c1`, `t1`.`c1` + INTERVAL (1) DAY AS `c2`',
      'SELECT COALESCE(1, 2) AS `c1`, `t1`.`c1` + INTERVAL (1) DAY AS `c2`',
    ],
    ['SELECT 1., 1e3, 1.5 AS `c1`', 'SELECT 1, 1, 1.5 AS `c1`'],
    ['SELECT `c1` FROM (SELECT 1) AS `t1` (`c1`, `c2`)', 'SELECT `c1` FROM (SELECT 1) AS `t1`'],
    ['SELECT `c1` IS NOT NULL AND `c1` IS NOT `c2`', 'SELECT `c1` IS NOT NULL AND `c1` = `c2`'],
    ['SELECT 1 FROM `COLLATE x` AS `a . b`', 'SELECT 1 FROM `COLLATE x` AS `a . b`'],
  ])('rewrites %s', (sql, mapped) => {
    expect(mapText(sql, 'mysql')).toBe(mapped);
  });

  it.each(["SELECT 'a'", 'SELECT 1 -- x', 'SELECT 1 /* x */', 'SELECT 1;', 'SELECT @x', 'SELECT 1 # x', 'SELECT é'])(
    'has no reading of %s',
    (sql) => {
      expect(mapText(sql, 'mysql')).toBeNull();
    },
  );
});
