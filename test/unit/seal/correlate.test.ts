import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { makeCatalog, makeRelation, makeView, type RelationRules } from '../../support/hand-made-catalog.js';
import { textAfter } from '../../support/seal-steps.js';

const mine: RelationRules = { rows: 'owner = :owner' };
const toOrder = { foreignKeys: [{ columns: ['order_id'], relation: 'orders', referenced: ['id'] }] };

function shop(dialect: Dialect) {
  const make = (...parts: Parameters<typeof makeRelation> extends [unknown, ...infer Rest] ? Rest : never) =>
    makeRelation(dialect, ...parts);
  return makeCatalog(dialect, [
    make(
      'orders',
      {
        id: 'int',
        owner: 'int',
        status: 'varchar(20)',
        total: 'decimal(10,2)',
        day: 'date',
        weight: 'double',
        previous: 'int null',
      },
      { foreignKeys: [{ columns: ['previous'], relation: 'orders', referenced: ['id'] }] },
    ),
    make('items', { id: 'int', order_id: 'int', qty: 'int', other: 'bigint' }, toOrder),
    make(
      'payments',
      { id: 'int', owner: 'int', order_id: 'int', loose_id: 'int', made_id: 'int stored', wide_id: 'bigint' },
      {
        foreignKeys: [...toOrder.foreignKeys, { columns: ['wide_id'], relation: 'orders', referenced: ['id'] }],
      },
    ),
    make('boxes', { a: 'int', b: 'int', owner: 'int' }, { primaryKey: ['a', 'b'] }),
    make(
      'parts',
      { id: 'int', owner: 'int', la: 'int', lb: 'int' },
      {
        foreignKeys: [{ columns: ['lb', 'la'], relation: 'boxes', referenced: ['b', 'a'] }],
      },
    ),
    make('marks', { id: 'int stored', owner: 'int' }),
    make('points', { id: 'double', owner: 'int' }),
    make(
      'signs',
      { id: 'int', owner: 'int', mark_id: 'int', point_id: 'double', a: 'int', b: 'int', c: 'int null' },
      {
        foreignKeys: [
          { columns: ['mark_id'], relation: 'marks', referenced: ['id'] },
          { columns: ['point_id'], relation: 'points', referenced: ['id'] },
          { columns: ['a', 'b', 'c'], relation: 'boxes', referenced: ['a', 'b', 'owner'] },
        ],
      },
    ),
    make('totals', { id: 'int', owner: 'int' }, { kind: 'view' }),
    make('places', { id: 'int', order_id: 'int' }, toOrder),
  ]);
}

const rules: Readonly<Record<string, RelationRules>> = {
  orders: mine,
  items: { rows: 'order_id IN (SELECT id FROM orders WHERE owner = :owner)' },
  payments: mine,
  boxes: mine,
  parts: mine,
  totals: mine,
  marks: mine,
  points: mine,
  signs: mine,
};

