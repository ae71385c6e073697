import { describe, expect, it } from 'vitest';
import { describeOutputs } from '../../../src/seal/outputs.js';
import { customerView, sealShop } from '../../support/seal-shop.js';
import { bindText, codeOf } from '../../support/seal-steps.js';

const catalog = sealShop();
const view = customerView(catalog, {
  orders: { rows: 'owner = :owner', units: { total: 'KES', day: 'UTC' }, masks: { note: 'RIGHT(note, 2)' } },
});
const outputs = (sql: string) => describeOutputs(bindText(sql, catalog, view), view, true);
const names = (sql: string) => outputs(sql).map((output) => output.name);
const units = (sql: string) => outputs(sql).map((output) => output.unit);
const masks = (sql: string) => outputs(sql).map((output) => output.masked);

describe('the caller’s names come back', () => {
  it.each([
    ['an alias as written', 'SELECT id AS `My Id`, COUNT(*) AS `x"y` FROM orders', ['My Id', 'x"y']],
    ['a plain column as written', 'SELECT ID, o.Status FROM orders o', ['ID', 'Status']],
    ['the catalog’s spelling by *', 'SELECT * FROM products', ['code', 'price']],
    ['an expression’s text, white space folded', 'SELECT id +\n  1, COUNT( * ) FROM orders', ['id + 1', 'COUNT( * )']],
    ['equal names', 'SELECT id, id FROM orders', ['id', 'id']],
    ['the first leg’s of a UNION', 'SELECT id AS a FROM orders UNION SELECT qty AS b FROM items', ['a']],
    ['a column list’s', 'WITH t (a, b) AS (SELECT id, status FROM orders) SELECT * FROM t', ['a', 'b']],
    ['__proto__', 'SELECT 1 AS __proto__', ['__proto__']],
  ])('%s', (_name, sql, expected) => {
    expect(names(sql)).toEqual(expected);
  });
});

describe('units', () => {
  it.each([
    ['of a plain column', 'SELECT total FROM orders', ['KES']],
    [
      'of SUM, AVG, MIN, MAX',
      'SELECT SUM(total), AVG(total), MIN(total), MAX(total) FROM orders',
      ['KES', 'KES', 'KES', 'KES'],
    ],
    ['not of COUNT', 'SELECT COUNT(total) FROM orders', [null]],
    ['not of an expression', 'SELECT total * 2, total / 3 FROM orders', [null, null]],
    ['through a derived table', 'SELECT SUM(t.x) FROM (SELECT total AS x FROM orders) t', ['KES']],
    ['of a UNION of one unit', 'SELECT total FROM orders UNION SELECT SUM(total) FROM orders', ['KES']],
    [
      'of what only calls itself again',
      'WITH RECURSIVE t AS (SELECT total AS x FROM orders UNION ALL SELECT x FROM t) SELECT x FROM t',
      ['KES'],
    ],
    ['not of another aggregate', 'SELECT GROUP_CONCAT(total) FROM orders', [null]],
    ['not of a column without one', 'SELECT id, SUM(id) FROM orders', [null, null]],
    [
      'of each column by itself, twice',
      'SELECT t.x, t.y, t.x FROM (SELECT total AS x, id AS y FROM orders) t',
      ['KES', null, 'KES'],
    ],
    ['not of a UNION of two', 'SELECT total FROM orders UNION SELECT day FROM orders', [null]],
    ['not of a UNION with none', 'SELECT total FROM orders UNION SELECT id FROM orders', [null]],
  ])('%s', (_name, sql, expected) => {
    expect(units(sql)).toEqual(expected);
  });
});

describe('masked columns are marked', () => {
  it.each([
    ['plain', 'SELECT note, status FROM orders', [true, false]],
    ['inside an expression', 'SELECT CONCAT(status, note) FROM orders', [true]],
    ['through a derived table', 'SELECT t.x FROM (SELECT UPPER(note) AS x FROM orders) t', [true]],
    ['through a subquery', 'SELECT (SELECT MAX(note) FROM orders)', [true]],
    [
      'and no other of the same table',
      'SELECT t.y, t.x, t.y, t.x FROM (SELECT note AS x, status AS y FROM orders) t',
      [false, true, false, true],
    ],
    [
      'each time that it is named',
      'SELECT note, CONCAT(status, 1), UPPER(note), status FROM orders',
      [true, false, true, false],
    ],
    [
      'not through recursion over another column',
      'WITH RECURSIVE t AS (SELECT status AS x, note AS y FROM orders UNION ALL SELECT CONCAT(x, 1), y FROM t) SELECT x, y, x FROM t',
      [false, true, false],
    ],
    ['in any leg of a UNION', 'SELECT status FROM orders UNION SELECT note FROM orders', [true]],
    [
      'through recursion',
      'WITH RECURSIVE t AS (SELECT note AS x FROM orders UNION ALL SELECT CONCAT(x, 1) FROM t) SELECT x FROM t',
      [true],
    ],
  ])('%s', (_name, sql, expected) => {
    expect(masks(sql)).toEqual(expected);
  });
});

it('names that are too long together are refused', () => {
  const name = 'n'.repeat(16_000);
  const star = (times: number) =>
    `SELECT ${Array.from({ length: times }, () => 't.*').join()} FROM (SELECT 1 AS ${name}) t`;
  expect(names(star(16))).toHaveLength(16);
  expect(codeOf(() => names(star(17)))).toBe('SEAL_TOO_DEEP');
});
