import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import type { PrincipalView } from '../../../src/policy/view.js';
import { makeCatalog, makeRelation, makeView } from '../../support/hand-made-catalog.js';
import { customerView, sealShop } from '../../support/seal-shop.js';
import { bindText, codeOf, textAfter } from '../../support/seal-steps.js';

const verdict = (sql: string, dialect: Dialect = 'mysql', view?: PrincipalView, slots?: ReadonlySet<string>) => {
  const catalog = sealShop(dialect);
  return codeOf(() => bindText(sql, catalog, view ?? customerView(catalog), slots));
};
const refusal = (sql: string, more = {}) => {
  const catalog = sealShop();
  try {
    bindText(sql, catalog, customerView(catalog, more));
  } catch (error) {
    if (error instanceof SwaliError) return { code: error.code, detail: error.detail, message: error.message };
  }
  throw new Error(`answered: ${sql}`);
};

describe('what is hidden and what does not exist give the same answer', () => {
  it('for a relation', () => {
    const closed = refusal('SELECT word FROM secrets');
    expect(closed.code).toBe('SEAL_RELATION_UNKNOWN');
    expect(closed).toEqual(refusal('SELECT word FROM zzzzzzz'));
    expect(refusal('SELECT 1 FROM orders JOIN secrets USING (id)')).toEqual(
      refusal('SELECT 1 FROM orders JOIN nothere USING (id)'),
    );
  });

  it('for a column', () => {
    const hidden = { orders: { rows: 'owner = :owner', hidden: ['note'] } };
    const closed = refusal('SELECT note FROM orders', hidden);
    expect(closed.code).toBe('SEAL_COLUMN_UNKNOWN');
    expect(closed).toEqual(refusal('SELECT zzzz FROM orders', hidden));
    expect(refusal('SELECT o.note FROM orders o', hidden)).toEqual(refusal('SELECT o.zzzz FROM orders o', hidden));
    expect(refusal('SELECT 1 FROM orders ORDER BY note', hidden)).toEqual(
      refusal('SELECT 1 FROM orders ORDER BY zzzz', hidden),
    );
    expect(refusal('SELECT 1 FROM orders o JOIN orders p USING (note)', hidden)).toEqual(
      refusal('SELECT 1 FROM orders o JOIN orders p USING (zzzz)', hidden),
    );
  });

  it('for the columns of * and NATURAL JOIN', () => {
    const catalog = sealShop();
    const view = customerView(catalog, {
      orders: { hidden: ['note', 'total', 'day', 'status'] },
      items: { hidden: ['owner'] },
    });
    const text = textAfter('enclose', 'SELECT * FROM orders', catalog, view);
    expect(text).toBe(
      'SELECT `t1`.`c1` AS `c2`, `t1`.`c3` AS `c4` FROM (SELECT `b`.`id` AS `c1`, `b`.`owner` AS `c3` FROM `orders` AS `b`) AS `t1`',
    );
    // Owner is the only shared name, and items hides it: nothing is joined on.
    expect(textAfter('resolve', 'SELECT 1 FROM orders NATURAL JOIN items', catalog, view)).not.toContain(' ON ');
  });

  it('for a name that only a hidden relation would make ambiguous', () => {
    expect(verdict('SELECT status FROM orders JOIN products ON price = total')).toBe('answered');
    const catalog = sealShop();
    const view = customerView(catalog, { totals: { hidden: ['status'] } });
    expect(codeOf(() => bindText('SELECT status FROM orders, totals', catalog, view))).toBe('answered');
    expect(codeOf(() => bindText('SELECT status FROM orders, totals', catalog, customerView(catalog)))).toBe(
      'SEAL_COLUMN_AMBIGUOUS',
    );
  });
});

