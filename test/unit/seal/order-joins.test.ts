import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { makeCatalog, makeRelation, makeView } from '../../support/hand-made-catalog.js';
import { textAfter } from '../../support/seal-steps.js';

const SERVERS = ['mysql', 'mariadb'] as const;

function seal(sql: string, dialect: Dialect): string {
  const orders = {
    id: 'int',
    owner: 'int',
    wide: 'bigint',
    plus: 'int(10) unsigned',
    total: 'decimal(10,2)',
    vast: 'decimal(50,10)',
    weight: 'double',
    made: 'int stored',
    name: 'varchar(20)',
  };
  const catalog = makeCatalog(dialect, [
    makeRelation(dialect, 'orders', orders),
    makeRelation(dialect, 'items', { id: 'int', owner: 'int', qty: 'int', masked: 'int' }),
  ]);
  const mine = { rows: 'owner = :owner' };
  const view = makeView(catalog, { orders: mine, items: { ...mine, masks: { masked: 'qty' } } }, { owner: 1 });
  return textAfter('order', sql, catalog, view);
}

const joined = (item: string) => `SELECT ${item} FROM orders o JOIN items i ON i.id = o.id`;

describe('the written order of joins is kept', () => {
  it.each([
    ['a call in the select list', joined('EXP(o.total)')],
    ['a call in WHERE', `${joined('o.id')} WHERE EXP(o.total) > 1`],
    ['a call in ON', 'SELECT o.id FROM orders o JOIN items i ON i.id = o.id AND EXP(o.total) > 1'],
    ['a call in HAVING', `${joined('COUNT(*)')} HAVING EXP(COUNT(*)) > 1`],
    ['a call in ORDER BY', `${joined('o.id')} ORDER BY EXP(o.total)`],
    ['a call in GROUP BY', `${joined('COUNT(*)')} GROUP BY EXP(o.total)`],
    ['a call around a derived table', `SELECT EXP(t.total) FROM (${joined('o.total')}) t`],
    [
      'a call inside a derived table',
      'SELECT t.id FROM (SELECT id, EXP(total) AS e FROM orders) t JOIN items i ON i.id = t.id',
    ],
    ['a scalar subquery of several rows', joined('(SELECT q.id FROM items q WHERE q.id = o.id)')],
    ['a scalar subquery of two rows at most', joined('(SELECT q.id FROM items q LIMIT 2)')],
    ['a scalar subquery of a row for each group', joined('(SELECT MAX(q.id) FROM items q GROUP BY q.qty)')],
    ['a sum of floating point', joined('SUM(o.weight)')],
    ['a sum of text', joined('SUM(o.name)')],
    ['a sum of what is too wide', joined('SUM(o.vast)')],
    ['a sum of a masked column', joined('SUM(i.masked)')],
    ['a sum of a generated column', joined('SUM(o.made)')],
    ['a sum of what may fail', joined('SUM(EXP(o.total))')],
    ['arithmetic of unsigned numbers', joined('SUM(o.plus - i.qty)')],
    ['arithmetic beyond 64 bits', joined('o.wide * i.qty')],
    ['a sum at the edge of 64 bits', joined('o.wide + 1')],
    ['arithmetic of floating point', joined('o.total * 1e3')],
    ['arithmetic of what is no number', joined('o.name + 1')],
    ['a product of many', joined('o.total * o.total * o.total * o.total * o.total * o.total * o.total')],
  ])('for %s', (_name, sql) => {
    for (const dialect of SERVERS) expect(seal(sql, dialect)).toContain('STRAIGHT_JOIN');
  });

  it.each([
    ['a sum of decimals', joined('SUM(o.total)')],
    ['a sum of wide integers', joined('SUM(o.wide)')],
    ['an average', joined('AVG(o.total), AVG(i.qty)')],
    ['a product of a whole and a decimal number', joined('SUM(i.qty * o.total)')],
    ['a discount', joined('SUM(i.qty * o.total * (1 - 0.15) / 3)')],
    ['a scalar subquery of one row by its LIMIT', joined('(SELECT q.id FROM items q ORDER BY q.id LIMIT 1), o.id')],
    ['a scalar subquery of one row by its aggregate', joined('(SELECT MAX(q.id) FROM items q), o.id')],
    ['nothing that could fail', joined('COUNT(*), MAX(o.total), o.id')],
  ])('and not for %s', (_name, sql) => {
    const grouped = sql.includes('o.id FROM orders') ? `${sql} GROUP BY o.id` : sql;
    for (const dialect of SERVERS) expect(seal(grouped, dialect)).not.toContain('STRAIGHT_JOIN');
  });

  it('on SQLite for every sum, as a column there holds what it likes', () => {
    expect(seal(joined('SUM(o.total)'), 'sqlite')).toContain('CROSS JOIN');
    expect(seal(joined('COUNT(o.total)'), 'sqlite')).not.toContain('CROSS JOIN');
  });

  it.each([
    ['IN', 'o.id IN (SELECT i.id FROM items i)'],
    ['EXISTS', 'EXISTS (SELECT 1 FROM items i WHERE i.id = o.id)'],
    ['NOT EXISTS', 'o.id > 1 AND NOT EXISTS (SELECT 1 FROM items i WHERE i.id = o.id)'],
    ['IS NOT TRUE', '(o.id IN (SELECT i.id FROM items i)) IS NOT TRUE'],
  ])('for %s beside what may fail, as a server makes a join of it', (_name, condition) => {
    for (const dialect of SERVERS) {
      expect(seal(`SELECT EXP(o.total) FROM orders o WHERE ${condition}`, dialect)).toContain('SELECT STRAIGHT_JOIN');
    }
  });

  it('and not for IN where nothing may fail, nor where nothing is joined', () => {
    for (const dialect of SERVERS) {
      expect(seal('SELECT o.id FROM orders o WHERE o.id IN (SELECT i.id FROM items i)', dialect)).not.toContain(
        'STRAIGHT',
      );
      expect(seal('SELECT EXP(o.total) FROM orders o WHERE o.id > 1', dialect)).not.toContain('STRAIGHT');
    }
  });
});

