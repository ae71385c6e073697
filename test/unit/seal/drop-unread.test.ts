import { describe, expect, it } from 'vitest';
import { dropUnread } from '../../../src/seal/drop-unread.js';
import { printQuery } from '../../../src/sql/printer.js';
import { customerView, sealShop } from '../../support/seal-shop.js';
import { bindText, codeOf } from '../../support/seal-steps.js';

const catalog = sealShop('mysql');
const view = customerView(catalog);
const bind = (sql: string) => bindText(sql, catalog, view);
const text = (sql: string) => printQuery(dropUnread(bind(sql)).query, 'mysql').sql.replaceAll('`', '');
const relations = (sql: string) => [...dropUnread(bind(sql)).uses.values()].map((use) => use.relation.name);

describe('common tables that nothing reads', () => {
  it.each([
    ['WITH a AS (SELECT id FROM orders) SELECT 1', 'SELECT 1 AS c3'],
    [
      'WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a), c AS (SELECT x FROM a) SELECT x FROM b',
      'WITH t1 (c1) AS (SELECT 1 AS c1), t2 (c2) AS (SELECT t3.c1 AS c2 FROM t1 AS t3) SELECT t6.c2 AS c4 FROM t2 AS t6',
    ],
    ['WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a) SELECT 2', 'SELECT 2 AS c3'],
    ['WITH RECURSIVE r (n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 3) SELECT 4', 'SELECT 4 AS c3'],
    [
      'SELECT x FROM (WITH a AS (SELECT 1 AS x), b AS (SELECT 2) SELECT x FROM a) d',
      'SELECT t4.c3 AS c4 FROM (WITH t1 (c1) AS (SELECT 1 AS c1) SELECT t3.c1 AS c3 FROM t1 AS t3) AS t4',
    ],
    [
      'WITH a AS (WITH b AS (SELECT 1 AS y), c AS (SELECT y FROM b) SELECT y FROM b) SELECT y FROM a',
      'WITH t1 (c3) AS (WITH t2 (c1) AS (SELECT 1 AS c1) SELECT t5.c1 AS c3 FROM t2 AS t5) SELECT t6.c3 AS c4 FROM t1 AS t6',
    ],
    [
      'SELECT 1 FROM orders WHERE id IN (WITH a AS (SELECT 1), b AS (SELECT 2 AS z) SELECT z FROM b)',
      'SELECT 1 AS c1 FROM orders AS t1 WHERE t1.c2 IN (WITH t3 (c4) AS (SELECT 2 AS c4) SELECT t4.c4 AS c5 FROM t3 AS t4)',
    ],
  ])('are left out of %s', (sql, expected) => {
    expect(text(sql)).toBe(expected);
  });

  it('takes their relations out of those that the statement reads', () => {
    expect(relations('WITH a AS (SELECT id FROM orders) SELECT code FROM products')).toEqual(['products']);
    expect(relations('WITH a AS (SELECT id FROM orders), b AS (SELECT id FROM a) SELECT id FROM b')).toEqual([
      'orders',
    ]);
  });

  it('gives the statement itself where all are read, and where there are none', () => {
    for (const sql of ['SELECT id FROM orders', 'WITH a AS (SELECT id FROM orders) SELECT id FROM a']) {
      const bound = bind(sql);
      expect(dropUnread(bound)).toBe(bound);
    }
  });

  it('still has their names looked up', () => {
    expect(codeOf(() => text('WITH a AS (SELECT word FROM secrets) SELECT 1'))).toBe('SEAL_RELATION_UNKNOWN');
  });
});
