import { expect, it } from 'vitest';
import { describeEngines } from '../engines/engines.js';
import { openSeal } from '../support/open-seal.js';
import { openWholeCatalog } from '../support/open-view.js';
import { admin } from '../support/principals.js';

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
    const opened = openSeal(under);

    it.each(STATEMENTS)('leave the server running: %s', async (sql, expected) => {
      const { ask, catalog } = opened();
      expect(await ask(sql, admin(), openWholeCatalog(catalog))).toEqual(expected);
    });
  },
  ['mariadb', 'mysql'],
);
