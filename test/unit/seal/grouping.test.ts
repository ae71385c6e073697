import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { makeCatalog, makeRelation, makeView } from '../../support/hand-made-catalog.js';
import { customerView, sealShop } from '../../support/seal-shop.js';
import { checkGrouping, codeOf } from '../../support/seal-steps.js';

const verdict = (sql: string, dialect: Dialect = 'mysql') => {
  const catalog = sealShop(dialect);
  return codeOf(() => checkGrouping(sql, catalog, customerView(catalog)));
};

describe('a column is determined by its groups', () => {
  it.each([
    ['where it is grouped', 'SELECT status, COUNT(*) FROM orders GROUP BY status'],
    ['where it is grouped by its output name', 'SELECT status AS s, COUNT(*) FROM orders GROUP BY s'],
    ['where it is grouped by its number', 'SELECT status, COUNT(*) FROM orders GROUP BY 1'],
    ['where the same expression is grouped', 'SELECT YEAR(day), COUNT(*) FROM orders GROUP BY YEAR(day)'],
    ['inside an expression over what is grouped', 'SELECT YEAR(day) + 1, COUNT(*) FROM orders GROUP BY YEAR(day)'],
    ['inside an aggregate', 'SELECT MAX(total) - MIN(total) FROM orders'],
    ['by the primary key', 'SELECT status, total, SUM(total) FROM orders GROUP BY id'],
    ['by both columns of a key', 'SELECT product, SUM(qty) FROM items GROUP BY line, order_id'],
    [
      'by the key of a joined relation',
      'SELECT o.status, SUM(i.qty) FROM orders o JOIN items i ON i.order_id = o.id GROUP BY i.order_id',
    ],
    [
      'by an equality of WHERE',
      'SELECT o.status, COUNT(*) FROM orders o, items i WHERE i.order_id = o.id GROUP BY i.order_id',
    ],
    [
      'on the preserved side of an outer join',
      'SELECT o.status, SUM(i.qty) FROM orders o LEFT JOIN items i ON i.order_id = o.id GROUP BY o.id',
    ],
    [
      'as the side that an outer join may leave empty, by the whole of its condition',
      'SELECT o.status, COUNT(*) FROM items i LEFT JOIN orders o ON o.id = i.order_id GROUP BY i.order_id',
    ],
    [
      'likewise on the left of a RIGHT JOIN',
      'SELECT o.status, COUNT(*) FROM orders o RIGHT JOIN items i ON i.order_id = o.id GROUP BY i.order_id',
    ],
    [
      'through a derived table that groups',
      'SELECT t.n, COUNT(*) FROM (SELECT status, COUNT(*) AS n FROM orders GROUP BY status) t GROUP BY t.status',
    ],
    [
      'through a derived table that groups by an output',
      'SELECT t.n, COUNT(*) FROM (SELECT status AS s, COUNT(*) AS n FROM orders GROUP BY s) t GROUP BY t.s',
    ],
    [
      'through a derived table that is joined with another',
      'SELECT t.n, COUNT(*) FROM products p JOIN (SELECT status, COUNT(*) AS n FROM orders GROUP BY status) t ON TRUE JOIN (SELECT owner, COUNT(*) AS m FROM orders GROUP BY owner) u ON TRUE GROUP BY t.status',
    ],
    [
      'in a window of the groups that has a name',
      'SELECT status, SUM(COUNT(*)) OVER w FROM orders GROUP BY status WINDOW w AS (PARTITION BY status ORDER BY COUNT(*))',
    ],
    [
      'in an aggregate over a subquery of its own tables',
      'SELECT id, (SELECT SUM((SELECT MAX(q.price) FROM products p JOIN products q ON q.code = p.code)) FROM items i) FROM orders',
    ],
    [
      'in a subquery that names what is grouped',
      'SELECT status, (SELECT COUNT(*) FROM products p WHERE p.code = status) FROM orders GROUP BY status',
    ],
    ['in HAVING', 'SELECT status FROM orders GROUP BY status HAVING COUNT(*) > 1 AND status IS NOT NULL'],
    ['in ORDER BY', 'SELECT COUNT(*) FROM orders GROUP BY status ORDER BY status'],
    ['in DISTINCT ordered by what it shows', 'SELECT DISTINCT status FROM orders ORDER BY UPPER(status)'],
    [
      'in an aggregate of a subquery over its own rows',
      'SELECT id, (SELECT SUM(i.qty) FROM items i WHERE i.order_id = orders.id) FROM orders',
    ],
    [
      'in an aggregate of its own and an outer column',
      'SELECT id, (SELECT SUM(i.qty + orders.total) FROM items i) FROM orders',
    ],
    ['where nothing is grouped', 'SELECT status, total FROM orders'],
  ])('%s', (_name, sql) => {
    expect(verdict(sql)).toBe('answered');
  });
});

