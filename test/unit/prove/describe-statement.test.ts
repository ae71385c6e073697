import { expect, it } from 'vitest';
import { describeStatement } from '../../../src/prove/describe-statement.js';
import { parseQuery } from '../../../src/sql/parser.js';

const plain = (sql: string, dialect: 'mysql' | 'mariadb') =>
  describeStatement(parseQuery(sql, dialect), sql, { dialect, relations: [], closedRelations: [] }).plain;

it('asks MariaDB no common table that nothing reads, past the seal', () => {
  const sql =
    'WITH T AS (WITH RECURSIVE r (n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 3), u AS (SELECT n FROM r), v AS (SELECT n FROM u) SELECT n FROM r) SELECT 1 FROM t AS x, t AS y';
  expect(plain(sql, 'mariadb').replaceAll('`', '')).toBe(
    'WITH T AS (WITH RECURSIVE r (n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r) SELECT 1 FROM t AS x, t AS y',
  );
  expect(plain('WITH a AS (SELECT 1) SELECT 2', 'mariadb')).toBe('SELECT 2');
  expect(plain(sql, 'mysql')).toBe(sql);
});
