import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import type { Dialect } from '../../src/domain/dialect.js';
import type { SealedStatement } from '../../src/domain/sealed-statement.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createExecute } from '../../src/execute/execute.js';
import type { PrincipalView } from '../../src/policy/view.js';
import { createSeal, type Seal } from '../../src/seal/index.js';
import { createJudges, type Judges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';
import { describeEngines } from '../engines/engines.js';
import { makeView } from '../support/hand-made-catalog.js';
import { customer } from '../support/principals.js';
import { callerSql } from '../support/seal-engine.js';

/** Odd rows are customer 1's; the even ones are hidden from them. The indexes do not hold the owner. */
const TABLE = `CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_number INTEGER NOT NULL, total INTEGER, secret VARCHAR(20), note VARCHAR(40));
CREATE INDEX orders_total ON orders (total);
CREATE INDEX orders_secret ON orders (secret, total);
CREATE INDEX orders_note ON orders (note, total);
INSERT INTO orders VALUES ${Array.from({ length: 120 }, (_, index) => `(${index + 1}, ${(index % 2) + 1}, 1, 'No', '[1]')`).join()};
CREATE TABLE payments (id INTEGER PRIMARY KEY, customer_number INTEGER NOT NULL, order_id INTEGER NOT NULL, FOREIGN KEY (order_id) REFERENCES orders (id));
CREATE INDEX payments_owner ON payments (customer_number);
INSERT INTO payments VALUES (1, 1, 1), (2, 1, 2), (3, 2, 2), (4, 1, 3), (5, 2, 3);`;

/** SQLite leaks where it judges what an index holds before it looks the row up; an index led by the owner would be preferred. */
const OWNED = `${TABLE} CREATE INDEX orders_owner ON orders (customer_number);`;

/** Another customer's row that every condition below looks for, and the same row where none finds it. */
const MATCHING = `UPDATE orders SET total = 9, secret = 'Yes', note = '[' WHERE id = 2`;
const PLAIN = `UPDATE orders SET total = 1, secret = 'No', note = '[1]' WHERE id = 2`;

/** What no row of customer 1 fulfils. */
const HIDDEN = ['q.total > 5', "q.secret LIKE 'Y%'"];

/** Conditions that fail on a row that fulfils `hidden`, and on no other. */
const FAILING: Readonly<Record<'sqlite' | 'server', readonly ((hidden: string) => string)[]>> = {
  sqlite: [
    (hidden) => `abs(CASE WHEN ${hidden} THEN -9223372036854775808 ELSE 1 END) > 0`,
    (hidden) => `${hidden} AND abs(q.total - 9 - 9223372036854775807 - 1) > 0`,
    () => "json_extract(q.note, '$[0]') IS NOT NULL",
    (hidden) => `json_type(CASE WHEN ${hidden} THEN '[' ELSE '[1]' END) = 'array'`,
    (hidden) =>
      `(SELECT SUM(v) FROM (SELECT 9223372036854775807 AS v UNION ALL SELECT CASE WHEN ${hidden} THEN 1 ELSE -1 END)) > 0`,
  ],
  server: [
    (hidden) => `EXP(IF(${hidden}, 710, 1)) > 0`,
    (hidden) => `${hidden} AND EXP(709 + q.customer_number) > 0`,
    (hidden) => `IF(${hidden}, 9223372036854775807 + q.id, 1) > 0`,
    (hidden) => `ABS(IF(${hidden}, -9223372036854775807 - 1, 1)) > 0`,
    (hidden) => `(SELECT u.n FROM (SELECT 1 AS n UNION ALL SELECT 2) u WHERE u.n = 1 OR ${hidden}) > 0`,
    (hidden) => `'a' REGEXP IF(${hidden}, '(', 'a')`,
    () => "COALESCE(JSON_EXTRACT(q.note, '$[0]'), 1) = 1",
  ],
};

/** Statements in which a caller can put such a condition. */
const SHAPES: readonly ((condition: string) => string)[] = [
  (p) => `SELECT COUNT(*) FROM orders q WHERE ${p}`,
  (p) => `SELECT COUNT(*) FROM orders q WHERE q.id = 2 AND ${p}`,
  (p) => `SELECT COUNT(*) FROM orders q WHERE q.id IN (2, 3) AND ${p}`,
  (p) => `SELECT COUNT(*) FROM orders q WHERE q.id BETWEEN 1 AND 3 AND ${p}`,
  (p) => `SELECT COUNT(*) FROM orders q WHERE q.total > 5 AND ${p}`,
  (p) => `SELECT MAX(q.id) FROM orders q WHERE q.total IN (1, 9) AND ${p}`,
  (p) => `SELECT COUNT(*) FROM orders q WHERE q.secret LIKE 'Y%' AND ${p}`,
  (p) => `SELECT COUNT(*) FROM orders q WHERE q.note > '' AND ${p}`,
  (p) => `SELECT COUNT(*) FROM orders q WHERE NOT (${p}) OR q.id = 2`,
  (p) => `WITH c AS (SELECT * FROM orders) SELECT COUNT(*) FROM c q WHERE ${p}`,
  (p) => `SELECT COUNT(*) FROM (SELECT * FROM orders) q WHERE q.id = 2 AND ${p}`,
  (p) => `SELECT DISTINCT q.total FROM orders q WHERE ${p}`,
  (p) =>
    `SELECT q.customer_number, COUNT(*) FROM orders q GROUP BY q.customer_number HAVING MAX(CASE WHEN ${p} THEN 1 ELSE 0 END) = 1`,
  (p) => `SELECT CASE WHEN ${p} THEN 1 ELSE 0 END AS k, COUNT(*) FROM orders q GROUP BY k`,
  (p) => `SELECT COUNT(*) FROM orders r JOIN orders q ON q.id = r.id AND ${p}`,
  (p) => `SELECT COUNT(*) FROM orders r JOIN orders q ON q.id = r.id + 1 AND ${p}`,
  (p) => `SELECT COUNT(*) FROM orders r, orders q WHERE q.id = r.id + 1 AND ${p}`,
  (p) => `SELECT COUNT(*) FROM orders r LEFT JOIN orders q ON q.id = r.id + 1 AND ${p}`,
  (p) => `SELECT COUNT(*) FROM orders r LEFT JOIN orders q ON q.id = r.id WHERE ${p}`,
  (p) => `SELECT COUNT(*) FROM orders r WHERE EXISTS (SELECT 1 FROM orders q WHERE q.id = r.id + 1 AND ${p})`,
  (p) => `SELECT COUNT(*) FROM orders r WHERE NOT EXISTS (SELECT 1 FROM orders q WHERE q.id = r.id AND ${p})`,
  (p) => `SELECT COUNT(*) FROM orders r WHERE r.id IN (SELECT q.id FROM orders q WHERE ${p})`,
  (p) =>
    `SELECT r.id, (SELECT COUNT(*) FROM orders q WHERE q.id = r.id + 1 AND ${p}) AS n FROM orders r ORDER BY r.id LIMIT 3`,
  (p) =>
    `SELECT r.id, (SELECT COUNT(*) FROM orders q WHERE q.id = r.order_id AND ${p}) AS n FROM payments r ORDER BY r.id LIMIT 3`,
  (p) => `SELECT COUNT(*) FROM payments r WHERE (SELECT q.total FROM orders q WHERE q.id = r.order_id AND ${p}) > 0`,
  (p) => `SELECT q.id FROM orders q WHERE ${p} ORDER BY q.id LIMIT 1`,
  (p) => `SELECT q.id FROM orders q ORDER BY CASE WHEN ${p} THEN 1 ELSE 0 END, q.id LIMIT 1`,
  (p) =>
    `SELECT q.id, SUM(CASE WHEN ${p} THEN 1 ELSE 0 END) OVER (ORDER BY q.id) AS n FROM orders q ORDER BY q.id LIMIT 3`,
  (p) => `SELECT q.id FROM orders q WHERE ${p} UNION SELECT r.total FROM orders r ORDER BY 1 LIMIT 3`,
];

const FENCE = / LIMIT (?:9223372036854775807|-1)\)/g;

