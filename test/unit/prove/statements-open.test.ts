import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { classifyOpen, type OpenReason } from '../../../src/prove/statements/open-statement.js';
import { parseQuery } from '../../../src/sql/parser.js';
import { shopVocabulary } from '../../support/shop-vocabulary.js';

const open = (sql: string, dialect: Dialect) => classifyOpen(parseQuery(sql, dialect), shopVocabulary(dialect));

/** Text → the reasons on SQLite, and on MySQL where they differ. */
const CASES: readonly (readonly [sql: string, sqlite: readonly OpenReason[], mysql?: readonly OpenReason[]])[] = [
  ['SELECT * FROM orders', []],
  ['SELECT * FROM orders ORDER BY status', []],
  // which rows a LIMIT takes
  ['SELECT order_number FROM orders LIMIT 2', ['limit-without-total-order']],
  ['SELECT order_number FROM orders LIMIT 0', []],
  ['SELECT order_number, status FROM orders ORDER BY status LIMIT 2', ['limit-without-total-order']],
  ['SELECT status FROM orders ORDER BY status LIMIT 2', [], ['limit-without-total-order']],
  ['SELECT total FROM orders ORDER BY total LIMIT 2', []],
  ['SELECT total FROM orders ORDER BY status, order_number LIMIT 2', []],
  ['SELECT total AS x FROM orders ORDER BY x LIMIT 2', []],
  ['SELECT total FROM orders ORDER BY 1 LIMIT 2', []],
  ['SELECT status, total FROM orders WHERE order_number = 5 LIMIT 1', []],
  ["SELECT status, total FROM orders WHERE order_number = '5' LIMIT 1", ['limit-without-total-order']],
  ['SELECT COUNT(*) FROM orders LIMIT 1', []],
  ['SELECT COUNT(*) FROM orders GROUP BY customer_number LIMIT 1', ['limit-without-total-order']],
  ['SELECT customer_number, COUNT(*) FROM orders GROUP BY 1 ORDER BY customer_number LIMIT 1', []],
  ['SELECT DISTINCT customer_number FROM orders ORDER BY 1 LIMIT 1', []],
  [
    'SELECT o.status, p.amount FROM orders o JOIN payments p ON p.order_number = o.order_number ORDER BY o.order_number LIMIT 1',
    ['limit-without-total-order'],
  ],
  [
    'SELECT o.status, p.amount FROM orders o JOIN payments p ON p.order_number = o.order_number ORDER BY p.payment_id LIMIT 1',
    [],
  ],
  [
    'SELECT o.status, p.amount FROM payments p LEFT JOIN orders o ON p.order_number = o.order_number ORDER BY p.payment_id LIMIT 1',
    [],
  ],
  [
    'SELECT o.status, p.amount FROM orders o LEFT JOIN payments p ON p.order_number = o.order_number ORDER BY p.payment_id LIMIT 1',
    ['limit-without-total-order'],
  ],
  ['SELECT o.total FROM orders o JOIN payments p USING (order_number) ORDER BY p.payment_id LIMIT 1', []],
  ['SELECT i.line, i.order_number FROM order_items i ORDER BY i.order_number, i.line LIMIT 1', []],
  ['SELECT i.qty FROM order_items i ORDER BY i.line LIMIT 1', ['limit-without-total-order']],
  // behind derived tables, common tables and set operations
  ['SELECT d.x FROM (SELECT order_number AS x, total AS y FROM orders) d ORDER BY d.x LIMIT 1', []],
  ['SELECT d.y FROM (SELECT order_number AS x, total AS y FROM orders) d ORDER BY d.x LIMIT 1', []],
  ['SELECT MAX(d.total) FROM (SELECT total FROM orders LIMIT 3) d', ['limit-without-total-order']],
  ['WITH c (a, k) AS (SELECT total, order_number FROM orders) SELECT a FROM c ORDER BY k LIMIT 1', []],
  [
    'WITH c AS (SELECT customer_number AS n, COUNT(*) AS m FROM orders GROUP BY customer_number) SELECT m FROM c ORDER BY n LIMIT 1',
    [],
  ],
  ['SELECT order_number FROM orders UNION SELECT payment_id FROM payments ORDER BY 1 LIMIT 2', []],
  [
    'SELECT order_number, 1 FROM orders UNION SELECT payment_id, 2 FROM payments ORDER BY 1 LIMIT 2',
    ['limit-without-total-order'],
  ],
  // where only its being there counts
  ['SELECT 1 FROM orders o WHERE EXISTS (SELECT 1 FROM payments p LIMIT 1)', []],
  ['SELECT (SELECT p.amount FROM payments p LIMIT 1) FROM orders o', ['limit-without-total-order']],
  ['SELECT (SELECT p.amount FROM payments p WHERE p.payment_id = o.order_number LIMIT 1) FROM orders o', []],
  // SQLite's scalar subqueries
  ['SELECT (SELECT p.amount FROM payments p) FROM orders o', ['first-row'], []],
  ['SELECT (SELECT p.amount FROM payments p WHERE p.payment_id = o.order_number) FROM orders o', []],
  ['SELECT (SELECT MAX(p.amount) FROM payments p) FROM orders o', []],
  // windows
  ['SELECT ROW_NUMBER() OVER (ORDER BY total) FROM orders', ['window-without-total-order']],
  ['SELECT ROW_NUMBER() OVER (ORDER BY total, order_number) FROM orders', []],
  ['SELECT RANK() OVER (ORDER BY total) FROM orders', []],
  ['SELECT COUNT(*) OVER (ORDER BY total) FROM orders', []],
  ['SELECT COUNT(*) OVER (ORDER BY total ROWS 1 PRECEDING) FROM orders', ['window-without-total-order']],
  ['SELECT COUNT(*) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM orders', []],
  ['SELECT LAG(status) OVER w FROM orders WINDOW w AS (PARTITION BY customer_number ORDER BY order_number)', []],
  [
    'SELECT FIRST_VALUE(status) OVER w FROM orders WINDOW w AS (PARTITION BY customer_number)',
    ['window-without-total-order'],
  ],
  ['SELECT NTILE(2) OVER (ORDER BY customer_number) FROM orders GROUP BY customer_number', []],
  // lists
  ['SELECT GROUP_CONCAT(order_number) FROM orders', ['list-without-total-order']],
  ['SELECT GROUP_CONCAT(order_number ORDER BY order_number) FROM orders', []],
  ['SELECT GROUP_CONCAT(total ORDER BY total) FROM orders', []],
  ['SELECT GROUP_CONCAT(status ORDER BY total) FROM orders', ['list-without-total-order']],
  ['SELECT GROUP_CONCAT(status ORDER BY total, order_number) FROM orders', []],
  ['SELECT GROUP_CONCAT(DISTINCT status ORDER BY status) FROM orders', [], ['representative']],
  // groups
  ['SELECT status, COUNT(*) FROM orders GROUP BY status', [], ['representative']],
  ['SELECT COUNT(*) FROM orders GROUP BY status', []],
  ['SELECT customer_number, total FROM orders GROUP BY customer_number', ['undetermined-column']],
  ['SELECT status, total FROM orders GROUP BY order_number', []],
  ['SELECT total, COUNT(*) FROM orders', ['undetermined-column']],
  // values that compare equal
  ['SELECT DISTINCT status FROM orders', [], ['representative']],
  ['SELECT MIN(status) FROM orders', [], ['representative']],
  ['SELECT MIN(total) FROM orders', []],
  ['SELECT status FROM orders UNION SELECT method FROM payments', [], ['representative']],
  ['SELECT status FROM orders UNION ALL SELECT method FROM payments', []],
  ['SELECT order_number FROM orders UNION SELECT total FROM orders', ['representative'], []],
  // numbers
  ['SELECT SUM(total) FROM orders', ['floating-point-sum'], []],
  ['SELECT SUM(order_number), AVG(order_number) FROM orders', []],
  ['SELECT AVG(total * 1.5e0) FROM orders', ['floating-point-sum']],
  ['SELECT SUM(d.x) FROM (SELECT total AS x FROM orders) d', ['floating-point-sum'], []],
  // recursion
  ['WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r', []],
  [
    'SELECT a.n FROM (WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r LIMIT 5) SELECT n FROM r) a',
    ['limit-without-total-order', 'recursion'],
  ],
  // time
  ['SELECT CURRENT_TIMESTAMP', ['clock']],
  ['SELECT CURRENT_DATE FROM orders', ['clock']],
  ['SELECT RANDOM() FROM orders', ['random']],
];