/** Whether the enclosures give their rows in the order of a key. */
const isOrdered = (sql: string, dialect: Dialect) => / ORDER BY .b.\..* LIMIT /.test(seal(sql, dialect));

describe('rows are met in the order of a key', () => {
  it.each([
    ['a LIMIT may end the reading', 'SELECT EXP(total) FROM orders LIMIT 3'],
    ['a LIMIT may end the reading of groups', 'SELECT owner, COUNT(EXP(total)) FROM orders GROUP BY owner LIMIT 3'],
    [
      'groups are sorted by what is no aggregate',
      'SELECT owner, COUNT(EXP(total)) FROM orders GROUP BY owner ORDER BY owner LIMIT 3',
    ],
    [
      'an aggregate sorts among groups alike',
      'SELECT owner, COUNT(EXP(total)) AS m FROM orders GROUP BY owner ORDER BY owner, m LIMIT 3',
    ],
    ['a set operation has a LIMIT', 'SELECT EXP(total) FROM orders UNION ALL SELECT EXP(qty) FROM items LIMIT 3'],
    ['a condition has EXISTS', 'SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM items WHERE EXP(qty) > 1)'],
    ['a condition has IN', 'SELECT id FROM orders WHERE id IN (SELECT EXP(qty) FROM items)'],
    ['a condition has ANY', 'SELECT id FROM orders WHERE id > ANY (SELECT EXP(qty) FROM items)'],
    ['a subquery has a LIMIT', 'SELECT id, (SELECT EXP(qty) FROM items LIMIT 1) FROM orders'],
  ])('where %s', (_name, sql) => {
    for (const dialect of SERVERS) expect(isOrdered(sql, dialect)).toBe(true);
  });

  it.each([
    ['nothing may fail', 'SELECT total FROM orders LIMIT 3'],
    ['nothing ends the reading', 'SELECT EXP(total) FROM orders'],
    ['one group takes every row', 'SELECT COUNT(EXP(total)) FROM orders LIMIT 3'],
    [
      'an aggregate says which group is the first',
      'SELECT owner, COUNT(EXP(total)) FROM orders GROUP BY owner ORDER BY COUNT(*) LIMIT 3',
    ],
    [
      'an aggregate of the list says so',
      'SELECT owner, COUNT(EXP(total)) AS m FROM orders GROUP BY owner ORDER BY m DESC LIMIT 3',
    ],
  ])('and not where %s', (_name, sql) => {
    for (const dialect of SERVERS) expect(isOrdered(sql, dialect)).toBe(false);
  });
});
