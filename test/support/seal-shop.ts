import type { Catalog } from '../../src/catalog/catalog.js';
import type { Dialect } from '../../src/domain/dialect.js';
import type { ParameterValue } from '../../src/domain/sealed-statement.js';
import type { PrincipalView } from '../../src/policy/view.js';
import { makeCatalog, makeRelation, makeView, type RelationRules } from './hand-made-catalog.js';

/** A small shop for tests of the seal's steps: keys of one and of two columns, a view without a key, a relation open to all. */
export function sealShop(dialect: Dialect = 'mysql'): Catalog {
  return makeCatalog(dialect, [
    makeRelation(dialect, 'orders', {
      id: 'int',
      owner: 'int',
      status: 'varchar(20) null',
      total: 'decimal(10,2)',
      day: 'date',
      note: 'text null',
    }),
    makeRelation(
      dialect,
      'items',
      { order_id: 'int', line: 'int', owner: 'int', product: 'varchar(20)', qty: 'int' },
      { primaryKey: ['order_id', 'line'] },
    ),
    makeRelation(
      dialect,
      'totals',
      { owner: 'int', status: 'varchar(20)', total: 'decimal(10,2)' },
      {
        kind: 'view',
        primaryKey: [],
      },
    ),
    makeRelation(dialect, 'products', { code: 'varchar(20)', price: 'decimal(10,2)' }),
    makeRelation(dialect, 'secrets', { id: 'int', owner: 'int', word: 'varchar(20)' }),
  ]);
}

const mine: RelationRules = { rows: 'owner = :owner' };

/** What customer 7 sees: their own orders, items and totals, all products, no secrets. */
export function customerView(
  catalog: Catalog,
  more: Readonly<Record<string, RelationRules>> = {},
  claims: Readonly<Record<string, ParameterValue>> = { owner: 7 },
): PrincipalView {
  return makeView(
    catalog,
    { orders: { ...mine, units: { total: 'KES' } }, items: mine, totals: mine, secrets: { closed: true }, ...more },
    claims,
  );
}

/** What an admin sees: every row of all but the secrets. */
export function adminView(catalog: Catalog): PrincipalView {
  return makeView(catalog, { secrets: { closed: true } });
}
