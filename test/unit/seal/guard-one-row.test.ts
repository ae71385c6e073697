import { describe, expect, it } from 'vitest';
import { correlate } from '../../../src/seal/correlate.js';
import { enclose } from '../../../src/seal/enclose.js';
import { fence } from '../../../src/seal/fence.js';
import { guardOneRow } from '../../../src/seal/guard-one-row.js';
import { makeCatalog, makeRelation, makeView } from '../../support/hand-made-catalog.js';
import { bindText, codeOf } from '../../support/seal-steps.js';

const catalog = makeCatalog('mysql', [
  makeRelation('mysql', 'customers', { customer_number: 'int', name: 'varchar(20)' }),
  makeRelation(
    'mysql',
    'orders',
    { id: 'int', customer_number: 'int', line: 'int' },
    { unique: [['customer_number', 'line']] },
  ),
]);
const own = { rows: 'customer_number = :customer_number' };
const view = makeView(catalog, { customers: own, orders: own }, { customer_number: 7 });
const guard = (sql: string) =>
  codeOf(() => guardOneRow(correlate(fence(enclose(bindText(sql, catalog, view), view), view), view, 'mysql'), view));

const ONE = 'SELECT name, COUNT(*) AS n FROM customers GROUP BY name WITH ROLLUP';

describe('a ROLLUP of one row inside another query of MySQL', () => {
  it.each([
    `SELECT n FROM (${ONE}) d`,
    `WITH d AS (${ONE}) SELECT n FROM d`,
    `SELECT id FROM orders WHERE id IN (SELECT COUNT(*) FROM customers GROUP BY name WITH ROLLUP)`,
    'SELECT n FROM (SELECT c.name, COUNT(*) AS n FROM customers c JOIN customers d ON d.name = c.name GROUP BY c.name WITH ROLLUP) e',
    'SELECT n FROM (SELECT line, COUNT(*) AS n FROM orders WHERE id = 3 GROUP BY line WITH ROLLUP) d',
    'SELECT n FROM (SELECT line, COUNT(*) AS n FROM orders WHERE id IN (3) GROUP BY line WITH ROLLUP) d',
    'SELECT n FROM (SELECT m, COUNT(*) AS n FROM (SELECT MAX(line) AS m FROM orders) o GROUP BY m WITH ROLLUP) d',
    'SELECT n FROM (SELECT m, COUNT(*) AS n FROM (SELECT line AS m FROM orders ORDER BY id LIMIT 1) o GROUP BY m WITH ROLLUP) d',
    'WITH c AS (SELECT line FROM orders) SELECT n FROM (SELECT line, COUNT(*) AS n FROM c GROUP BY line WITH ROLLUP) d',
    'SELECT n FROM (SELECT line, COUNT(*) AS n FROM (SELECT line FROM orders WHERE id = 3) o GROUP BY line WITH ROLLUP) d',
    'SELECT n FROM (SELECT line, COUNT(*) AS n FROM orders WHERE 3 = id GROUP BY line WITH ROLLUP) d',
  ])('is refused: %s', (sql) => {
    expect(guard(sql)).toBe('SEAL_UNSUPPORTED');
  });

  it.each([
    ONE,
    'SELECT n FROM (SELECT name, COUNT(*) AS n FROM customers GROUP BY name) d',
    'SELECT n FROM (SELECT line, COUNT(*) AS n FROM orders GROUP BY line WITH ROLLUP) d',
    'SELECT n FROM (SELECT line, COUNT(*) AS n FROM orders WHERE id IN (3, 4) GROUP BY line WITH ROLLUP) d',
    'SELECT n FROM (SELECT line, COUNT(*) AS n FROM orders WHERE line = id GROUP BY line WITH ROLLUP) d',
    'SELECT n FROM (SELECT o.line, COUNT(*) AS n FROM customers c JOIN orders o ON o.line = c.customer_number GROUP BY o.line WITH ROLLUP) d',
    'SELECT n FROM (SELECT m, COUNT(*) AS n FROM (SELECT line AS m FROM orders) o GROUP BY m WITH ROLLUP) d',
    'SELECT n FROM (SELECT m, COUNT(*) AS n FROM (SELECT name AS m FROM customers UNION SELECT 1) o GROUP BY m WITH ROLLUP) d',
    'SELECT n FROM (SELECT line, COUNT(*) AS n FROM orders WHERE id <> 3 GROUP BY line WITH ROLLUP) d',
    'SELECT n FROM (SELECT line, COUNT(*) AS n FROM orders WHERE id NOT IN (3) GROUP BY line WITH ROLLUP) d',
    `SELECT n FROM (SELECT name, COUNT(*) AS n FROM customers, JSON_TABLE('[1]', '$[*]' COLUMNS (x INT PATH '$')) j GROUP BY name WITH ROLLUP) d`,
    'SELECT n FROM (SELECT c.name, COUNT(*) AS n FROM customers c, orders o WHERE c.name = o.line GROUP BY c.name WITH ROLLUP) d',
  ])('and is not where there may be more, or at the top: %s', (sql) => {
    expect(guard(sql)).toBe('answered');
  });
});

describe('a window frame over one row of MySQL', () => {
  it.each([
    'SELECT LAST_VALUE(name) OVER (ORDER BY name ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) FROM customers',
    'SELECT SUM(customer_number) OVER w FROM customers WINDOW w AS (ORDER BY name ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING)',
    'SELECT name FROM customers ORDER BY SUM(customer_number) OVER (ORDER BY name ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING)',
    'SELECT LAST_VALUE(1) OVER (ORDER BY m ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM (SELECT name AS m FROM customers EXCEPT SELECT line FROM orders) d',
    'SELECT LAST_VALUE(1) OVER (ORDER BY m ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM ((SELECT name AS m FROM customers) INTERSECT SELECT line FROM orders) d',
    'SELECT LAST_VALUE(1) OVER (ORDER BY m ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM (SELECT line AS m FROM orders INTERSECT SELECT name FROM customers) d',
    'SELECT x FROM (SELECT SUM(line) OVER (ORDER BY id RANGE BETWEEN 1 FOLLOWING AND 2 FOLLOWING) AS x FROM orders WHERE id = 5) d',
  ])('is refused: %s', (sql) => {
    expect(guard(sql)).toBe('SEAL_UNSUPPORTED');
  });

  it.each([
    'SELECT LAST_VALUE(name) OVER (ORDER BY name) FROM customers',
    'SELECT COUNT(*) OVER w FROM customers WINDOW w AS (ORDER BY name)',
    'SELECT SUM(line) OVER (ORDER BY id ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) FROM orders',
    'SELECT SUM(m) OVER (ORDER BY m ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) FROM (SELECT line AS m FROM orders EXCEPT SELECT name FROM customers) d',
    'SELECT SUM(m) OVER (ORDER BY m ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) FROM (SELECT name AS m FROM customers UNION SELECT 1) d',
    'SELECT name, (SELECT MAX(x) FROM (SELECT SUM(line) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS x FROM orders) d) FROM customers',
  ])('and is not where there is no frame, or where there may be more: %s', (sql) => {
    expect(guard(sql)).toBe('answered');
  });
});
