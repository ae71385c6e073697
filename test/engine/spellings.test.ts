import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import type { SealedStatement } from '../../src/domain/sealed-statement.js';
import { createSeal } from '../../src/seal/index.js';
import { createJudges, type Judges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';
import { describeEngines } from '../engines/engines.js';
import { makeView } from '../support/hand-made-catalog.js';
import { customer } from '../support/principals.js';
import { callerSql } from '../support/seal-engine.js';

const table = (collation: string) =>
  `CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, customer_number INTEGER NOT NULL, city VARCHAR(20) ${collation} NOT NULL, k INTEGER NOT NULL);`;

const SPELLINGS = ['Nairobi', 'NAIROBI', 'nairobi', 'NairobI'];
const insert = (rows: readonly (readonly (number | string)[])[]) =>
  `INSERT INTO orders VALUES ${rows.map(([id, owner, city, k]) => `(${id}, ${owner}, '${city}', ${k})`).join()};`;

/** Customer 1 has every third row. */
const rows = Array.from({ length: 400 }, (_, at) => [at + 1, at % 3 === 1 ? 1 : 2, SPELLINGS[(at % 7) % 4]!, at % 13]);
/** What others may hold beside, and what the owner of the database may index: both move the server’s choices. */
const MORE = Array.from({ length: 3000 }, (_, at) => [1000 + at, 2 + (at % 50), at % 2 ? 'NAIROBI' : 'zz', at % 7]);
const WORLDS = ['', 'DELETE FROM orders WHERE customer_number <> 1;', insert(MORE)].flatMap((others) =>
  ['customer_number', 'customer_number, city', 'customer_number, k', 'k, customer_number, city', 'city'].map(
    (columns) => `DELETE FROM orders; ${insert(rows)} ${others} CREATE INDEX moved ON orders (${columns});`,
  ),
);

const STATEMENTS = [
  'SELECT city, COUNT(*) FROM orders GROUP BY city',
  'SELECT DISTINCT city FROM orders',
  'SELECT MIN(city), MAX(city) FROM orders',
  'SELECT k, MAX(city) FROM orders GROUP BY k',
  'SELECT city FROM orders UNION SELECT city FROM orders',
  'SELECT GROUP_CONCAT(DISTINCT city ORDER BY city) FROM orders',
  'SELECT o.city, COUNT(*) FROM orders o JOIN orders p ON p.k = o.k GROUP BY o.city',
];

describeEngines(
  'which of several equal spellings is shown',
  { sqlite: table('COLLATE NOCASE'), mariadb: table(''), mysql: table('') },
  (under) => {
    let source: Source;
    let judges: Judges;
    let statements: readonly SealedStatement[];
    beforeAll(async () => {
      source = await openSource({ url: under.url, allowWideGrants: true });
      const catalog = await readCatalog(source);
      judges = createJudges({ timeoutMs: 10_000, threads: 1 });
      const seal = createSeal({ catalog, judges });
      const view = makeView(
        catalog,
        { orders: { rows: 'customer_number = :customer_number' } },
        { customer_number: 1 },
      );
      const sealed: SealedStatement[] = [];
      for (const sql of STATEMENTS) sealed.push(await seal.seal(callerSql(sql), customer(1), view));
      statements = sealed;
    }, 120_000);
    afterAll(async () => {
      await judges?.close();
      await source?.close();
    });

    const run = async (statement: SealedStatement, sql: string) => {
      const parameters = statement.parameters.map((parameter) => parameter.value);
      const limits = { timeoutMs: 20_000, maxRows: 1000, maxBytes: 1 << 20, mayEstimate: false };
      return JSON.stringify((await source.execute({ sql, parameters, kind: 'customer', ...limits })).rows);
    };

    it('does not follow what others store, and would without the order inside the enclosures', async () => {
      const ordered = STATEMENTS.map(() => new Set<string>());
      const left = STATEMENTS.map(() => new Set<string>());
      const drop = under.dialect === 'sqlite' ? 'DROP INDEX moved;' : 'DROP INDEX moved ON orders;';
      for (const world of WORLDS) {
        await under.runAsOwner(`${world} ${under.dialect === 'sqlite' ? 'ANALYZE' : 'ANALYZE TABLE orders'};`);
        for (const [at, statement] of statements.entries()) {
          ordered[at]!.add(await run(statement, statement.sql));
          left[at]!.add(
            await run(statement, statement.sql.replaceAll(/ ORDER BY [`"]b[`"]\.[`"]id[`"] LIMIT/g, ' LIMIT')),
          );
        }
        await under.runAsOwner(drop);
      }
      expect(ordered.map((answers) => answers.size)).toEqual(STATEMENTS.map(() => 1));
      expect(Math.max(...left.map((answers) => answers.size))).toBeGreaterThan(1);
    }, 300_000);
  },
);