describe('a column that the server would have to choose is refused', () => {
  it.each([
    ['beside an aggregate', 'SELECT status, COUNT(*) FROM orders'],
    ['beside another group', 'SELECT total, COUNT(*) FROM orders GROUP BY status'],
    ['beside half a key', 'SELECT product, SUM(qty) FROM items GROUP BY order_id'],
    ['of a view, which has no key', 'SELECT total, COUNT(*) FROM totals GROUP BY owner'],
    [
      'by the key of the other side alone',
      'SELECT i.product, COUNT(*) FROM orders o JOIN items i ON i.order_id = o.id GROUP BY o.id',
    ],
    [
      'by an outer join with a further condition',
      'SELECT o.status, COUNT(*) FROM items i LEFT JOIN orders o ON o.id = i.order_id AND i.qty > 1 GROUP BY i.order_id',
    ],
    [
      'by the side that an outer join may leave empty: its NULL stands for many',
      'SELECT i.order_id, COUNT(*) FROM items i LEFT JOIN orders o ON o.id = i.order_id GROUP BY o.id',
    ],
    [
      'by the empty side of a RIGHT JOIN',
      'SELECT i.order_id, COUNT(*) FROM orders o RIGHT JOIN items i ON o.id = i.order_id GROUP BY o.id',
    ],
    [
      'by one of the two equalities of an outer join: the other decides whether there is a match',
      'SELECT o.id, COUNT(*) FROM items i LEFT JOIN orders o ON o.id = i.order_id AND o.owner = i.line GROUP BY i.order_id',
    ],
    [
      'by an equality below OR',
      'SELECT o.status, COUNT(*) FROM orders o, items i WHERE i.order_id = o.id OR i.qty = 1 GROUP BY i.order_id',
    ],
    ['in HAVING', 'SELECT COUNT(*) FROM orders GROUP BY status HAVING total > 1'],
    ['in ORDER BY', 'SELECT status FROM orders GROUP BY status ORDER BY total'],
    ['by an aggregate that stands only in ORDER BY', 'SELECT status FROM orders ORDER BY COUNT(*)'],
    [
      'in a subquery',
      'SELECT status, (SELECT COUNT(*) FROM products p WHERE p.price > total) FROM orders GROUP BY status',
    ],
    [
      'in a window that has a name',
      'SELECT status, SUM(COUNT(*)) OVER w FROM orders GROUP BY status WINDOW w AS (ORDER BY total)',
    ],
    [
      'in the parts of such a window',
      'SELECT status, SUM(COUNT(*)) OVER w FROM orders GROUP BY status WINDOW w AS (PARTITION BY total)',
    ],
    [
      'of a derived table that groups by what it does not show',
      'SELECT t.n, COUNT(*) FROM (SELECT status, COUNT(*) AS n FROM orders GROUP BY status, day) t GROUP BY t.status',
    ],
    [
      'of a derived table that groups by nothing',
      'SELECT t.n, COUNT(*) FROM (SELECT status, total AS n FROM orders) t GROUP BY t.status',
    ],
    [
      'of a derived table by the key of another',
      'SELECT u.m, COUNT(*) FROM (SELECT status, COUNT(*) AS n FROM orders GROUP BY status) t JOIN (SELECT owner, COUNT(*) AS m FROM orders GROUP BY owner) u ON TRUE GROUP BY t.status',
    ],
    [
      'of a union by one of its columns',
      'SELECT t.n, COUNT(*) FROM (SELECT status, total AS n FROM orders UNION SELECT status, owner FROM orders GROUP BY status, owner) t GROUP BY t.status',
    ],
    [
      'by such an aggregate that stands only in the ORDER BY of a subquery',
      'SELECT id, (SELECT i.qty FROM items i ORDER BY SUM(orders.total) LIMIT 1) FROM orders',
    ],
    ['in a derived table', 'SELECT * FROM (SELECT status, COUNT(*) AS n FROM orders) t'],
    ['in a common table', 'WITH t AS (SELECT status, COUNT(*) AS n FROM orders) SELECT * FROM t'],
    ['in one leg of a UNION', 'SELECT 1, 2 UNION SELECT status, COUNT(*) FROM orders'],
    ['in DISTINCT ordered by what it dropped', 'SELECT DISTINCT status FROM orders ORDER BY total'],
    ['where the expression is not the grouped one', 'SELECT MONTH(day), COUNT(*) FROM orders GROUP BY YEAR(day)'],
    ['by an aggregate of a subquery over the outer rows', 'SELECT (SELECT SUM(orders.total)) FROM orders'],
    [
      'by such an aggregate over rows of its own',
      'SELECT status, (SELECT SUM(orders.total) FROM items i LIMIT 1) FROM orders',
    ],
    [
      'by such an aggregate in a comparison',
      'SELECT status FROM orders WHERE 5 < (SELECT MAX(orders.total) FROM products p)',
    ],
    ['by such an aggregate over a subquery', 'SELECT (SELECT SUM((SELECT orders.total))) FROM orders'],
    [
      'under ROLLUP by the totals of a derived table',
      'SELECT t.n, COUNT(*) FROM (SELECT status, COUNT(*) AS n FROM orders GROUP BY status WITH ROLLUP) t GROUP BY t.status',
    ],
  ])('%s', (_name, sql) => {
    expect(verdict(sql)).toBe('SEAL_GROUPING');
  });

  it('by the FILTER of an aggregate of a subquery over the outer rows', () => {
    const sql = (filter: string) => `SELECT (SELECT COUNT(*) FILTER (WHERE ${filter}) FROM items i) FROM orders`;
    expect(verdict(sql('orders.total > 1'), 'sqlite')).toBe('SEAL_GROUPING');
    expect(verdict(sql('orders.total > i.qty'), 'sqlite')).toBe('answered');
  });

  it('on SQLite too, though MAX picks a row there', () => {
    expect(verdict('SELECT status, MAX(total) FROM orders', 'sqlite')).toBe('SEAL_GROUPING');
  });

  it('under a key that a mask hides', () => {
    const catalog = sealShop();
    const products = 'SELECT price, COUNT(*) FROM products GROUP BY code';
    expect(codeOf(() => checkGrouping(products, catalog, customerView(catalog)))).toBe('answered');
    const masked = customerView(catalog, { products: { masks: { code: "'x'" } } });
    expect(codeOf(() => checkGrouping(products, catalog, masked))).toBe('SEAL_GROUPING');
  });
});

