import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { createExecute } from '../../src/execute/execute.js';
import { createSeal, type Seal } from '../../src/seal/index.js';
import { createJudges, type Judges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';
import { describeEngines } from '../engines/engines.js';
import { makeView } from '../support/hand-made-catalog.js';
import { admin, customer } from '../support/principals.js';
import { callerSql } from '../support/seal-engine.js';

/** What is listed and what it is ordered by are the second column of their enclosures: SQLite takes the one for the other. */
const TABLES = `CREATE TABLE orders (id INTEGER PRIMARY KEY, place INTEGER NOT NULL, customer_number INTEGER NOT NULL);
CREATE TABLE items (line INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, customer_number INTEGER NOT NULL);
INSERT INTO orders VALUES (1, 90, 1), (2, 80, 1), (3, 70, 2);
INSERT INTO items VALUES (11, 1, 1), (12, 2, 1), (13, 3, 2);`;

const STATEMENT =
  'SELECT GROUP_CONCAT(i.line ORDER BY o.place) AS v FROM (SELECT id, place FROM orders ORDER BY id LIMIT 9) o JOIN (SELECT order_id, line FROM items ORDER BY line LIMIT 9) i ON i.order_id = o.id GROUP BY i.line ORDER BY i.line';

describeEngines('an aggregate in the order of another table', TABLES, (under) => {
  let source: Source;
  let judges: Judges;
  let seal: Seal;
  beforeAll(async () => {
    source = await openSource({ url: under.url, size: 1, allowWideGrants: true });
    judges = createJudges({ timeoutMs: 10_000, threads: 1 });
    seal = createSeal({ catalog: await readCatalog(source), judges });
  }, 60_000);
  afterAll(async () => {
    await judges?.close();
    await source?.close();
  });

  it('gives the values, and not those that it is ordered by', async () => {
    const catalog = await readCatalog(source);
    const own = { rows: 'customer_number = :customer_number' };
    const views = [
      [admin(), makeView(catalog, {}), [['11'], ['12'], ['13']]],
      [customer(1), makeView(catalog, { orders: own, items: own }, { customer_number: 1 }), [['11'], ['12']]],
    ] as const;
    for (const [principal, view, expected] of views)
      expect((await createExecute(source)(await seal.seal(callerSql(STATEMENT), principal, view))).rows).toEqual(
        expected,
      );
  });
});
