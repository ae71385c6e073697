import { expect, it } from 'vitest';
import { guardIn } from '../../../src/seal/guard-in.js';
import { parseQuery } from '../../../src/sql/parser.js';
import { printQuery } from '../../../src/sql/printer.js';

const guarded = (sql: string) => printQuery(guardIn(parseQuery(sql, 'mariadb')), 'mariadb').sql.replaceAll('`', '');

it.each([
  ['SELECT a IN (SELECT b) FROM t', 'SELECT a IN (SELECT b WHERE TRUE) FROM t'],
  ['SELECT a = ANY (SELECT b) FROM t', 'SELECT a = ANY (SELECT b WHERE TRUE) FROM t'],
  ['SELECT a IN ((SELECT b LIMIT 1)) FROM t', 'SELECT a IN (SELECT b WHERE TRUE LIMIT 1) FROM t'],
  ['SELECT a IN (SELECT b FROM u GROUP BY c) FROM t', 'SELECT a IN (SELECT b FROM u GROUP BY c HAVING TRUE) FROM t'],
  [
    'SELECT a > ALL (SELECT b FROM u GROUP BY c) FROM t',
    'SELECT a > ALL (SELECT b FROM u GROUP BY c HAVING TRUE) FROM t',
  ],
])('gives MariaDB a condition that it does not drop: %s', (sql, expected) => {
  expect(guarded(sql)).toBe(expected);
});

it.each([
  'SELECT a IN (SELECT b FROM u) FROM t',
  'SELECT a IN (SELECT b WHERE c) FROM t',
  'SELECT a IN (SELECT b FROM u GROUP BY c HAVING d) FROM t',
  'SELECT a IN (SELECT b UNION SELECT c) FROM t',
  'SELECT EXISTS (SELECT b) FROM t',
  'SELECT (SELECT b) FROM t',
])('and leaves what does not end it: %s', (sql) => {
  expect(guarded(sql)).toBe(printQuery(parseQuery(sql, 'mariadb'), 'mariadb').sql.replaceAll('`', ''));
});