describe('an equality determines a column', () => {
  const KINDS = {
    whole: 'int',
    exact: 'decimal(10,2)',
    word: 'varchar(20)',
    bytes: 'varchar(20) utf8mb4_bin',
    day: 'date',
    moment: 'datetime',
    rough: 'double',
  } as const;
  type Kind = keyof typeof KINDS;

  /** Groups by a column of one kind, joined with the key of another kind, and shows what that key determines. */
  function verdictOf(left: Kind, right: Kind, condition = 'r.k = l.k', join = 'JOIN', group = 'l.k'): string {
    const catalog = makeCatalog('mysql', [
      makeRelation('mysql', 'l', { id: 'int', k: KINDS[left], other: 'int' }),
      makeRelation('mysql', 'r', { k: KINDS[right], v: 'int' }),
    ]);
    const view = makeView(catalog, {});
    const sql = `SELECT r.v, COUNT(*) FROM l ${join} r ON ${condition} GROUP BY ${group}`;
    return codeOf(() => checkGrouping(sql, catalog, view));
  }

  it.each<[Kind, Kind]>([
    ['whole', 'whole'],
    ['whole', 'exact'],
    ['exact', 'whole'],
    ['exact', 'exact'],
    ['word', 'word'],
    ['bytes', 'bytes'],
    ['day', 'day'],
    ['moment', 'moment'],
    ['rough', 'rough'],
  ])('of %s by %s', (left, right) => {
    expect(verdictOf(left, right)).toBe('answered');
    expect(verdictOf(left, right, 'l.k = r.k')).toBe('answered');
    expect(verdictOf(left, right, 'r.k = l.k', 'LEFT JOIN')).toBe('answered');
  });

  it.each<[Kind, Kind]>([
    ['whole', 'word'],
    ['word', 'whole'],
    ['word', 'bytes'],
    ['bytes', 'word'],
    ['day', 'moment'],
    ['day', 'word'],
    ['rough', 'whole'],
    ['exact', 'rough'],
  ])('but not of %s by %s, where one value may equal several', (left, right) => {
    expect(verdictOf(left, right)).toBe('SEAL_GROUPING');
    expect(verdictOf(left, right, 'l.k = r.k')).toBe('SEAL_GROUPING');
    expect(verdictOf(left, right, 'r.k = l.k', 'LEFT JOIN')).toBe('SEAL_GROUPING');
  });

  it('but not by another comparison, nor by an equality with what is computed', () => {
    for (const condition of ['r.k <= l.k', 'r.k <=> l.k', 'r.k <> l.k', 'r.k = l.k + 1', 'r.k = 1', 'r.k IN (l.k)'])
      expect([condition, verdictOf('whole', 'whole', condition)]).toEqual([condition, 'SEAL_GROUPING']);
  });

  it('only where its other side is grouped', () => {
    for (const condition of ['r.k = l.k', 'l.k = r.k'])
      expect(verdictOf('whole', 'whole', condition, 'JOIN', 'l.other')).toBe('SEAL_GROUPING');
    expect(verdictOf('whole', 'whole', 'r.k = l.k', 'JOIN', 'l.other, l.k')).toBe('answered');
    expect(verdictOf('whole', 'whole', 'r.k = l.k', 'LEFT JOIN', 'l.other')).toBe('SEAL_GROUPING');
  });

  it('across an outer join whose empty side is itself a join', () => {
    const catalog = makeCatalog('mysql', [
      makeRelation('mysql', 'l', { id: 'int', k: 'int' }),
      makeRelation('mysql', 'r', { k: 'int', v: 'int' }),
      makeRelation('mysql', 's', { id: 'int', k: 'int' }),
    ]);
    const verdictFor = (sql: string) => codeOf(() => checkGrouping(sql, catalog, makeView(catalog, {})));
    const nested = (join: string) => `SELECT r.v, COUNT(*) FROM ${join} GROUP BY l.k`;
    expect(verdictFor(nested('l LEFT JOIN (r JOIN s ON s.id = r.k) ON r.k = l.k'))).toBe('answered');
    expect(verdictFor(nested('(r JOIN s ON s.id = r.k) RIGHT JOIN l ON r.k = l.k'))).toBe('answered');
    expect(verdictFor(nested('r LEFT JOIN (l JOIN s ON s.id = l.k) ON r.k = l.k'))).toBe('SEAL_GROUPING');
  });

  it('but not under FULL JOIN, where either side may be empty', () => {
    const catalog = makeCatalog('sqlite', [
      makeRelation('sqlite', 'l', { id: 'int', k: 'int' }),
      makeRelation('sqlite', 'r', { k: 'int', v: 'int' }),
    ]);
    const sql = (join: string) => `SELECT r.v, COUNT(*) FROM l ${join} r ON r.k = l.k GROUP BY l.k`;
    const verdictFor = (join: string) => codeOf(() => checkGrouping(sql(join), catalog, makeView(catalog, {})));
    expect([verdictFor('LEFT JOIN'), verdictFor('FULL JOIN')]).toEqual(['answered', 'SEAL_GROUPING']);
  });

  it('but not by a further equality of an outer join that lies on one side of it', () => {
    for (const condition of ['r.k = l.k AND r.k = r.v', 'r.k = l.k AND l.other = l.k'])
      expect([condition, verdictOf('whole', 'whole', condition, 'LEFT JOIN')]).toEqual([condition, 'SEAL_GROUPING']);
    expect(verdictOf('whole', 'whole', 'r.k = l.k AND l.other = l.k')).toBe('answered');
  });
});
