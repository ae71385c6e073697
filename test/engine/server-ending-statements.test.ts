import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { createExecute } from '../../src/execute/execute.js';
import { createSeal, type Seal } from '../../src/seal/index.js';
import { createJudges, type Judges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import type { Source } from '../../src/source/source.js';
import { describeEngines } from '../engines/engines.js';
import { openWholeCatalog } from '../support/open-view.js';
import { admin } from '../support/principals.js';
import { callerSql } from '../support/seal-engine.js';

const TABLE = `CREATE TABLE orders (id INT PRIMARY KEY, customer_number INT);
INSERT INTO orders VALUES (1, 1), (2, NULL), (3, 3);`;

/** Each ended MariaDB 10.11.19 when it ran prepared, as it is written. With them the rows. */
const STATEMENTS: readonly (readonly [string, readonly (readonly unknown[])[]])[] = [
  [
    'SELECT a.id IN (SELECT b.id) AS e, COUNT(*) FROM orders a, orders b GROUP BY e ORDER BY e',
    [
      [0, 6],
      [1, 3],
    ],
  ],
  [
    'SELECT a.id NOT IN (SELECT b.id) AS e, COUNT(*) FROM orders a, orders b GROUP BY e ORDER BY e',
    [
      [0, 3],
      [1, 6],
    ],
  ],
  [
    'SELECT a.id = ANY (SELECT b.id) AS e, COUNT(*) FROM orders a, orders b GROUP BY e ORDER BY e',
    [
      [0, 6],
      [1, 3],
    ],
  ],
  [
    'SELECT a.id > ALL (SELECT b.id) AS e, COUNT(*) FROM orders a, orders b GROUP BY e ORDER BY e',
    [
      [0, 6],
      [1, 3],
    ],
  ],
  [
    'SELECT a.id IN (SELECT DISTINCT b.id) AS e, COUNT(*) FROM orders a, orders b GROUP BY e ORDER BY e',
    [
      [0, 6],
      [1, 3],
    ],
  ],
  [
    'SELECT a.id IN ((SELECT b.id FROM DUAL)) AS e, COUNT(*) FROM orders a, orders b GROUP BY e ORDER BY e',
    [
      [0, 6],
      [1, 3],
    ],
  ],
  [
    'SELECT a.id IN (SELECT b.id GROUP BY b.id) AS e, COUNT(*) FROM orders a, orders b GROUP BY e ORDER BY e',
    [
      [0, 6],
      [1, 3],
    ],
  ],
  ['SELECT COUNT(*) FROM (SELECT id AS x, customer_number AS y FROM orders) a WHERE a.x IN (SELECT a.y)', [[2]]],
  // GROUP BY without aggregates, which MariaDB drops, and a subquery in the list, which goes with it.
  [
    'SELECT a.id FROM orders a WHERE a.id IN (SELECT (SELECT 1 FROM orders c WHERE c.id = b.customer_number) FROM orders b GROUP BY b.customer_number) ORDER BY a.id',
    [[1]],
  ],
  // A common table that nothing reads, over a recursive one, in a common table that is read twice.
  [
    `WITH t AS (WITH RECURSIVE r (n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 3), u AS (SELECT n FROM r) SELECT n FROM r)
     SELECT (SELECT COUNT(*) FROM t x) AS c FROM t y`,
    [[3], [3], [3]],
  ],
];

describeEngines(
  'statements that ended a server',
  TABLE,
  (under) => {
    let source: Source;
    let seal: Seal;
    let judges: Judges;
    let view: ReturnType<typeof openWholeCatalog>;
    beforeAll(async () => {
      source = await openSource({ url: under.url, size: 1, allowWideGrants: true });
      const catalog = await readCatalog(source);
      judges = createJudges({ timeoutMs: 10_000, threads: 1 });
      seal = createSeal({ catalog, judges });
      view = openWholeCatalog(catalog);
    }, 60_000);
    afterAll(async () => {
      await judges?.close();
      await source?.close();
    });

    it.each(STATEMENTS)('leave the server running: %s', async (sql, expected) => {
      const sealed = await seal.seal(callerSql(sql), admin(), view);
      expect((await createExecute(source)(sealed)).rows).toEqual(expected);
    });
  },
  ['mariadb', 'mysql'],
);
