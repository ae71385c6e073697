import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { boundRecursion, cap } from '../../../src/seal/cap.js';
import { parseQuery } from '../../../src/sql/parser.js';
import { printQuery } from '../../../src/sql/printer.js';
import { rewriteQuery } from '../../../src/sql/rewrite.js';
import { customerView, sealShop } from '../../support/seal-shop.js';
import { bindText } from '../../support/seal-steps.js';

const capped = (sql: string, rows: number, dialect: Dialect = 'mysql') =>
  printQuery(cap(parseQuery(sql, dialect, { allowNamedParameters: true }), rows), dialect).sql.replaceAll(/[`"]/g, '');

describe('the cap is merged into the top query', () => {
  it.each([
    ['where there is no limit', 'SELECT a FROM t', 'SELECT a FROM t LIMIT 11'],
    ['where the limit is higher', 'SELECT a FROM t LIMIT 12', 'SELECT a FROM t LIMIT 11'],
    ['where the limit is the cap', 'SELECT a FROM t LIMIT 10', 'SELECT a FROM t LIMIT 10'],
    ['where the limit is one more', 'SELECT a FROM t LIMIT 11', 'SELECT a FROM t LIMIT 11'],
    ['where the limit is none', 'SELECT a FROM t LIMIT 0', 'SELECT a FROM t LIMIT 0'],
    ['past the width of a double', 'SELECT a FROM t LIMIT 18446744073709551615', 'SELECT a FROM t LIMIT 11'],
    ['with the offset kept', 'SELECT a FROM t LIMIT 99 OFFSET 3', 'SELECT a FROM t LIMIT 11 OFFSET 3'],
    [
      'for a whole set operation',
      'SELECT a FROM t UNION SELECT b FROM u ORDER BY 1',
      'SELECT a FROM t UNION SELECT b FROM u ORDER BY 1 LIMIT 11',
    ],
    ['outside parentheses', '(SELECT a FROM t LIMIT 5) LIMIT 99', '(SELECT a FROM t LIMIT 5) LIMIT 11'],
    [
      'and not inside',
      'SELECT a FROM (SELECT a FROM t LIMIT 99) d',
      'SELECT a FROM (SELECT a FROM t LIMIT 99) AS d LIMIT 11',
    ],
    ['but for a limit that is a parameter', 'SELECT a FROM t LIMIT :n', 'SELECT a FROM t LIMIT ?'],
  ])('%s', (_name, sql, text) => {
    expect(capped(sql, 10)).toBe(text);
  });

  it('where SQLite’s limit is negative, which is none', () => {
    expect(capped('SELECT a FROM t LIMIT -1', 10, 'sqlite')).toBe('SELECT a FROM t LIMIT 11');
  });
});

describe('recursion is bounded on SQLite', () => {
  const bounded = (sql: string) => {
    const catalog = sealShop('sqlite');
    const { query } = bindText(sql, catalog, customerView(catalog));
    return printQuery(rewriteQuery(query, { query: boundRecursion }), 'sqlite').sql;
  };
  it.each([
    [
      'by our own number',
      'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT i FROM n',
      'LIMIT 100000)',
    ],
    [
      'by the caller’s where it is less',
      'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n LIMIT 7) SELECT i FROM n',
      'LIMIT 7)',
    ],
    [
      'by ours where it is more',
      'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n LIMIT 999999999) SELECT i FROM n',
      'LIMIT 100000)',
    ],
    [
      'by ours where it is negative',
      'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n LIMIT -1) SELECT i FROM n',
      'LIMIT 100000)',
    ],
    [
      'without the word RECURSIVE',
      'WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT i FROM n',
      'LIMIT 100000)',
    ],
    [
      'inside a derived table',
      'SELECT i FROM (WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT i FROM n) t',
      'LIMIT 100000)',
    ],
  ])('%s', (_name, sql, limit) => {
    expect(bounded(sql)).toContain(limit);
  });

  it('and nothing else is', () => {
    expect(bounded('WITH n AS (SELECT 1 AS i UNION ALL SELECT 2) SELECT i FROM n')).not.toContain('LIMIT');
  });
});
