import { describe, expect, it } from 'vitest';
import { guardWindowSorts } from '../../../src/seal/guard-window-sorts.js';
import { resolve } from '../../../src/seal/resolve.js';
import { parseQuery } from '../../../src/sql/parser.js';
import { customerView, sealShop } from '../../support/seal-shop.js';
import { codeOf } from '../../support/seal-steps.js';

const catalog = sealShop('mariadb');
const view = customerView(catalog);

function outcomeOf(sql: string): string {
  const { query } = resolve(parseQuery(sql, 'mariadb'), view, catalog, new Set());
  return codeOf(() => {
    expect(guardWindowSorts(query)).toBe(query);
  });
}

const select = (...windows: readonly string[]) =>
  `SELECT ${windows.map((window) => `SUM(total) OVER (${window})`).join(', ')} FROM orders`;

describe('windows beside each other on MariaDB', () => {
  it.each([
    select(''),
    select('', ''),
    select('', 'ORDER BY total'),
    select('PARTITION BY status', 'ORDER BY total'),
    select('PARTITION BY status', 'ORDER BY total', 'ORDER BY id DESC'),
    select('', 'PARTITION BY status', 'PARTITION BY status ORDER BY total'),
    select('', 'PARTITION BY status', 'ORDER BY status, total'),
    select("ORDER BY ''"),
    select("ORDER BY ''", "ORDER BY ''").replaceAll("''", '(SELECT MAX(id) FROM orders)'),
    `${select('', 'ORDER BY total')} UNION ${select('ORDER BY id', 'ORDER BY status')}`,
    `SELECT SUM(total) OVER (), (SELECT SUM(qty) OVER (ORDER BY qty) FROM items LIMIT 1) FROM orders ORDER BY RANK() OVER (ORDER BY id)`,
    'SELECT SUM(d.n) OVER (ORDER BY d.m) FROM (SELECT COUNT(*) OVER () AS n, RANK() OVER (ORDER BY id) AS m FROM orders) d',
  ])('are computed rightly: %s', (sql) => {
    expect(outcomeOf(sql)).toBe('answered');
  });

  it.each([
    select('', 'ORDER BY total', 'ORDER BY status'),
    select('ORDER BY total', '', 'PARTITION BY status'),
    select('ORDER BY total', 'PARTITION BY status', ''),
    select('PARTITION BY status', 'PARTITION BY status ORDER BY total DESC', 'ORDER BY status, total'),
    select('ORDER BY status', 'PARTITION BY status ORDER BY id', 'PARTITION BY status ORDER BY total'),
    select("ORDER BY ''", 'PARTITION BY status'),
    select('PARTITION BY NULL', 'PARTITION BY status'),
    select('ORDER BY 1 + 1, total', ''),
    `SELECT SUM(total) OVER w, SUM(total) OVER (), RANK() OVER v FROM orders WINDOW w AS (ORDER BY id), v AS (ORDER BY status)`,
    `SELECT SUM(total) OVER (), RANK() OVER (ORDER BY status) FROM orders ORDER BY RANK() OVER (ORDER BY id)`,
    `SELECT 1 FROM orders WHERE id IN (${select('', 'ORDER BY total', 'ORDER BY status').replace('SELECT', 'SELECT id,')})`.replace(
      'id IN',
      '(id, 1, 2, 3) IN',
    ),
    `SELECT 1, 2, 3 UNION ${select('', 'ORDER BY total', 'ORDER BY status')}`,
    `SELECT 1 FROM (${select('', 'ORDER BY total', 'ORDER BY status').replace('SELECT', 'SELECT 1 AS a, 2 AS b, ')}) d`,
  ])('are refused where they are not: %s', (sql) => {
    expect(outcomeOf(sql)).toBe('SEAL_UNSUPPORTED');
  });
});
