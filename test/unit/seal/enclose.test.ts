import { describe, expect, it } from 'vitest';
import { enclose } from '../../../src/seal/enclose.js';
import { adminView, customerView, sealShop } from '../../support/seal-shop.js';
import { bindText, codeOf, textAfter } from '../../support/seal-steps.js';

const catalog = sealShop();
const enclosed = (sql: string, view = customerView(catalog)) =>
  textAfter('enclose', sql, catalog, view).replaceAll('`', '');

describe('every base relation is enclosed', () => {
  it('with the columns that the statement uses, the filter and the fence', () => {
    expect(enclosed('SELECT status FROM orders WHERE total > 5')).toBe(
      'SELECT t1.c1 AS c2 FROM (SELECT b.status AS c1, b.total AS c3 FROM orders AS b WHERE b.owner = ? LIMIT 9223372036854775807) AS t1 WHERE t1.c3 > 5',
    );
  });

  it('with no fence where every row is open, for anybody', () => {
    expect(enclosed('SELECT code FROM products')).toBe(
      'SELECT t1.c1 AS c2 FROM (SELECT b.code AS c1 FROM products AS b) AS t1',
    );
    expect(enclosed('SELECT status FROM orders', adminView(catalog))).toBe(
      'SELECT t1.c1 AS c2 FROM (SELECT b.status AS c1 FROM orders AS b) AS t1',
    );
  });

  it('with a constant where no column is used', () => {
    expect(enclosed('SELECT COUNT(*) FROM orders')).toContain(
      'FROM (SELECT 1 AS c0 FROM orders AS b WHERE b.owner = ?',
    );
  });

  it('with the mask in the column’s place, whatever is done with it', () => {
    const view = customerView(catalog, { orders: { rows: 'owner = :owner', masks: { note: 'RIGHT(note, 2)' } } });
    for (const sql of [
      'SELECT note FROM orders',
      'SELECT 1 FROM orders WHERE note LIKE 5',
      'SELECT COUNT(*) FROM orders GROUP BY note',
      'SELECT 1 FROM orders a JOIN orders b USING (note)',
    ]) {
      const text = enclosed(sql, view);
      expect(text).toContain('RIGHT(b.note, 2) AS');
      expect(text.replaceAll('RIGHT(b.note, 2)', '')).not.toContain('note');
    }
  });

  it.each([
    ['a derived table', 'SELECT * FROM (SELECT id FROM orders) t'],
    ['a common table', 'WITH t AS (SELECT id FROM orders) SELECT * FROM t'],
    ['a scalar subquery', 'SELECT (SELECT MAX(id) FROM orders)'],
    ['EXISTS in ON', 'SELECT 1 FROM products p JOIN products q ON EXISTS (SELECT 1 FROM orders)'],
    ['IN of HAVING', 'SELECT 1 FROM products GROUP BY code HAVING code IN (SELECT status FROM orders)'],
    ['ORDER BY', 'SELECT 1 FROM products ORDER BY (SELECT MAX(id) FROM orders)'],
    ['GROUP BY', 'SELECT COUNT(*) FROM products GROUP BY (SELECT MAX(id) FROM orders)'],
    ['a window', 'SELECT SUM(price) OVER (PARTITION BY (SELECT MAX(id) FROM orders)) FROM products'],
    ['a named window', 'SELECT SUM(price) OVER w FROM products WINDOW w AS (ORDER BY (SELECT MAX(id) FROM orders))'],
    ['an aggregate’s order', 'SELECT GROUP_CONCAT(code ORDER BY (SELECT MAX(id) FROM orders)) FROM products'],
    ['the second leg of a UNION', 'SELECT code FROM products UNION SELECT status FROM orders'],
    ['a quantified comparison', 'SELECT 1 FROM products WHERE price > ALL (SELECT total FROM orders)'],
    [
      'a recursive common table',
      'WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT t.i + 1 FROM t JOIN orders o ON o.id = t.i) SELECT i FROM t',
    ],
    ['a lateral table', 'SELECT 1 FROM products p, LATERAL (SELECT id FROM orders WHERE status = p.code) t'],
  ])('in %s', (_name, sql) => {
    const text = enclosed(sql);
    expect(text).toMatch(/FROM orders AS b WHERE b\.owner = \? LIMIT 9223372036854775807\) AS t\d/);
    expect(text.match(/\borders\b/g)).toHaveLength(1);
  });

  it('once for each occurrence, each with columns of its own', () => {
    const text = enclosed('SELECT a.status FROM orders a JOIN orders b ON b.id = a.total');
    expect(text.match(/FROM orders AS b WHERE b\.owner = \? LIMIT/g)).toHaveLength(2);
  });

  it('and never falls back to the open relation', () => {
    const statement = bindText('SELECT id FROM orders', catalog, customerView(catalog));
    const without = customerView(catalog, { orders: { closed: true } });
    expect(codeOf(() => enclose(statement, without))).toBe('SEAL_RELATION_UNKNOWN');
    const narrower = customerView(catalog, { orders: { hidden: ['id'] } });
    expect(codeOf(() => enclose(statement, narrower))).toBe('SEAL_COLUMN_UNKNOWN');
  });
});