describeEngines('the error oracle through the seal', { sqlite: TABLE, mariadb: OWNED, mysql: OWNED }, (under) => {
  const family = under.dialect === 'sqlite' ? 'sqlite' : 'server';
  const conditions = FAILING[family].flatMap((failing) => HIDDEN.map(failing));
  const texts = [...new Set(SHAPES.flatMap((shape) => conditions.map(shape)))];
  let source: Source;
  let judges: Judges;
  let seal: Seal;
  let view: PrincipalView;
  beforeAll(async () => {
    source = await openSource({ url: under.url, allowWideGrants: true });
    const catalog = await readCatalog(source);
    judges = createJudges({ timeoutMs: 5_000, threads: 1 });
    seal = createSeal({ catalog, judges });
    const mine = { rows: 'customer_number = :customer_number' };
    view = makeView(catalog, { orders: mine, payments: mine }, { customer_number: 1 });
  }, 120_000);
  afterAll(async () => {
    await judges?.close();
    await source?.close();
  });

  /** All that a caller can observe: the rows, or the code. */
  async function observe(statement: SealedStatement | string, fenced: boolean): Promise<string> {
    if (typeof statement === 'string') return statement;
    const run = fenced
      ? createExecute(source)(statement)
      : source.execute({
          sql: statement.sql.replace(FENCE, ')'),
          parameters: statement.parameters.map((parameter) => parameter.value),
          kind: 'customer',
          timeoutMs: 20_000,
          maxRows: 1000,
          maxBytes: 1 << 20,
          mayEstimate: false,
        });
    return run.then(
      ({ rows }) => JSON.stringify(rows),
      (error: unknown) => (error instanceof SwaliError ? error.code : String(error)),
    );
  }

  async function observeAll(statements: readonly (SealedStatement | string)[], fenced: boolean): Promise<string[]> {
    const seen: string[] = [];
    for (const statement of statements) seen.push(await observe(statement, fenced));
    return seen;
  }

  it('gives the same answer whatever another customer’s row holds, and would not without the fence', async () => {
    const refusals = new Set<Dialect | string>();
    const statements: (SealedStatement | string)[] = [];
    for (const sql of texts)
      statements.push(
        await seal.seal(callerSql(sql), customer(1), view).catch((error: SwaliError) => {
          refusals.add(`${error.code}: ${sql}`);
          return error.code;
        }),
      );
    // Nearly all of them run: a refusal would prove nothing.
    expect([...refusals]).toEqual([]);
    expect(SHAPES.length).toBeGreaterThanOrEqual(20);
    expect(conditions.length).toBeGreaterThanOrEqual(10);

    await under.runAsOwner(MATCHING);
    const [fencedMatching, openMatching] = [await observeAll(statements, true), await observeAll(statements, false)];
    await under.runAsOwner(PLAIN);
    const [fencedPlain, openPlain] = [await observeAll(statements, true), await observeAll(statements, false)];

    const leaks = texts.filter((_, index) => fencedMatching[index] !== fencedPlain[index]);
    expect(leaks).toEqual([]);
    const failures = fencedPlain.filter((answer) => !answer.startsWith('['));
    // A condition that failed on the caller's own rows would hide every leak.
    expect(failures.length / texts.length).toBeLessThan(0.2);
    const open = texts.filter((_, index) => openMatching[index] !== openPlain[index]);
    console.log(`${under.dialect}: ${texts.length} statements, 0 leaks with the fence, ${open.length} without`);
    expect(open.length).toBeGreaterThan(0);
  }, 300_000);
});
