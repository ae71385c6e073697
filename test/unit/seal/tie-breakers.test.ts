import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../../src/domain/dialect.js';
import { makeCatalog, makeRelation, makeView, type RelationRules } from '../../support/hand-made-catalog.js';
import { textAfter } from '../../support/seal-steps.js';

const rows = { rows: 'owner = :owner' };

/** ORDER BY of the sealed text over relations with and without keys; `[…]` stands before for what the enclosure shows. */
function orderOf(sql: string, rules: Readonly<Record<string, RelationRules>> = {}, dialect: Dialect = 'mysql'): string {
  const catalog = makeCatalog(dialect, [
    makeRelation(dialect, 'keyed', { id: 'int', owner: 'int', name: 'varchar(9)', n: 'int' }, { unique: [['name']] }),
    makeRelation(
      dialect,
      'loose',
      { id: 'int null', owner: 'int', name: 'varchar(9)', n: 'int', data: 'json' },
      { primaryKey: [], unique: [['id']] },
    ),
  ]);
  const view = makeView(catalog, { keyed: rows, loose: rows, ...rules });
  const text = textAfter('order', sql, catalog, view).replaceAll(/[`"]/g, '');
  const shown = /\(SELECT (.*?) FROM/.exec(text)?.[1];
  return `[${shown}] ${text.slice(text.lastIndexOf('ORDER BY ') + 9)}`;
}

describe('ties are broken', () => {
  it('by the primary key, which the enclosure shows for it', () => {
    expect(orderOf('SELECT n FROM keyed')).toBe('[b.n AS c1, b.id AS c3] t1.c3');
  });

  it('by the key under the name that it is used by', () => {
    expect(orderOf('SELECT n FROM keyed WHERE id > 1')).toBe('[b.n AS c1, b.id AS c3] t1.c3');
  });

  it('by another unique key where the first is masked', () => {
    expect(orderOf('SELECT n FROM keyed', { keyed: { ...rows, masks: { id: '0' } } })).toBe(
      '[b.n AS c1, b.name AS c3] t1.c3',
    );
  });

  it('by another unique key where the first is hidden', () => {
    expect(orderOf('SELECT n FROM keyed', { keyed: { ...rows, hidden: ['id'] } })).toBe(
      '[b.n AS c1, b.name AS c3] t1.c3',
    );
  });

  it('by all that the statement uses where no key may be seen', () => {
    const blind = { keyed: { ...rows, hidden: ['id'], masks: { name: 'LEFT(name, 1)' } } };
    expect(orderOf('SELECT n FROM keyed WHERE name > 5', blind)).toBe(
      '[b.n AS c1, LEFT(b.name, 1) AS c3] t1.c1, t1.c3, CAST(t1.c3 AS BINARY)',
    );
  });

  it('by all that the statement uses where the only unique column may be NULL', () => {
    expect(orderOf('SELECT n, id FROM loose')).toBe('[b.n AS c1, b.id AS c3] t1.c1, t1.c3');
  });

  it('bytewise for what a collation takes for equal', () => {
    expect(orderOf('SELECT name FROM loose')).toBe('[b.name AS c1] t1.c1, CAST(t1.c1 AS BINARY)');
    expect(orderOf('SELECT name FROM loose', {}, 'sqlite')).toBe('[b.name AS c1] t1.c1, t1.c1 COLLATE BINARY');
    expect(orderOf('SELECT data FROM loose')).toBe('[b.data AS c1] t1.c1, CAST(t1.c1 AS BINARY)');
  });

  it('never by the constant of an enclosure that shows no column', () => {
    const text = orderOf('SELECT k.n FROM keyed k, loose l');
    expect(text).toBe('[b.n AS c1, b.id AS c3] t1.c3');
  });
});
