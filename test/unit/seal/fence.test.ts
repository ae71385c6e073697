import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { makeCatalog, makeRelation, makeView, type RelationRules } from '../../support/hand-made-catalog.js';
import { textAfter } from '../../support/seal-steps.js';

const mine: RelationRules = { rows: 'owner = :owner' };

function shop(dialect: Dialect = 'mysql') {
  const make = (...parts: Parameters<typeof makeRelation> extends [unknown, ...infer Rest] ? Rest : never) =>
    makeRelation(dialect, ...parts);
  return makeCatalog(dialect, [
    make(
      'orders',
      {
        id: 'int',
        owner: 'int',
        code: 'varchar(20)',
        part: 'int',
        piece: 'int',
        maybe: 'int null',
        made: 'int stored',
        tag: 'enum',
        price: 'decimal(10,2)',
        day: 'date',
        at: 'datetime',
        weight: 'double',
        bits: 'varbinary(8)',
        essay: 'longtext',
      },
      {
        unique: [
          ['code'],
          ['part', 'piece'],
          ['part', 'maybe'],
          ['maybe'],
          ['made'],
          ['tag'],
          ['price'],
          ['day'],
          ['at'],
          ['weight'],
          ['bits'],
          ['essay'],
        ],
      },
    ),
    make(
      'notes',
      {
        id: 'int',
        owner: 'int',
        order_code: 'varchar(20)',
        other_code: 'varchar(20) latin1',
        bytes_code: 'varchar(20) utf8mb4_bin',
        long_code: 'varchar(30)',
      },
      {
        unique: [['order_code'], ['other_code'], ['bytes_code'], ['long_code']],
      },
    ),
    make(
      'marks',
      { id: 'int', owner: 'int', place: 'int' },
      { indexes: [{ name: 'by_place', unique: false, columns: ['place'] }] },
    ),
    make('totals', { id: 'int', owner: 'int' }, { kind: 'view' }),
  ]);
}

const rules = { orders: mine, notes: mine, marks: mine, totals: mine };

