import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import {
  isAggregated,
  itemExpressions,
  mapLevel,
  outputExpressions,
  outputNames,
  roleOf,
} from '../../../src/sql/levels.js';
import type { Expression, FunctionCall, Select } from '../../../src/sql/nodes.js';
import { parseExpression, parseQuery } from '../../../src/sql/parser.js';
import { printExpression } from '../../../src/sql/printer.js';

const read = (sql: string, dialect: Dialect = 'mysql') => parseQuery(sql, dialect);
const selectOf = (sql: string, dialect: Dialect = 'mysql') => read(sql, dialect).body as Select;

describe('one query level', () => {
  it('is rebuilt without entering subqueries, children first', () => {
    const seen: string[] = [];
    const number: Expression = { kind: 'number', form: 'integer', text: '9' };
    const changed = mapLevel(parseExpression('x + (SELECT x FROM t) + COALESCE(x, 1)', 'mysql'), (node) => {
      seen.push(node.kind);
      return node.kind === 'column' ? number : node;
    });
    expect(printExpression(changed, 'mysql').sql.replaceAll('`', '')).toBe('9 + (SELECT x FROM t) + COALESCE(9, 1)');
    expect(seen.at(-1)).toBe('binary');
    expect(seen.filter((kind) => kind === 'column')).toHaveLength(2);
  });

  it.each<[string, Dialect, boolean]>([
    ['SELECT x FROM t', 'mysql', false],
    ['SELECT MAX(x) FROM t', 'mysql', true],
    ['SELECT 1 + MAX(x) FROM t', 'mysql', true],
    ['SELECT x FROM t GROUP BY x', 'mysql', true],
    ['SELECT 1 FROM t HAVING COUNT(*) > 0', 'mysql', true],
    ['SELECT 1 FROM t HAVING 1', 'mysql', false],
    ['SELECT x FROM t ORDER BY MAX(x)', 'mysql', true],
    ['SELECT MAX(x) OVER () FROM t', 'mysql', false],
    ['SELECT SUM(MAX(x)) OVER () FROM t', 'mysql', true],
    ['SELECT (SELECT MAX(x) FROM u) FROM t', 'mysql', false],
    ['SELECT MAX(x, y) FROM t', 'sqlite', false],
    ['SELECT MAX(x) FROM t', 'sqlite', true],
    ['SELECT NOSUCH(x) FROM t', 'mysql', true],
  ])('%s on %s makes one row of many: %s', (sql, dialect, expected) => {
    const query = read(sql, dialect);
    expect(isAggregated(query.body as Select, query.orderBy, dialect)).toBe(expected);
  });

  it('knows the role of a call at its place', () => {
    const role = (sql: string, dialect: Dialect = 'mysql') =>
      roleOf(parseExpression(sql, dialect) as FunctionCall, dialect);
    expect(role('UPPER(x)')).toBe('scalar');
    expect(role('SUM(x)')).toBe('aggregate');
    expect(role('SUM(x) OVER ()')).toBe('window');
    expect(role('MIN(x, y)', 'sqlite')).toBe('scalar');
    expect(role('nobody_knows(x)')).toBe('aggregate');
  });

  it('gives its items and its outputs', () => {
    const select = selectOf('SELECT *, x AS a, y FROM t');
    expect(itemExpressions(select)).toHaveLength(2);
    expect([...outputExpressions(select).keys()]).toEqual(['a']);
    expect(outputNames(read('SELECT x AS a, y AS b FROM t UNION SELECT 1 AS c, 2 AS d'))).toEqual(['a', 'b']);
    expect(outputNames(read('(SELECT x AS a FROM t LIMIT 1) LIMIT 2'))).toEqual(['a']);
    expect(outputNames(read('VALUES (1)', 'sqlite'))).toEqual([]);
  });
});