describe('binding', () => {
  it('accepts the source’s own database as a qualifier, and no other', () => {
    expect(verdict('SELECT shop.orders.id FROM shop.orders')).toBe('answered');
    expect(verdict('SELECT id FROM mysql.orders')).toBe('SEAL_RELATION_UNKNOWN');
    expect(verdict('SELECT other.orders.id FROM shop.orders')).toBe('SEAL_COLUMN_UNKNOWN');
    expect(verdict('SELECT id FROM main.orders', 'sqlite')).toBe('answered');
    expect(verdict('SELECT id FROM temp.orders', 'sqlite')).toBe('SEAL_RELATION_UNKNOWN');
  });

  it('never gives a table the name of one of the source’s', () => {
    const catalog = makeCatalog('mysql', [
      makeRelation('mysql', 't1', { id: 'int' }),
      makeRelation('mysql', 'T2', { id: 'int' }),
    ]);
    const text = textAfter(
      'resolve',
      'WITH x AS (SELECT id FROM t1) SELECT id FROM x',
      catalog,
      makeView(catalog, { T2: { closed: true } }),
    );
    expect(text).toBe(
      'WITH `t3` (`c2`) AS (SELECT `t4`.`c1` AS `c2` FROM `t1` AS `t4`) SELECT `t5`.`c2` AS `c3` FROM `t3` AS `t5`',
    );
  });

  it('reads SQLite’s row id as the integer primary key, where that is one and may be seen', () => {
    const catalog = makeCatalog('sqlite', [
      makeRelation('sqlite', 'keyed', { id: 'integer', x: 'int' }),
      makeRelation('sqlite', 'texted', { code: 'text', x: 'int' }),
      makeRelation('sqlite', 'paired', { a: 'integer', b: 'integer' }, { primaryKey: ['a', 'b'] }),
      makeRelation('sqlite', 'own', { id: 'integer', oid: 'int' }),
    ]);
    const open = makeView(catalog, {});
    const text = (sql: string, view = open) => textAfter('resolve', sql, catalog, view);
    expect(text('SELECT rowid, x FROM keyed')).toBe('SELECT "t1"."c1" AS "c2", "t1"."c3" AS "c4" FROM "keyed" AS "t1"');
    expect(text('SELECT id, oid, _rowid_, rowid FROM own')).toBe(
      'SELECT "t1"."c1" AS "c2", "t1"."c3" AS "c4", "t1"."c1" AS "c5", "t1"."c1" AS "c6" FROM "own" AS "t1"',
    );
    expect(codeOf(() => text('SELECT rowid FROM texted'))).toBe('SEAL_COLUMN_UNKNOWN');
    expect(codeOf(() => text('SELECT rowid FROM paired'))).toBe('SEAL_COLUMN_UNKNOWN');
    expect(codeOf(() => text('SELECT rowid FROM keyed', makeView(catalog, { keyed: { hidden: ['id'] } })))).toBe(
      'SEAL_COLUMN_UNKNOWN',
    );
    expect(codeOf(() => text('SELECT rowid FROM (SELECT id FROM keyed) t'))).toBe('SEAL_COLUMN_UNKNOWN');
  });

  it('opens a function only where the dialect lists it and the policy leaves it open', () => {
    const catalog = sealShop();
    const view = customerView(catalog);
    const strict = { ...view, isFunctionOpen: (name: string, listed: boolean) => listed && name !== 'UPPER' };
    expect(verdict('SELECT UPPER(status) FROM orders', 'mysql', view)).toBe('answered');
    expect(verdict('SELECT UPPER(status) FROM orders', 'mysql', strict)).toBe('SEAL_FUNCTION_UNKNOWN');
    const wide = { ...view, isFunctionOpen: () => true };
    expect(verdict('SELECT SLEEP(1)', 'mysql', wide)).toBe('SEAL_FUNCTION_UNKNOWN');
  });

  it('knows a named parameter only as a slot', () => {
    expect(verdict('SELECT id FROM orders WHERE status = :status', 'mysql', undefined, new Set(['status']))).toBe(
      'answered',
    );
    expect(verdict('SELECT id FROM orders WHERE status = :owner', 'mysql', undefined, new Set(['status']))).toBe(
      'SEAL_UNSUPPORTED',
    );
  });

  it('bounds joins and depth', () => {
    const catalog = sealShop();
    const view = customerView(catalog);
    const narrow = { ...view, limits: { ...view.limits, joins: 2, depth: 2 } };
    const from = (count: number) => Array.from({ length: count }, (_, index) => `orders o${index}`).join();
    expect(verdict(`SELECT 1 FROM ${from(3)}`, 'mysql', narrow)).toBe('answered');
    expect(verdict(`SELECT 1 FROM ${from(4)}`, 'mysql', narrow)).toBe('SEAL_TOO_DEEP');
    expect(verdict('SELECT (SELECT 1)', 'mysql', narrow)).toBe('answered');
    expect(verdict('SELECT (SELECT (SELECT 1))', 'mysql', narrow)).toBe('SEAL_TOO_DEEP');
    expect(verdict('SELECT 1 FROM orders o JOIN orders p ON o.id = (SELECT (SELECT 1))', 'mysql', narrow)).toBe(
      'SEAL_TOO_DEEP',
    );
    expect(
      verdict(
        'SELECT 1 FROM orders WHERE id IN (SELECT 1 UNION SELECT 2 FROM orders o, orders x, orders y)',
        'mysql',
        narrow,
      ),
    ).toBe('SEAL_TOO_DEEP');
  });
});