function seal(sql: string, dialect: Dialect, more: Readonly<Record<string, RelationRules>> = {}): string {
  const catalog = shop(dialect);
  return textAfter('fence', sql, catalog, makeView(catalog, { ...rules, ...more })).replaceAll(/[`"]/g, '');
}

/** Conjuncts behind the filters that name an alias of a query around. */
function copies(sql: string, more: Readonly<Record<string, RelationRules>> = {}, dialect: Dialect = 'mysql'): string[] {
  const text = seal(sql, dialect, more);
  expect(text).toContain('(SELECT');
  return [...text.matchAll(/ AND (b\.\w+ = t\d+\.c\d+)/g)].map((match) => (match[1] as string).replace(/ = .*/, ''));
}

const statusOf = (condition: string, from = 'payments p') =>
  `SELECT p.id, (SELECT o.status FROM orders o WHERE ${condition}) FROM ${from}`;
const countOf = (condition: string, from = 'orders o') =>
  `SELECT o.id, (SELECT COUNT(*) FROM items i WHERE ${condition}) FROM ${from}`;

describe('an equality with a row around a scalar subquery is copied behind the rule', () => {
  it.each([
    ['a foreign key refers to a unique key', statusOf('o.id = p.order_id'), ['b.id']],
    ['it is written the other way round', statusOf('p.order_id = o.id'), ['b.id']],
    ['it stands among others', statusOf("o.id = p.order_id AND o.status > 'a'"), ['b.id']],
    ['the key refers to itself', statusOf('o.id = p.id', 'orders p'), ['b.id']],
    ['a foreign key refers to its own relation', statusOf('o.id = p.previous', 'orders p'), ['b.id']],
    ['the row around is of an open relation', statusOf('o.id = p.order_id', 'places p'), ['b.id']],
    [
      'it stands in the ON of an inner join',
      'SELECT (SELECT COUNT(*) FROM places q JOIN orders o ON o.id = p.order_id) FROM payments p',
      ['b.id'],
    ],
    [
      'the subquery stands in WHERE',
      'SELECT p.id FROM payments p WHERE 5 < (SELECT o.total FROM orders o WHERE o.id = p.order_id)',
      ['b.id'],
    ],
    [
      'the subquery stands inside an expression',
      'SELECT COALESCE((SELECT o.total FROM orders o WHERE o.id = p.order_id), 0) FROM payments p',
      ['b.id'],
    ],
    [
      'a key of two columns',
      'SELECT (SELECT COUNT(*) FROM boxes l WHERE l.a = p.la AND l.b = p.lb) FROM parts p',
      ['b.a', 'b.b'],
    ],
    ['the child’s rule is that its parent is the caller’s', countOf('i.order_id = o.id'), ['b.order_id']],
    [
      'the same with more to say',
      'SELECT o.id, (SELECT SUM(i.qty) FROM items i WHERE i.order_id = o.id AND i.qty > 2) FROM orders o WHERE o.id = 7',
      ['b.order_id'],
    ],
  ])('where %s', (_name, sql, expected) => {
    expect(copies(sql)).toEqual(expected);
    expect(copies(sql, {}, 'sqlite')).toEqual(expected);
    expect(copies(sql, {}, 'mariadb')).toEqual([]);
  });

  it('while the original and the fence stay', () => {
    expect(seal(statusOf('o.id = p.order_id'), 'mysql')).toContain(
      '(SELECT t2.c3 AS c4 FROM (SELECT b.status AS c3, b.id AS c5 FROM orders AS b WHERE b.owner = ? AND b.id = t1.c6 LIMIT 9223372036854775807) AS t2 WHERE t2.c5 = t1.c6)',
    );
  });
});

describe('nothing is copied', () => {
  it.each([
    // (a) a million probes: the value must exist, or the rows be the caller's
    ['where no foreign key says that the value exists', statusOf('o.id = p.loose_id')],
    ['where the foreign key is of another column', statusOf('o.id = p.id')],
    ['where the inner column is no key', statusOf('o.owner = p.order_id')],
    ['where half a key is said', 'SELECT (SELECT COUNT(*) FROM boxes l WHERE l.a = p.la) FROM parts p'],
    [
      'where a key of two is crossed',
      'SELECT (SELECT COUNT(*) FROM boxes l WHERE l.b = p.la AND l.a = p.lb) FROM parts p',
    ],
    [
      'where two rows around share in a key',
      'SELECT (SELECT COUNT(*) FROM boxes l WHERE l.a = p.la AND l.b = q.lb) FROM parts p, parts q',
    ],
    [
      'for a child whose rule is its own',
      'SELECT (SELECT COUNT(*) FROM payments p WHERE p.order_id = o.id) FROM orders o',
    ],
    ['for a child by another column than the rule’s', countOf('i.qty = o.id')],
    ['for a child by another column of the parent', countOf('i.order_id = o.previous')],
    [
      'for a child of another relation’s row',
      'SELECT (SELECT COUNT(*) FROM items i WHERE i.order_id = p.order_id) FROM payments p',
    ],
    [
      'where the foreign key is to another relation',
      'SELECT (SELECT COUNT(*) FROM payments q WHERE q.id = p.order_id) FROM payments p',
    ],
    [
      'where the foreign key says more',
      'SELECT (SELECT COUNT(*) FROM boxes l WHERE l.a = s.a AND l.b = s.b) FROM signs s',
    ],
    [
      'for a child of another relation’s key',
      'SELECT (SELECT COUNT(*) FROM items i WHERE i.order_id = p.id) FROM payments p',
    ],
    // (b) and (e)
    ['of a generated column', 'SELECT (SELECT COUNT(*) FROM marks m WHERE m.id = s.mark_id) FROM signs s'],
    ['of floating point', 'SELECT (SELECT COUNT(*) FROM points m WHERE m.id = s.point_id) FROM signs s'],
    ['where the types differ', statusOf('o.id = p.wide_id')],
    ['of a view', 'SELECT (SELECT COUNT(*) FROM totals t WHERE t.id = o.id) FROM totals o'],
    // (d)
    ['of a range', statusOf('o.id <= p.order_id')],
    ['of <=>', statusOf('o.id <=> p.order_id')],
    ['below OR', statusOf('o.id = p.order_id OR o.id = 1')],
    ['below NOT', statusOf('NOT (o.id = p.order_id)')],
    ['of an expression', statusOf('o.id = p.order_id + 0')],
    ['in HAVING', 'SELECT (SELECT COUNT(*) FROM orders o GROUP BY o.id HAVING o.id = p.order_id) FROM payments p'],
    [
      'of the empty side of an outer join',
      'SELECT (SELECT COUNT(*) FROM places q LEFT JOIN orders o ON o.id = q.id WHERE o.id = p.order_id) FROM payments p',
    ],
    [
      'in the ON of an outer join',
      'SELECT (SELECT COUNT(*) FROM places q LEFT JOIN orders o ON o.id = p.order_id) FROM payments p',
    ],
    [
      'behind a LIMIT',
      'SELECT (SELECT t.status FROM (SELECT id, status FROM orders ORDER BY id LIMIT 5) t WHERE t.id = p.order_id) FROM payments p',
    ],
    [
      'where the subquery has a LIMIT',
      'SELECT (SELECT o.status FROM orders o WHERE o.id = p.order_id LIMIT 1) FROM payments p',
    ],
    [
      'for a grouped row',
      'SELECT (SELECT o.status FROM orders o WHERE o.id = p.order_id) FROM payments p GROUP BY p.order_id',
    ],
    ['in EXISTS', 'SELECT p.id FROM payments p WHERE EXISTS (SELECT 1 FROM orders o WHERE o.id = p.order_id)'],
    ['in IN', 'SELECT p.id FROM payments p WHERE p.id IN (SELECT o.total FROM orders o WHERE o.id = p.order_id)'],
    [
      'over two levels',
      'SELECT (SELECT (SELECT o.status FROM orders o WHERE o.id = p.order_id) FROM places q WHERE q.id = 1) FROM payments p',
    ],
  ])('%s', (_name, sql) => {
    for (const dialect of ['mysql', 'sqlite'] as const) {
      if (dialect === 'sqlite' && sql.includes('<=>')) continue;
      expect(copies(sql, {}, dialect)).toEqual([]);
    }
  });

  it('into an enclosure where every row is open', () => {
    expect(seal('SELECT (SELECT COUNT(*) FROM places q WHERE q.id = p.id) FROM places p', 'mysql')).not.toContain(
      'WHERE b.',
    );
  });

  it('beside a look-up by a constant', () => {
    const text = seal(statusOf('o.id = p.order_id AND o.id = 7'), 'mysql');
    expect(text).toContain('WHERE b.owner = ? AND b.id = 7 LIMIT');
    expect(text).not.toContain('b.id = t');
  });

  it('(b) of a masked column, on either side', () => {
    const masked = (column: string): RelationRules => ({ ...mine, masks: { [column]: 'owner' } });
    expect(copies(statusOf('o.id = p.order_id'), { orders: masked('id') })).toEqual([]);
    expect(copies(statusOf('o.id = p.order_id'), { payments: masked('order_id') })).toEqual([]);
    expect(copies(countOf('i.order_id = o.id'), { orders: masked('id') })).toEqual([]);
    expect(copies(countOf('i.order_id = o.id'), { items: { ...rules.items, masks: { order_id: 'qty' } } })).toEqual([]);
  });

  it.each([
    ['asks more', 'order_id IN (SELECT id FROM orders WHERE owner = :owner AND total > 5)'],
    ['asks the same of the child', 'order_id IN (SELECT o.id FROM orders o WHERE items.qty = :owner)'],
    ['asks less', 'order_id IN (SELECT id FROM orders)'],
    ['asks otherwise', 'order_id IN (SELECT id FROM orders WHERE id = :owner)'],
    ['is turned round', 'order_id NOT IN (SELECT id FROM orders WHERE owner = :owner)'],
    ['goes on', 'order_id IN (SELECT id FROM orders WHERE owner = :owner) OR qty = 1'],
    ['goes by another column of the parent', 'order_id IN (SELECT previous FROM orders WHERE owner = :owner)'],
    ['groups', 'order_id IN (SELECT id FROM orders WHERE owner = :owner GROUP BY id)'],
    ['has a common table', 'order_id IN (WITH w AS (SELECT 1) SELECT id FROM orders WHERE owner = :owner)'],
    ['sorts', 'order_id IN (SELECT id FROM orders WHERE owner = :owner ORDER BY id)'],
    ['ends early', 'order_id IN (SELECT id FROM orders WHERE owner = :owner LIMIT 5)'],
    ['is a union', 'order_id IN (SELECT id FROM orders WHERE owner = :owner UNION SELECT 1)'],
    ['has HAVING', 'order_id IN (SELECT id FROM orders WHERE owner = :owner HAVING id > 1)'],
    ['gives something computed', 'order_id IN (SELECT id + 0 FROM orders WHERE owner = :owner)'],
    ['is asked of something computed', 'order_id + 0 IN (SELECT id FROM orders WHERE owner = :owner)'],
    ['reads a derived table', 'order_id IN (SELECT d.id FROM (SELECT id, owner FROM orders) d WHERE d.owner = :owner)'],
    ['gives the child’s own column', 'order_id IN (SELECT items.qty FROM orders WHERE orders.owner = :owner)'],
    ['joins', 'order_id IN (SELECT orders.id FROM orders, places WHERE orders.owner = :owner)'],
  ])('where the child’s rule %s than the parent’s', (_name, rows) => {
    expect(copies(countOf('i.order_id = o.id'), { items: { rows } })).toEqual([]);
  });

  it('for a child where the parent’s rows are all open', () => {
    expect(copies(countOf('i.order_id = o.id'), { orders: {} })).toEqual([]);
  });
});

/** How many enclosures of orders, items and their like stand without a fence. */
function unfenced(
  sql: string,
  dialect: Dialect = 'mariadb',
  more: Readonly<Record<string, RelationRules>> = {},
): number {
  return [...seal(sql, dialect, more).matchAll(/WHERE b\.\w+ (?:= \?|IN \(SELECT [^()]*\))\) AS t/g)].length;
}

describe('on MariaDB a subquery goes without its fence', () => {
  it.each([
    ['it gives one column by a key', statusOf('o.id = p.order_id')],
    ['it counts rows by a key', 'SELECT (SELECT COUNT(*) FROM orders o WHERE o.id = p.order_id) FROM payments p'],
    ['it counts children', countOf('i.order_id = o.id')],
    [
      'it takes the largest number of children',
      'SELECT (SELECT MAX(i.qty) FROM items i WHERE i.order_id = o.id) FROM orders o',
    ],
  ])('where %s', (_name, sql) => {
    expect(unfenced(sql)).toBe(1);
    expect(unfenced(sql, 'mysql')).toBe(0);
    expect(unfenced(sql, 'sqlite')).toBe(0);
  });

  it.each([
    ['it has another condition', statusOf('o.id = p.order_id AND o.total > 5')],
    ['it has another condition that compares with the row around', statusOf('o.id = p.order_id AND o.total > p.id')],
    ['it may fail', 'SELECT (SELECT SUM(i.qty) FROM items i WHERE i.order_id = o.id) FROM orders o'],
    [
      'it may fail in what it gives',
      'SELECT (SELECT EXP(o.total) FROM orders o WHERE o.id = p.order_id) FROM payments p',
    ],
    [
      'it gives what is computed',
      "SELECT (SELECT CONCAT(o.status, 'x') FROM orders o WHERE o.id = p.order_id) FROM payments p",
    ],
    ['it picks among texts', 'SELECT (SELECT MAX(o.status) FROM orders o WHERE o.id = p.order_id) FROM payments p'],
    [
      'it counts values apart',
      'SELECT (SELECT COUNT(DISTINCT i.qty) FROM items i WHERE i.order_id = o.id) FROM orders o',
    ],
    ['it sorts', 'SELECT (SELECT o.status FROM orders o WHERE o.id = p.order_id ORDER BY o.total) FROM payments p'],
    ['it groups', 'SELECT (SELECT COUNT(*) FROM items i WHERE i.order_id = o.id GROUP BY i.order_id) FROM orders o'],
    [
      'it has HAVING',
      'SELECT (SELECT MAX(o.id) FROM orders o WHERE o.id = p.order_id HAVING MAX(o.id) > 1) FROM payments p',
    ],
    ['it takes values once', 'SELECT (SELECT DISTINCT o.status FROM orders o WHERE o.id = p.order_id) FROM payments p'],
    ['it reads more', 'SELECT (SELECT COUNT(*) FROM orders o, places q WHERE o.id = p.order_id) FROM payments p'],
    [
      'it holds a subquery',
      'SELECT (SELECT o.status FROM orders o WHERE o.id = p.order_id AND EXISTS (SELECT 1 FROM places)) FROM payments p',
    ],
    ['no foreign key says that the value exists', statusOf('o.id = p.loose_id')],
    [
      'it stands in EXISTS',
      'SELECT p.id FROM payments p WHERE EXISTS (SELECT o.status FROM orders o WHERE o.id = p.order_id)',
    ],
  ])('but not where %s', (_name, sql) => {
    expect(unfenced(sql)).toBe(0);
  });
});
