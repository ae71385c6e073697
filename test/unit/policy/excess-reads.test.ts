import { describe, expect, it } from 'vitest';
import { describeExcessReads } from '../../../src/policy/excess-reads.js';
import { readPolicy } from '../../../src/policy/policy.js';
import type { ReadRight } from '../../../src/source/grant-line.js';
import { shopCatalog } from './policy-fixtures.js';

const policy = readPolicy(
  `version: 1
source: shop
dialect: mysql
relations:
  orders:
    open_to: [customer, admin]
    rows: { customer: customer_number = :customer_number }
    columns: { id: {}, total: {}, internal_note: { hidden_from: [customer] } }
  products: { open_to: [admin], columns: "*" }
  salaries: { open_to: ["employee:manager"], columns: { id: {}, amount: { hidden_from: [employee] } } }
`,
  'shop.yaml',
  { source: 'shop', catalog: shopCatalog() },
);

const right = (relation: string | null, columns: readonly string[] | null = null, database = 'shop'): ReadRight => ({
  database,
  relation,
  columns,
});

/** What is said of the rights of the customers' account. */
const judge = (...reads: readonly ReadRight[]) =>
  describeExcessReads([{ kinds: ['customer'], readsCatalog: false, reads }], policy, shopCatalog());

describe('rights that are more than the policy needs', () => {
  it('are none where the account has the least, in any spelling of columns and any number of grants', () => {
    expect(judge(right('orders', ['ID', 'total']), right('orders', ['customer_number']))).toEqual([]);
    expect(judge()).toEqual([]);
  });

  it('are every right on a whole database', () => {
    expect(judge(right(null))).toEqual([
      'account for customer: SELECT on shop: every table there, those added later too',
    ]);
    expect(judge(right(null, null, '*'))).toEqual([
      'account for customer: SELECT on every database: every table there, those added later too',
    ]);
  });

  it('are a right on a whole table, with the columns that are not needed now', () => {
    expect(judge(right('orders'))).toEqual([
      'account for customer: SELECT on every column of orders, those added later too, of which tenant_id, code, nick, status, is_public, ordered_at, shipped_on, internal_note, doubled are not needed',
    ]);
    const admin = describeExcessReads(
      [{ kinds: ['admin'], readsCatalog: false, reads: [right('products')] }],
      policy,
      shopCatalog(),
    );
    expect(admin).toEqual(['account for admin: SELECT on every column of products, those added later too']);
  });

  it('are a table that nobody served by the account may see, there or in another database', () => {
    expect(judge(right('products', ['id']), right('password_resets'), right('orders', ['id'], 'other'))).toEqual([
      'account for customer: SELECT on other.orders, of which nothing is needed',
      'account for customer: SELECT on password_resets, of which nothing is needed',
      'account for customer: SELECT on products, of which nothing is needed',
    ]);
  });

  it('are single columns, those that the catalog does not show among them', () => {
    expect(judge(right('orders', ['id', 'internal_note', 'unseen']))).toEqual([
      'account for customer: SELECT on internal_note, unseen of orders',
    ]);
  });

  it('are named up to a number', () => {
    const many = Array.from({ length: 13 }, (_, index) => `c${index}`);
    expect(judge(right('orders', many))).toEqual([
      'account for customer: SELECT on c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and 3 more of orders',
    ]);
  });

  it('follow what the account is for', () => {
    const reads = [right('orders', ['internal_note']), right('salaries', ['id', 'amount'])];
    const of = (kinds: readonly ('customer' | 'employee' | 'admin')[], readsCatalog: boolean) =>
      describeExcessReads([{ kinds, readsCatalog, reads }], policy, shopCatalog());
    expect(of(['customer', 'admin'], false)).toEqual([
      'account for customer, admin: SELECT on salaries, of which nothing is needed',
    ]);
    expect(of(['employee'], false)).toEqual([
      'account for employee: SELECT on amount of salaries',
      'account for employee: SELECT on orders, of which nothing is needed',
    ]);
    expect(of([], true)).toEqual([]);
    expect(
      describeExcessReads([{ kinds: [], readsCatalog: true, reads: [right(null)] }], policy, shopCatalog())[0],
    ).toContain('account for the catalog: ');
  });
});