describe('what SQL leaves open', () => {
  it.each(CASES.map(([sql, sqlite, mysql = sqlite]) => ({ sql, sqlite, mysql })))('$sql', ({ sql, sqlite, mysql }) => {
    expect(open(sql, 'sqlite')).toEqual(sqlite);
    expect(open(sql, 'mysql')).toEqual(mysql);
  });

  it('knows enough cases, and every reason', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(60);
    expect(new Set(CASES.flatMap(([, sqlite, mysql = []]) => [...sqlite, ...mysql])).size).toBe(10);
  });

  it('knows what only one engine can say', () => {
    expect(open("SELECT DATE('now')", 'sqlite')).toEqual(['clock']);
    expect(open("SELECT DATE(order_date, '+1 day') FROM orders", 'sqlite')).toEqual([]);
    expect(open('SELECT NOW(6)', 'mysql')).toEqual(['clock']);
    expect(open('SELECT UNIX_TIMESTAMP(order_date) FROM orders', 'mysql')).toEqual([]);
    expect(open('SELECT STDDEV_POP(order_number) FROM orders', 'mysql')).toEqual(['floating-point-sum']);
    expect(open('SELECT JSON_ARRAYAGG(order_number) FROM orders', 'mysql')).toEqual(['list-without-total-order']);
    expect(
      open('SELECT customer_number, COUNT(*) FROM orders GROUP BY customer_number WITH ROLLUP LIMIT 2', 'mysql'),
    ).toEqual(['limit-without-total-order']);
    expect(
      open(
        '(SELECT total FROM orders ORDER BY order_number LIMIT 1) UNION ALL (SELECT total FROM orders LIMIT 1)',
        'mysql',
      ),
    ).toEqual(['limit-without-total-order']);
  });
});
