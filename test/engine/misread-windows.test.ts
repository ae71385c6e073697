import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { createExecute } from '../../src/execute/execute.js';
import { createSeal, type Seal } from '../../src/seal/index.js';
import { createJudges, type Judges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';
import { describeEngines } from '../engines/engines.js';
import { makeView } from '../support/hand-made-catalog.js';
import { customer } from '../support/principals.js';
import { callerSql } from '../support/seal-engine.js';
import { codeOf } from '../support/seal-steps.js';

/** One's own customers are one row, as in every shop: MariaDB then loses the condition of a subquery with a window. */
const TABLES = `CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_number INTEGER NOT NULL, paid INTEGER NOT NULL);
CREATE TABLE customers (customer_number INTEGER PRIMARY KEY, name VARCHAR(20));
INSERT INTO orders VALUES (1, 1, 0), (2, 1, 1), (3, 2, 1);
INSERT INTO customers VALUES (1, 'a'), (2, 'b');`;

const EXISTS = 'SELECT o.id FROM orders o WHERE EXISTS (SELECT COUNT(*) OVER () FROM customers c WHERE o.paid = 1)';
const SCALAR =
  'SELECT o.id, (SELECT COUNT(*) OVER () FROM customers c WHERE o.paid = 1) AS n FROM orders o ORDER BY o.id';

describeEngines('a window in a subquery over one row', TABLES, (under) => {
  let source: Source;
  let seal: Seal;
  let judges: Judges;
  let view: ReturnType<typeof makeView>;
  beforeAll(async () => {
    source = await openSource({ url: under.url, size: 1, allowWideGrants: true });
    const catalog = await readCatalog(source);
    judges = createJudges({ timeoutMs: 10_000, threads: 1 });
    seal = createSeal({ catalog, judges });
    const own = { rows: 'customer_number = :customer_number' };
    view = makeView(catalog, { orders: own, customers: own }, { customer_number: 1 });
  }, 60_000);
  afterAll(async () => {
    await judges?.close();
    await source?.close();
  });
  const ask = async (sql: string) =>
    (await createExecute(source)(await seal.seal(callerSql(sql), customer(1), view))).rows;

  it('does not make EXISTS true where the condition is false', async () => {
    expect(await ask(EXISTS)).toEqual([[2]]);
  });

  it('gives the value of the condition, or is refused', async () => {
    const outcome = await ask(SCALAR).catch((error: unknown) =>
      codeOf(() => {
        throw error;
      }),
    );
    expect(outcome).toEqual(
      under.dialect === 'mariadb'
        ? 'SEAL_UNSUPPORTED'
        : [
            [1, null],
            [2, 1],
          ],
    );
  });
});
