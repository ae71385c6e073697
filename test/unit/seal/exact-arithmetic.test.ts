import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { givesOneRow, mayFail } from '../../../src/seal/exact-arithmetic.js';
import { parseExpression, parseQuery } from '../../../src/sql/parser.js';
import { makeColumn } from '../../support/hand-made-catalog.js';

const COLUMNS: Readonly<Record<string, string>> = {
  tiny: 'tinyint',
  small: 'smallint',
  medium: 'mediumint',
  id: 'int',
  wide: 'bigint',
  plus: 'int unsigned',
  made: 'int stored',
  d10: 'decimal(10,2)',
  d55: 'decimal(55,0)',
  d58: 'decimal(58,0)',
  d60: 'decimal(60,0)',
  d61: 'decimal(61,0)',
  d30: 'decimal(30,0)',
  d31: 'decimal(31,0)',
  s29: 'decimal(29,29)',
  s30: 'decimal(30,30)',
  s31: 'decimal(31,31)',
  d40: 'decimal(40,0)',
  d41: 'decimal(41,0)',
  d36: 'decimal(36,0)',
  d37: 'decimal(37,0)',
  p34: 'decimal(36,2)',
  weight: 'double',
  name: 'varchar(20)',
};
// Types whose words only look like those of another family.
const FAMILIES: Readonly<Record<string, 'integer' | 'decimal' | 'float'>> = {
  tiny: 'integer',
  small: 'integer',
  medium: 'integer',
};

function fails(text: string, dialect: Dialect = 'mysql', columns = COLUMNS): boolean {
  return mayFail(parseExpression(text, dialect), dialect, (expression) => {
    if (expression.kind !== 'column') return null;
    const words = columns[expression.name];
    if (words === undefined) return null;
    const column = makeColumn(expression.name, words, dialect);
    return { ...column, family: FAMILIES[expression.name] ?? column.family };
  });
}

describe('arithmetic that always fits', () => {
  it.each([
    'id + id',
    'id * medium',
    'medium * medium',
    'tiny + tiny',
    'small * id',
    // 18 digits: 17 and the carry.
    '12345678901234567 + 1',
    // Ten and eight whole digits.
    'id * 12345678',
    'd10 + d10',
    'd10 - 1',
    'd10 * d10',
    'd10 + id',
    'd10 / id',
    'id / id',
    'd30 * d30',
    'd30 + s29',
    's30 * s30',
    // 36 + 20 + 4 and 40 + 20 digits.
    'AVG(d36)',
    'SUM(d40)',
    'SUM(id)',
    'SUM(wide)',
    'AVG(d10)',
    'SUM(d10 * id)',
    'SUM(id + id)',
    // 54 + 2 whole digits, and 4 behind the point.
    'd55 / 1',
  ])('%s cannot fail', (text) => {
    expect(fails(text)).toBe(false);
  });

  it.each([
    'wide + 1',
    'id * 123456789',
    '123456789012345678 + 1',
    'id * id * id',
    'd60 + 1',
    'd61 + 1',
    'd31 * d30',
    's31 * s30',
    // 31 whole digits with the carry, and 30 behind the point.
    'd30 + s30',
    'd58 / 1',
    // 36 and 30 behind the point, which a division turns into whole digits, and 4.
    'd30 / s30',
    's31 / s30',
    'SUM(d41)',
    'AVG(d37)',
    'SUM(p34 * d10)',
    'plus - 1',
    'made + 1',
    'unknown + 1',
    'weight * 2',
    'id * 1e0',
    'id + weight',
    'id + EXP(1)',
    'SUM(weight)',
    'SUM(name)',
    'AVG(EXP(1))',
    'EXP(id)',
    'POW(id, 2)',
    'id + (SELECT 1 FROM t)',
  ])('%s may', (text) => {
    expect(fails(text)).toBe(true);
  });

  it('counts a type by its family and its words, whichever is stricter', () => {
    const as = (words: string, family: 'integer' | 'decimal' | 'float' | 'text') =>
      mayFail(parseExpression('a * 2', 'mysql'), 'mysql', (expression) =>
        expression.kind === 'column' ? { ...makeColumn('a', words, 'mysql'), family } : null,
      );
    expect(as('int', 'integer')).toBe(false);
    expect(as('int', 'float')).toBe(true);
    expect(as('decimal(10,2)', 'decimal')).toBe(false);
    expect(as('decimal(10,', 'decimal')).toBe(true);
    expect(as('decimal(10,2)', 'text')).toBe(true);
    expect(as('own decimal(10,2)', 'decimal')).toBe(true);
    expect(as('point', 'integer')).toBe(true);
  });

  it('takes the whole of a number of digits for the scale', () => {
    const wide = { a: 'decimal(30,10)', b: 'decimal(30,21)' };
    expect(fails('a * a', 'mysql', wide)).toBe(false);
    // 9 + 20 whole digits, 21 + 10 behind the point.
    expect(fails('a * b', 'mysql', wide)).toBe(false);
    // 20 whole digits and the carry, 21 behind the point; in 60 they fit, with 20 for the rows they do not.
    expect(fails('a + b', 'mysql', wide)).toBe(false);
    expect(fails('SUM(a + b)', 'mysql', wide)).toBe(true);
  });

  it('says nothing of SQLite, where a column holds what it likes', () => {
    expect(fails('SUM(id)', 'sqlite')).toBe(true);
    expect(fails('SUM(id)', 'mariadb')).toBe(false);
  });
});

describe('a subquery of one row', () => {
  const one = (sql: string) => givesOneRow(parseQuery(sql, 'mysql'), 'mysql');

  it.each([
    'SELECT COUNT(*) FROM t',
    'SELECT MAX(a) + 1 FROM t WHERE a > 1',
    'SELECT 1 FROM t HAVING COUNT(*) > 1',
    'SELECT a FROM t LIMIT 1',
    'SELECT a FROM t LIMIT 0',
    'SELECT a FROM t GROUP BY a LIMIT 1',
    'SELECT a FROM t UNION SELECT 1 LIMIT 1',
  ])('%s', (sql) => {
    expect(one(sql)).toBe(true);
  });

  it.each([
    'SELECT a FROM t',
    'SELECT COUNT(*) FROM t GROUP BY a',
    'SELECT a FROM t LIMIT 2',
    'SELECT COUNT(*) OVER () FROM t',
    'SELECT COUNT(*) FROM t UNION SELECT 1',
  ])('not %s', (sql) => {
    expect(one(sql)).toBe(false);
  });

  it('may be all of SQLite’s rows with a negative limit, and is not counted on where a value decides', () => {
    const limited = (sql: string) => givesOneRow(parseQuery(sql, 'sqlite'), 'sqlite');
    expect(limited('SELECT a FROM t LIMIT 1')).toBe(true);
    expect(limited('SELECT a FROM t LIMIT 2 OFFSET 1')).toBe(false);
  });

  it('cannot fail by giving more', () => {
    expect(fails('(SELECT MAX(id) FROM t)')).toBe(false);
    expect(fails('(SELECT id FROM t)')).toBe(true);
  });
});
