import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { makeCatalog, makeRelation, makeView, type RelationRules } from '../../support/hand-made-catalog.js';
import { textAfter } from '../../support/seal-steps.js';

function orderOf(sql: string, dialect: Dialect = 'mysql', rules: RelationRules = {}): string[] {
  const catalog = makeCatalog(dialect, [
    makeRelation(dialect, 'orders', {
      id: 'int',
      owner: 'int',
      city: dialect === 'sqlite' ? 'varchar(20) NOCASE' : 'varchar(20)',
      code: 'varchar(20) null',
      total: 'decimal(10,2)',
      weight: 'double',
      day: 'date',
      any: 'blob',
    }),
    makeRelation(dialect, 'open', { id: 'int', word: 'varchar(20)' }),
  ]);
  const view = makeView(catalog, { orders: { rows: 'owner = :owner', ...rules } }, { owner: 1 });
  const text = textAfter('order', sql, catalog, view).replaceAll(/[`"]/g, '');
  const inside = text.matchAll(
    /AS b( WHERE b\.owner = \?)?(?: ORDER BY ((?:[^()]|CAST\([^()]*\))*?))?(?: LIMIT (?:9223372036854775807|-1))?\) AS t/g,
  );
  return [...inside].map((match) => match[2] ?? '');
}

describe('rows of an enclosure come in the order of a key', () => {
  it.each([
    ['a group of text', 'SELECT city, COUNT(*) FROM orders GROUP BY city'],
    ['a group by alias', 'SELECT city AS c, COUNT(*) FROM orders GROUP BY c'],
    ['a group among others', 'SELECT city, day, COUNT(*) FROM orders GROUP BY day, city'],
    ['a group of what is computed', 'SELECT LOWER(city) AS c, COUNT(*) FROM orders GROUP BY c'],
    ['a group of floating point', 'SELECT weight, COUNT(*) FROM orders GROUP BY weight'],
    ['a group inside a derived table', 'SELECT t.city FROM (SELECT city FROM orders GROUP BY city) t'],
    ['a group in a subquery', 'SELECT 1 FROM open WHERE word IN (SELECT city FROM orders GROUP BY city)'],
    ['a group of a computed number', 'SELECT COUNT(*) FROM orders GROUP BY total + 1'],
    ['DISTINCT', 'SELECT DISTINCT city FROM orders'],
    ['DISTINCT of a text constant', "SELECT DISTINCT 'a' FROM orders"],
    ['a sum of values taken once', 'SELECT SUM(DISTINCT city) FROM orders'],
    ['UNION', 'SELECT city FROM orders UNION SELECT word FROM open'],
    ['INTERSECT', 'SELECT city FROM orders INTERSECT SELECT word FROM open'],
    ['the smallest text', 'SELECT MIN(city) FROM orders'],
    ['the largest text of a group', 'SELECT day, MAX(city) FROM orders GROUP BY day'],
    ['the smallest text of a window', 'SELECT id, MIN(city) OVER () FROM orders'],
  ])('for %s', (_name, sql) => {
    expect(orderOf(sql)).toContain('b.id');
    expect(orderOf(sql, 'mariadb')).toContain('b.id');
    expect(orderOf(sql, 'sqlite')).toContain('b.id');
  });

  it('for a part of a date that is text, and not for one of a date', () => {
    for (const dialect of ['mysql', 'mariadb'] as const) {
      expect(orderOf('SELECT COUNT(*) FROM orders GROUP BY MONTH(city)', dialect)).toEqual(['b.id']);
      expect(orderOf('SELECT COUNT(*) FROM orders GROUP BY MONTH(day)', dialect)).toEqual(['']);
      expect(orderOf('SELECT COUNT(*) FROM orders GROUP BY EXTRACT(YEAR FROM day)', dialect)).toEqual(['']);
    }
  });

  it('for a union of a query in parentheses', () => {
    expect(orderOf('(SELECT city FROM orders LIMIT 3) UNION SELECT word FROM open')[0]).toBe('b.id');
  });

  it('for a list of DISTINCT texts', () => {
    expect(orderOf('SELECT GROUP_CONCAT(DISTINCT city ORDER BY city) FROM orders')).toEqual(['b.id']);
  });

  it.each([
    ['no choice', 'SELECT city FROM orders'],
    ['UNION ALL', 'SELECT city FROM orders UNION ALL SELECT city FROM orders'],
    ['a group of numbers', 'SELECT total, COUNT(*) FROM orders GROUP BY total'],
    ['a group of dates', 'SELECT day, SUM(total) FROM orders GROUP BY day'],
    ['DISTINCT constants', 'SELECT DISTINCT 1, NULL, TRUE FROM orders'],
    ['DISTINCT counts', 'SELECT DISTINCT COUNT(*) FROM orders GROUP BY day'],
    ['a union of numbers', 'SELECT id FROM orders UNION SELECT id FROM open'],
    ['the largest number', 'SELECT MAX(total), MIN(day) FROM orders'],
    ['a count of texts', 'SELECT COUNT(DISTINCT city) FROM orders'],
    ['DISTINCT numbers', 'SELECT DISTINCT total, day FROM orders'],
  ])('and not for %s', (_name, sql) => {
    for (const dialect of ['mysql', 'mariadb', 'sqlite'] as const) expect(orderOf(sql, dialect).join('')).toBe('');
  });

  it('and not for a month of dates', () => {
    expect(orderOf("SELECT DATE_FORMAT(day, '%Y-%m') AS m, COUNT(*) FROM orders GROUP BY m")).toEqual(['']);
    expect(orderOf('SELECT YEAR(day) AS y, COUNT(*) FROM orders GROUP BY y')).toEqual(['']);
    expect(orderOf("SELECT STRFTIME('%Y-%m', day) AS m, COUNT(*) FROM orders GROUP BY m", 'sqlite')).toEqual(['']);
    expect(orderOf('SELECT DATE_FORMAT(day, city) AS m, COUNT(*) FROM orders GROUP BY m')).toEqual(['b.id']);
  });

  it('on SQLite not for text that is compared by its bytes, and for a column that holds anything', () => {
    expect(orderOf('SELECT code, COUNT(*) FROM orders GROUP BY code', 'sqlite')).toEqual(['']);
    expect(orderOf('SELECT any, COUNT(*) FROM orders GROUP BY any', 'sqlite')).toEqual(['b.id']);
    expect(orderOf('SELECT code, COUNT(*) FROM orders GROUP BY code')).toEqual(['b.id']);
  });

  it('and not in an enclosure without a row rule', () => {
    expect(orderOf('SELECT o.city, COUNT(*) FROM orders o JOIN open p ON p.id = o.id GROUP BY o.city')).toEqual([
      'b.id',
      '',
    ]);
  });

  it('or of the bytes of all that is used, where no key may be seen', () => {
    const masked: RelationRules = { masks: { id: 'owner' } };
    expect(orderOf('SELECT DISTINCT city, total FROM orders', 'mysql', masked)).toEqual([
      'CAST(b.city AS BINARY), CAST(b.total AS BINARY)',
    ]);
    expect(orderOf('SELECT DISTINCT city FROM orders', 'sqlite', masked)).toEqual(['b.city COLLATE BINARY']);
  });

  it('with the joins in the order in which they are written', () => {
    const catalog = makeCatalog('mysql', [makeRelation('mysql', 'a', { id: 'int', owner: 'int', city: 'varchar(9)' })]);
    const view = makeView(catalog, { a: { rows: 'owner = :owner' } }, { owner: 1 });
    const sql = 'SELECT x.city, COUNT(*) FROM a x JOIN a y ON y.id = x.id GROUP BY x.city';
    expect(textAfter('order', sql, catalog, view)).toContain('STRAIGHT_JOIN');
    expect(textAfter('order', sql.replace('x.city', 'x.id').replace('x.city', 'x.id'), catalog, view)).not.toContain(
      'STRAIGHT_JOIN',
    );
  });
});