/** How many conjuncts were copied behind the filters. */
function countCopies(sql: string, more: Readonly<Record<string, RelationRules>> = {}, dialect: Dialect = 'mysql') {
  const catalog = shop(dialect);
  const text = textAfter('fence', sql, catalog, makeView(catalog, { ...rules, ...more }));
  const inside = [
    ...text.matchAll(/WHERE [`"]b[`"]\.[`"]owner[`"] = \?((?: AND .*?)?) LIMIT (?:9223372036854775807|-1)\)/g),
  ];
  expect(inside.length, text).toBeGreaterThan(0);
  return inside.map((match) => match[1]!.replaceAll(/[`"]/g, '').trim()).filter(Boolean);
}

const sixteen = Array.from({ length: 16 }, (_, index) => index).join();
const thirty = `${'1'.repeat(27)}.25`;
const where = (condition: string) => `SELECT owner FROM orders WHERE ${condition}`;

describe('a conjunct is copied behind the filter', () => {
  it.each([
    ['the whole primary key', where('id = 7'), ['AND b.id = 7']],
    ['the constant first', where('7 = id'), ['AND b.id = 7']],
    ['a short IN list', where('id IN (7, 8)'), ['AND b.id IN (7, 8)']],
    ['a unique NOT NULL text', where("code = 'a''b'"), ["AND b.code = 'a''b'"]],
    ['all columns of a key of two', where('piece = 2 AND part = 1'), ['AND b.piece = 2 AND b.part = 1']],
    ['a decimal', where('price = 12.50'), ['AND b.price = 12.50']],
    ['a canonical date', where("day = '2026-01-31'"), ["AND b.day = '2026-01-31'"]],
    ['a canonical time of day', where("at = '2026-01-31 10:00:00'"), ["AND b.at = '2026-01-31 10:00:00'"]],
    ['a conjunct among others', where('id = 7 AND weight > 1 AND owner < 3'), ['AND b.id = 7']],
    ['the ON of an inner join', 'SELECT o.owner FROM orders o JOIN notes n ON o.id = 7', ['AND b.id = 7']],
    [
      'the preserved side of an outer join',
      'SELECT o.owner FROM orders o LEFT JOIN notes n ON n.id = o.part WHERE o.id = 7',
      ['AND b.id = 7'],
    ],
    ['an IN list of sixteen', where(`id IN (${sixteen})`), [`AND b.id IN (${sixteen.replaceAll(',', ', ')})`]],
    ['an integer of eighteen digits', where('id = 123456789012345678'), ['AND b.id = 123456789012345678']],
    ['a decimal of thirty characters', where(`price = ${thirty}`), [`AND b.price = ${thirty}`]],
    ...['2026-01-09', '2026-09-10', '2026-12-29', '2026-10-30', '2026-01-31'].map((day): [string, string, string[]] => [
      `the day ${day}`,
      where(`day = '${day}'`),
      [`AND b.day = '${day}'`],
    ]),
    ...['2026-01-09 00:00:00', '2026-11-29 19:59:59', '2026-10-30 23:30:01'].map((time): [string, string, string[]] => [
      `the time ${time}`,
      where(`at = '${time}'`),
      [`AND b.at = '${time}'`],
    ]),
    ['a derived table’s own WHERE', 'SELECT t.owner FROM (SELECT owner FROM orders WHERE id = 7) t', ['AND b.id = 7']],
    [
      'both ends of a join on one type',
      "SELECT o.owner FROM orders o JOIN notes n ON n.order_code = o.code WHERE o.code = 'x'",
      ["AND b.code = 'x'", "AND b.order_code = 'x'"],
    ],
  ])('where it is %s', (_name, sql, copies) => {
    expect(countCopies(sql)).toEqual(copies);
  });

  it('while the original stays outside', () => {
    const catalog = shop();
    const text = textAfter('fence', where('id = 7'), catalog, makeView(catalog, rules));
    expect(text).toBe(
      'SELECT `t1`.`c1` AS `c2` FROM (SELECT `b`.`owner` AS `c1`, `b`.`id` AS `c3` FROM `orders` AS `b` WHERE `b`.`owner` = ? AND `b`.`id` = 7 LIMIT 9223372036854775807) AS `t1` WHERE `t1`.`c3` = 7',
    );
  });

  it('on SQLite too', () => {
    expect(countCopies(where('id = 7'), {}, 'sqlite')).toEqual(['AND b.id = 7']);
  });
});

describe('nothing is copied', () => {
  it.each([
    // (a) equality or a short IN with constants, over every column of a unique key of NOT NULL columns
    ['(a) of a range', where('id > 7')],
    ['(a) of BETWEEN', where('id BETWEEN 7 AND 7')],
    ['(a) of LIKE', where("code LIKE 'x'")],
    ['(a) of <=>', where('id <=> 7')],
    ['(a) of NOT IN', where('id NOT IN (7)')],
    ['(a) of a long IN list', where(`id IN (${Array.from({ length: 17 }, (_, index) => index).join()})`)],
    ['(a) of NULL', where('id = NULL')],
    ['(a) of an IN list with NULL', where('id IN (7, NULL)')],
    ['(a) of a column without a key', where('owner = 7')],
    ['(a) of half a key', where('part = 1')],
    ['(a) of a unique column that may be NULL', where('maybe = 7')],
    ['(a) of a column whose index is not unique', 'SELECT owner FROM marks WHERE place = 7'],
    ['(a) of a key of which one column may be NULL', where('part = 1 AND maybe = 7')],
    ['(a) of an IN list with a column', where('id IN (7, owner)')],
    ['(a) of an expression over the column', where('id + 0 = 7')],
    ['(a) of a constant that is computed', where('id = 3 + 4')],
    // (b) stored, shown as it is, no view’s, of a plain family
    ['(b) of a generated column', where('made = 7')],
    ['(b) of an enumeration', where("tag = 'x'")],
    ['(b) of a double', where('weight = 7')],
    ['(b) of bytes', where("bits = 'x'")],
    ['(b) of a text of any length', where("essay = 'x'")],
    ['(b) of a view’s column', 'SELECT owner FROM totals WHERE id = 7'],
    // (c) a constant of the column’s family, canonical
    ['(c) of text with an integer column', where("id = '7'")],
    ['(c) of a decimal with an integer column', where('id = 7.0')],
    ['(c) of a float with a decimal column', where('price = 1e1')],
    ['(c) of a number with a text column', where('code = 7')],
    ['(c) of bytes with a text column', where("code = x'FF'")],
    ['(c) of one text in a list for an integer column', where("id IN (7, '8')")],
    ['(c) of an integer of nineteen digits', where('id = 1234567890123456789')],
    ['(c) of a decimal of more than thirty characters', where(`price = 1${thirty}`)],
    ...['x2026-01-31', '2026-01-31x', '2026-00-10', '2026-01-00', '2026-01-32', '2026-01-40', '2026-1a-10'].map(
      (day): [string, string] => [`(c) of the date ${day}`, where(`day = '${day}'`)],
    ),
    ...[
      'x2026-01-31 10:00:00',
      '2026-01-31 10:00:00x',
      '2026-01-31 24:00:00',
      '2026-01-31 10:60:00',
      '2026-01-00 10:00:00',
      '2026-13-01 10:00:00',
      '2026-01-31 1a:00:00',
    ].map((time): [string, string] => [`(c) of the time ${time}`, where(`at = '${time}'`)]),
    ['(c) of a loose date', where("day = '2026-1-31'")],
    ['(c) of a date that cannot be', where("day = '2026-13-01'")],
    ['(c) of a time with a date column', where("day = '2026-01-31 10:00:00'")],
    ['(c) of an integer that is too long', where('id = 12345678901234567890')],
    // (d) top-level AND of WHERE, or ON of an inner join, nothing in between
    ['(d) below OR', where('id = 7 OR owner = 1')],
    ['(d) below NOT', where('NOT (id = 7)')],
    ['(d) below IS', where('(id = 7) IS NOT TRUE')],
    ['(d) in HAVING', 'SELECT id, COUNT(*) FROM orders GROUP BY id HAVING id = 7'],
    ['(d) in the ON of a left join', 'SELECT o.owner FROM notes n LEFT JOIN orders o ON o.id = 7'],
    [
      '(d) of the right side of a left join',
      'SELECT o.owner FROM notes n LEFT JOIN orders o ON o.part = n.id WHERE o.id = 7',
    ],
    [
      '(d) of the left side of a right join',
      'SELECT o.owner FROM orders o RIGHT JOIN notes n ON o.part = n.id WHERE o.id = 7',
    ],
    ['(d) in the ON of a left join, of its left side', 'SELECT o.owner FROM notes n LEFT JOIN orders o ON n.id = 7'],
    ['(d) in the ON of a right join', 'SELECT o.owner FROM orders o RIGHT JOIN notes n ON n.id = 7'],
    ['(d) over a LIMIT', 'SELECT t.owner FROM (SELECT owner, id FROM orders ORDER BY id LIMIT 5) t WHERE t.id = 7'],
    ['(d) over an aggregate', 'SELECT t.n FROM (SELECT id, COUNT(*) AS n FROM orders GROUP BY id) t WHERE t.id = 7'],
    ['(d) over a window', 'SELECT t.n FROM (SELECT id, COUNT(*) OVER () AS n FROM orders) t WHERE t.id = 7'],
    [
      '(d) of an outer query’s column',
      'SELECT n.owner FROM notes n WHERE EXISTS (SELECT 1 FROM orders o WHERE n.id = 7)',
    ],
  ])('%s', (_name, sql) => {
    expect(countCopies(sql)).toEqual([]);
  });

  it('where nothing is filtered, into a table that is fenced for a document', () => {
    const catalog = shop();
    const sql = "SELECT owner FROM orders, JSON_TABLE('[1]', '$[*]' COLUMNS (x INT PATH '$')) AS j WHERE id = 7";
    const text = textAfter('fence', sql, catalog, makeView(catalog, {}));
    expect(text).toContain('FROM `orders` AS `b` LIMIT 9223372036854775807) AS `t1`');
  });

  it('(b) of a masked column, nor of one that a mask stands for', () => {
    expect(countCopies(where('id = 7'), { orders: { ...mine, masks: { id: 'owner' } } })).toEqual([]);
    expect(countCopies(where("code = 'x'"), { orders: { ...mine, masks: { id: 'part' } } })).toEqual([
      "AND b.code = 'x'",
    ]);
  });

  it('(e) over a join of two collations of one character set, nor where their lengths differ', () => {
    const sql = (column: string) =>
      `SELECT o.owner FROM orders o JOIN notes n ON n.${column} = o.code WHERE o.code = 'x'`;
    for (const column of ['bytes_code', 'long_code']) expect(countCopies(sql(column))).toEqual(["AND b.code = 'x'"]);
    const other = "SELECT o.owner FROM orders o JOIN notes n ON n.order_code <> o.code WHERE o.code = 'x'";
    expect(countCopies(other)).toEqual(["AND b.code = 'x'"]);
  });

  it('(e) over a join with what a mask shows', () => {
    const sql = "SELECT o.owner FROM orders o JOIN notes n ON n.order_code = o.code WHERE o.code = 'x'";
    const masked = { notes: { ...mine, masks: { order_code: 'other_code' } } };
    expect(countCopies(sql, masked)).toEqual(["AND b.code = 'x'"]);
  });

  it('(e) over a join of two character sets, though each end has a key', () => {
    const sql = "SELECT o.owner FROM orders o JOIN notes n ON n.other_code = o.code WHERE o.code = 'x'";
    expect(countCopies(sql)).toEqual(["AND b.code = 'x'"]);
  });

  it('where the relation is not filtered: there is no fence then', () => {
    const catalog = shop();
    const text = textAfter('fence', where('id = 7'), catalog, makeView(catalog, {}));
    expect(text).not.toContain('LIMIT');
    expect(text).not.toContain('`b`.`id` = 7');
  });

  it('under FULL JOIN on SQLite', () => {
    const sql = 'SELECT o.owner FROM orders o FULL JOIN notes n ON n.id = o.id WHERE o.id = 7';
    expect(countCopies(sql, {}, 'sqlite')).toEqual([]);
  });
});
