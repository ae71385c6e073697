import { describe, expect, it } from 'vitest';
import { guardWindows } from '../../../src/seal/guard-windows.js';
import { resolve } from '../../../src/seal/resolve.js';
import { parseQuery } from '../../../src/sql/parser.js';
import { printQuery } from '../../../src/sql/printer.js';
import { customerView, sealShop } from '../../support/seal-shop.js';
import { codeOf } from '../../support/seal-steps.js';

const catalog = sealShop('mariadb');
const view = customerView(catalog);
const around = (subquery: string) => `SELECT o.id FROM orders o WHERE ${subquery}`;

function guarded(sql: string): string {
  const { query } = resolve(parseQuery(sql, 'mariadb'), view, catalog, new Set());
  return printQuery(guardWindows(query, 'mariadb'), 'mariadb').sql.replaceAll('`', '');
}
const before = (sql: string) =>
  printQuery(resolve(parseQuery(sql, 'mariadb'), view, catalog, new Set()).query, 'mariadb').sql.replaceAll('`', '');

describe('a window in a subquery of MariaDB', () => {
  it.each([
    'EXISTS (SELECT COUNT(*) OVER () FROM items i WHERE i.order_id = o.id)',
    'EXISTS (SELECT i.qty, RANK() OVER w FROM items i WHERE i.order_id = o.id WINDOW w AS (ORDER BY i.qty))',
    'EXISTS (SELECT i.qty FROM items i WHERE i.order_id = o.id ORDER BY RANK() OVER (ORDER BY i.qty))',
    'EXISTS (SELECT COUNT(*) OVER () FROM items i JOIN products p ON p.price > o.total)',
    'EXISTS (SELECT COUNT(*) OVER () FROM items i WHERE EXISTS (SELECT 1 FROM products p WHERE p.price > o.total))',
  ])('is no part of EXISTS: %s', (subquery) => {
    expect(guarded(around(subquery))).toMatch(/EXISTS \(SELECT 1 AS c\d+ FROM items AS t2 (WHERE|JOIN) [^;]*\)$/);
    expect(guarded(around(subquery))).not.toMatch(/OVER|WINDOW|ORDER/);
  });

  it.each([
    'o.total > (SELECT COUNT(*) OVER () FROM items i WHERE i.order_id = o.id)',
    'o.id IN (SELECT COUNT(*) OVER () FROM items i WHERE i.order_id = o.id)',
    'o.id = ANY (SELECT COUNT(*) OVER () FROM items i WHERE i.order_id = o.id)',
    'EXISTS (SELECT MAX(MAX(i.qty)) OVER () FROM items i WHERE i.order_id = o.id)',
    'EXISTS (SELECT COUNT(*) OVER (ORDER BY (SELECT MAX(p.price) FROM products p)) FROM items i WHERE i.order_id = o.id)',
    'EXISTS (SELECT 1 FROM items i WHERE i.order_id = o.id ORDER BY COUNT(*) OVER (), (SELECT MAX(p.price) FROM products p))',
    'EXISTS (SELECT COUNT(*) OVER () FROM items i WHERE i.order_id = o.id LIMIT 1, 1)',
    'EXISTS (SELECT i.qty, COUNT(*) OVER () FROM items i WHERE i.order_id = o.id GROUP BY i.qty HAVING i.qty > 1)',
    'EXISTS (SELECT 1 FROM items UNION SELECT COUNT(*) OVER () FROM items i WHERE i.order_id = o.id)',
    'EXISTS ((SELECT COUNT(*) OVER () FROM items i WHERE i.order_id = o.id LIMIT 5) LIMIT 1)',
  ])('is refused where its rows count: %s', (subquery) => {
    expect(codeOf(() => guarded(around(subquery)))).toBe('SEAL_UNSUPPORTED');
  });

  it.each([
    'o.total > (SELECT COUNT(*) FROM items i WHERE i.order_id = o.id)',
    'o.total IN (SELECT COUNT(*) OVER () FROM items i WHERE i.qty > 1)',
    'EXISTS (SELECT COUNT(*) OVER () FROM items i WHERE i.qty IN (SELECT p.price FROM products p))',
    'EXISTS (SELECT COUNT(*) OVER () FROM items i JOIN products p ON p.code = i.product)',
    'o.total IN (SELECT o.total + COUNT(*) OVER () FROM items i WHERE i.qty > 1)',
  ])('stays where its conditions are its own: %s', (subquery) => {
    expect(guarded(around(subquery))).toBe(before(around(subquery)));
  });
});

describe('a window in a subquery of MySQL', () => {
  const onMysql = (sql: string) => {
    const shop = sealShop('mysql');
    const { query } = resolve(parseQuery(sql, 'mysql'), customerView(shop), shop, new Set());
    return [query, guardWindows(query, 'mysql')] as const;
  };

  it.each([
    'o.id IN (SELECT COUNT(*) OVER () FROM items i)',
    'o.id NOT IN (SELECT i.order_id + RANK() OVER (ORDER BY i.qty) FROM items i)',
    'o.id > ALL (SELECT COUNT(*) OVER () FROM items i)',
    'o.id = ANY (SELECT 1 UNION SELECT COUNT(*) OVER () FROM items i)',
    'o.id IN ((SELECT COUNT(*) OVER () FROM items i LIMIT 1))',
  ])('is refused in the list of %s', (subquery) => {
    expect(codeOf(() => onMysql(around(subquery)))).toBe('SEAL_UNSUPPORTED');
  });

  it.each([
    'o.id IN (SELECT d.n FROM (SELECT COUNT(*) OVER () AS n FROM items i) d)',
    'o.id = (SELECT COUNT(*) OVER () FROM items i LIMIT 1)',
    'EXISTS (SELECT COUNT(*) OVER () FROM items i WHERE i.order_id = o.id)',
    'o.id IN (SELECT i.order_id FROM items i)',
  ])('stays in %s', (subquery) => {
    const [query, same] = onMysql(around(subquery));
    expect(same).toEqual(query);
  });
});
