import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { hasFallible } from '../../../src/sql/fallible.js';
import { parseExpression, parseQuery } from '../../../src/sql/parser.js';

const FAMILY: readonly Dialect[] = ['mysql', 'mariadb'];
const ALL: readonly Dialect[] = [...FAMILY, 'sqlite'];

describe('an expression', () => {
  it.each<[string, readonly Dialect[], boolean]>([
    ['x = 1 AND y <> 2 OR NOT z', ALL, false],
    ['x IN (1, 2) AND y BETWEEN 1 AND 2 AND z IS NOT NULL', ALL, false],
    ['CASE WHEN x THEN y ELSE z END', ALL, false],
    ["COALESCE(x, 'n')", ALL, false],
    ["x LIKE 'a%'", ALL, false],
    ['x LIKE y', FAMILY, false],
    ['x LIKE y', ['sqlite'], true],
    ['x || y', ['sqlite'], true],
    ['CONCAT(x, y)', FAMILY, false],
    ['CONCAT(x, y)', ['sqlite'], true],
    ["x = x'4D'", ALL, false],
    ["x = x'C3'", ['mysql'], true],
    ["x = x'C3'", ['mariadb', 'sqlite'], false],
    ["x = b'1'", ['mysql'], true],
    ['(x, y) IN ((1, 2))', ['mysql'], true],
    ['(x, y) IN ((1, 2))', ['mariadb', 'sqlite'], false],
    ["TRIM(LEADING 'a' FROM x)", FAMILY, false],
    ["TRIM(LEADING 'é' FROM x)", ['mysql'], true],
    ['TRIM(y FROM x)', ['mysql'], true],
    ['TRIM(y FROM x)', ['mariadb'], false],
    ['CAST(x AS FLOAT)', ['mysql'], true],
    ['CAST(x AS FLOAT)', ['mariadb'], false],
    ['CAST(x AS CHAR CHARACTER SET ascii)', ['mysql'], true],
    ['CAST(x AS CHAR CHARACTER SET ascii)', ['mariadb'], false],
    ['x <=> y', FAMILY, false],
    ['-5', ALL, false],
    ['TRIM(x)', ALL, false],
    ['x + 1', FAMILY, true],
    ['x * y', FAMILY, true],
    ['x DIV y', FAMILY, true],
    ['x + 1', ['sqlite'], false],
    ["x -> '$'", ['sqlite'], true],
    ['-x', FAMILY, true],
    ['-x', ['sqlite'], false],
    ['ABS(x)', ALL, true],
    ['EXP(x)', ALL, true],
    ['CAST(x AS JSON)', ['mysql'], true],
    ['CAST(x AS CHAR)', FAMILY, false],
    ['CAST(x AS TEXT)', ['sqlite'], false],
    ["x LIKE 'a' ESCAPE y", ALL, true],
    ["x REGEXP 'a('", FAMILY, true],
    ["x GLOB 'a'", ['sqlite'], true],
    ['x > ALL (SELECT y FROM t)', FAMILY, true],
    ['(SELECT y FROM t)', FAMILY, true],
    ['(SELECT y FROM t)', ['sqlite'], false],
    ['x IN (SELECT y FROM t)', ALL, false],
    ['EXISTS (SELECT 1 FROM t)', ALL, false],
    ["DATE '2026-01-01'", FAMILY, true],
    ['x COLLATE utf8mb4_bin', FAMILY, true],
    ['CONVERT(x USING utf8mb4)', FAMILY, true],
    ['x + INTERVAL 1 DAY', FAMILY, true],
    ['EXTRACT(YEAR FROM x)', FAMILY, true],
    ['TIMESTAMPDIFF(DAY, x, y)', FAMILY, true],
    ['NOSUCH(x)', ALL, true],
    // below
    ['COALESCE(ABS(x), 1)', ALL, true],
    ['x IN (1, ABS(y))', ALL, true],
    ['EXISTS (SELECT 1 FROM t WHERE ABS(y) > 1)', ALL, true],
    ['CASE x WHEN ABS(y) THEN 1 END', ALL, true],
    ['SUM(x) OVER (ORDER BY ABS(y))', ALL, true],
    ['MAX(x) OVER (PARTITION BY ABS(y))', ALL, true],
    ['MAX(x) OVER (PARTITION BY y)', ALL, false],
  ])('%s on %s may fail: %s', (sql, dialects, expected) => {
    for (const dialect of dialects) expect(hasFallible(parseExpression(sql, dialect), dialect), dialect).toBe(expected);
  });
});

describe('a query', () => {
  it.each<[string, boolean]>([
    ['SELECT x FROM t WHERE y = 1', false],
    ['SELECT x FROM t JOIN u ON ABS(t.x) = u.y', true],
    ['SELECT x FROM (SELECT ABS(x) AS x FROM t) d', true],
    ['WITH d AS (SELECT ABS(x) AS x FROM t) SELECT x FROM d', true],
    ['SELECT x FROM t UNION SELECT ABS(y) FROM u', true],
    ['SELECT x FROM t ORDER BY ABS(x)', true],
    ['SELECT x FROM t GROUP BY ABS(x)', true],
    ['SELECT x FROM t HAVING ABS(x) > 1', true],
    ['SELECT MAX(x) OVER w FROM t WINDOW w AS (ORDER BY ABS(x))', true],
  ])('%s may fail: %s', (sql, expected) => {
    for (const dialect of ALL) expect(hasFallible(parseQuery(sql, dialect), dialect), dialect).toBe(expected);
  });

  it('may fail on MySQL alone by recursing too often', () => {
    const sql = 'WITH RECURSIVE r AS (SELECT x FROM t UNION ALL SELECT x FROM r) SELECT x FROM r';
    expect(ALL.filter((dialect) => hasFallible(parseQuery(sql, dialect), dialect))).toEqual(['mysql']);
  });
});
