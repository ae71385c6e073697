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

/** The shop of the attack and benign corpora as a catalog, without a server. */
export function corpusShop(dialect: Dialect): Catalog {
  const server = dialect !== 'sqlite';
  const make = (name: string, columns: Readonly<Record<string, string>>, more = {}) =>
    makeRelation(dialect, name, columns, more);
  return makeCatalog(dialect, [
    make('customers', {
      customer_number: 'integer',
      customer_name: 'varchar(60) null',
      email: 'varchar(80) null',
      ...(server ? { phone: 'varchar(30) null', city: 'varchar(40) null', credit_limit: 'decimal(10,2) null' } : {}),
      country: 'varchar(30) null',
      created_at: 'date null',
    }),
    make('orders', {
      order_number: 'integer',
      customer_number: 'int',
      order_date: 'date null',
      shipped_date: 'date null',
      status: 'varchar(15) null',
      ...(server ? { comments: 'text null' } : {}),
      total: 'decimal(12,2) null',
    }),
    make(
      'order_items',
      {
        order_number: 'int',
        line: 'int',
        customer_number: 'int',
        product_code: 'varchar(15) null',
        qty: 'int null',
        price: 'decimal(10,2) null',
      },
      { primaryKey: ['order_number', 'line'] },
    ),
    make('payments', {
      payment_id: 'integer',
      customer_number: 'int',
      order_number: 'int null',
      amount: 'decimal(12,2) null',
      paid_at: 'datetime null',
      method: 'varchar(12) null',
    }),
    make('products', { product_code: 'varchar(15)', product_name: 'varchar(60) null', attrs: 'json null' }),
    make('employees', { employee_number: 'integer', first_name: 'varchar(30) null', reports_to: 'int null' }),
    make('salaries', { employee_number: 'int', salary: 'decimal(10,2)' }),
  ]);
}

/** What customer 121 of the corpora sees. */
export function corpusView(catalog: Catalog): PrincipalView {
  const rows = { rows: 'customer_number = :customer_number' };
  return makeView(
    catalog,
    { customers: rows, orders: rows, order_items: rows, payments: rows, salaries: { closed: true } },
    { customer_number: 121 },
    { joins: 8, depth: 8 },
  );
}
