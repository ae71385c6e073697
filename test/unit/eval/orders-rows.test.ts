import { expect, it } from 'vitest';
import { ordersRows } from '../../../src/eval/orders-rows.js';

it.each([
  ['SELECT a FROM t ORDER BY a', true],
  ['select a from t order by a desc limit 3', true],
  ['SELECT a FROM t UNION SELECT b FROM u ORDER BY 1', true],
  ['SELECT a FROM t', false],
  ['SELECT a FROM t WHERE b = (SELECT c FROM u ORDER BY c LIMIT 1)', false],
  ['SELECT row_number() OVER (ORDER BY a) FROM t', false],
  ["SELECT a FROM t WHERE b = 'ORDER BY a'", false],
  ['SELECT "order" FROM t', false],
  ['SELECT a FROM t -- ORDER BY a', false],
  ["SELECT 'never ended", false],
])('%s', (sql, ordered) => {
  expect(ordersRows(sql, 'sqlite')).toBe(ordered);
});
