import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../src/catalog/build-catalog.js';
import { EMPLOYEE_ROLES } from '../../../src/domain/principal.js';
import { describeView, loadPolicy, readPolicyDefaults } from '../../../src/policy/policy.js';
import type { PrincipalView } from '../../../src/policy/view.js';
import { policyOf, refusalOf, shopCatalog, someone } from './policy-fixtures.js';

const SHOP = `
orders:
  description: One row per order.
  synonyms: [purchases]
  open_to: [customer, "employee:member", admin]
  rows: { customer: "customer_number = :customer_number" }
  columns:
    total: { unit: KES, description: Including tax. }
    id: {}
    status: { share_values: true }
    internal_note: { hidden_from: [customer, "employee:accountant"] }
products:
  open_to: [customer, employee]
  rows: { customer: all }
  columns: { id: {}, name: { share_values: true, mask: { last: 4 }, for: [customer] }, price: { unit: KES } }
salaries:
  open_to: ["employee:manager"]
  columns: { amount: {} }
password_resets: { secret: true }
`;
const REST = `
metrics:
  sales: { relation: orders, expression: SUM(total), unit: KES }
  names: { relation: products, expression: COUNT(DISTINCT name) }
verified:
  - { question: "How many orders in {year}?", slots: { year: integer }, sql: "SELECT COUNT(*) FROM orders WHERE id = :year", open_to: [customer, "employee:manager"] }
  - { question: Which products?, sql: { mysql: SELECT name FROM products, sqlite: SELECT price FROM products }, open_to: [employee] }
limits:
  default: { rows: 500, joins: 3 }
  customer: { rows: 50, timeout_ms: 100 }
  "employee:manager": { rows: 700 }
functions: { deny: [concat] }
`;
const policy = policyOf(SHOP, { rest: REST, limits: { rows: 600, timeoutMs: 4000 } });
const names = (view: PrincipalView) => [...view.relations.keys()].sort();
const columns = (view: PrincipalView, relation: string) => [...(view.relations.get(relation)?.columns.keys() ?? [])];

describe('a policy', () => {
  it('opens nothing that it does not list, to anybody', () => {
    expect(names(policy.viewFor(someone('admin')))).toEqual(['orders']);
    expect(names(policy.viewFor(someone('customer')))).toEqual(['orders', 'products']);
    for (const role of EMPLOYEE_ROLES)
      expect(names(policy.viewFor(someone('employee', { role })))).not.toContain('customers');
  });

  it('opens a relation to a role and every higher one', () => {
    const open = EMPLOYEE_ROLES.map((role) => names(policy.viewFor(someone('employee', { role }))));
    expect(open).toEqual([
      ['products'],
      ['orders', 'products'],
      ['orders', 'products'],
      ['orders', 'products', 'salaries'],
      ['orders', 'products', 'salaries'],
    ]);
  });

  it('hides a column from a role and every lower one', () => {
    const sees = (role: (typeof EMPLOYEE_ROLES)[number]) =>
      columns(policy.viewFor(someone('employee', { role })), 'orders').includes('internal_note');
    expect(EMPLOYEE_ROLES.slice(1).map(sees)).toEqual([false, false, true, true]);
    expect(columns(policy.viewFor(someone('customer')), 'orders')).toEqual(['id', 'total', 'status']);
    expect(columns(policy.viewFor(someone('admin')), 'orders')).toContain('internal_note');
  });

  it('shows employees only what is in their list, names compared as names are, and nothing without a list', () => {
    const of = (allowTables: readonly string[] | null) =>
      names(policy.viewFor(someone('employee', { role: 'manager', allowTables })));
    expect(of(['ORDERS', 'Sálaries', 'password_resets', 'customers'])).toEqual(['orders', 'salaries']);
    expect(of([])).toEqual([]);
    expect(of(null)).toEqual([]);
  });

  it('gives an employee without a role nothing that a role opens', () => {
    expect(names(policy.viewFor({ ...someone('employee'), role: null }))).toEqual(['products']);
  });

  it('filters customers and names the rule', () => {
    const orders = policy.viewFor(someone('customer')).relations.get('orders');
    expect(orders?.filterSql).toBe('`b`.`customer_number` = ?');
    expect(orders?.policies).toEqual(['orders.rows.customer']);
    expect(policy.viewFor(someone('customer')).relations.get('products')).toMatchObject({
      filter: null,
      filterSql: null,
      policies: [],
    });
    expect(policy.viewFor(someone('admin')).relations.get('orders')?.filter).toBeNull();
  });

  it('masks for whom it says, and then shares no values', () => {
    const name = (kind: 'customer' | 'employee') =>
      policy.viewFor(someone(kind)).relations.get('products')?.columns.get('name');
    expect(name('customer')?.mask).not.toBeNull();
    expect(name('customer')?.shareValues).toBe(false);
    expect(name('employee')).toMatchObject({ mask: null, shareValues: true });
  });

  it('narrows the limits of the settings and never widens them', () => {
    expect(policy.viewFor(someone('customer')).limits).toEqual({
      rows: 50,
      timeoutMs: 100,
      bytes: 8388608,
      joins: 3,
      depth: 8,
    });
    expect(policy.viewFor(someone('admin')).limits).toMatchObject({ rows: 500, timeoutMs: 4000 });
    expect(policy.viewFor(someone('employee', { role: 'admin-delegate' })).limits.rows).toBe(600);
  });

  it('closes denied functions, and opens none that the dialect does not', () => {
    const view = policy.viewFor(someone('admin'));
    for (const name of ['CONCAT', 'concat', 'Concat']) expect(view.isFunctionOpen(name, true)).toBe(false);
    expect(view.isFunctionOpen('UPPER', true)).toBe(true);
    expect(view.isFunctionOpen('SLEEP', false)).toBe(false);
  });

  it('has one digest for all customers, another for every other view', () => {
    const of = (number: number) => policy.viewFor(someone('customer', { claims: { customer_number: number } })).digest;
    expect(of(1)).toBe(of(2));
    const digests = [
      of(1),
      ...(['viewer', 'member', 'manager'] as const).map((role) => policy.viewFor(someone('employee', { role })).digest),
      policy.viewFor(someone('admin')).digest,
    ];
    expect(new Set(digests).size).toBe(digests.length);
    expect(policy.viewFor(someone('employee', { allowTables: ['products'] })).digest).toBe(
      policy.viewFor(someone('employee')).digest,
    );
    expect(policyOf(SHOP.replace('last: 4', 'last: 3')).viewFor(someone('customer')).digest).not.toBe(
      policyOf(SHOP).viewFor(someone('customer')).digest,
    );
  });

  it('has another digest where functions, limits, units or the form of a claim differ: a plan of the one serves not the other', () => {
    const orders = shopCatalog().relations.get('orders')!;
    const unsigned = buildCatalog('mysql', '1', 'shop', [
      ...[...shopCatalog().relations.values()].filter((relation) => relation !== orders && relation.name !== 'orders'),
      {
        ...orders,
        columns: orders.columns.map((each) => (each.name === 'customer_number' ? { ...each, unsigned: true } : each)),
      },
    ]);
    const views = [
      policyOf(SHOP),
      policyOf(SHOP, { rest: 'functions: { deny: [concat] }' }),
      policyOf(SHOP, { rest: 'limits: { customer: { rows: 7 } }' }),
      policyOf(SHOP.replace('unit: KES, description', 'unit: USD, description')),
      policyOf(SHOP, { catalog: unsigned }),
    ].map((each) => each.viewFor(someone('customer')));
    expect(views[4]?.relations.get('orders')?.filterSql).toBe(views[0]?.relations.get('orders')?.filterSql);
    expect(new Set(views.map((view) => view.digest)).size).toBe(views.length);
  });

  it('sees the tenant of the session before one among the claims', () => {
    const text = 'orders:\n  open_to: [customer]\n  rows: { customer: "tenant_id = :tenant" }\n  columns: { id: {} }';
    const claimOf = (more: Parameters<typeof someone>[1]) =>
      policyOf(text).viewFor(someone('customer', more)).claim('tenant:integer');
    expect(claimOf({ tenant: '7' })).toBe(7);
    expect(claimOf({ claims: { tenant: 8 } })).toBe(8);
    expect(claimOf({ tenant: '7', claims: { tenant: 8 } })).toBe(7);
  });

  it('offers verified questions to whom they are open and who may see what they read', () => {
    const questions = (principal: ReturnType<typeof someone>) =>
      policy.verifiedFor(principal).map((each) => each.question);
    expect(questions(someone('customer'))).toEqual(['How many orders in {year}?']);
    expect(questions(someone('employee'))).toEqual(['Which products?']);
    expect(questions(someone('employee', { allowTables: ['orders'] }))).toEqual([]);
    expect(questions(someone('employee', { role: 'manager' }))).toHaveLength(2);
    expect(questions(someone('admin'))).toEqual([]);
  });

  it('takes the text of a verified question that is for the source’s dialect, and MySQL’s for MariaDB', () => {
    const text = (dialect: 'mysql' | 'mariadb' | 'sqlite') =>
      policyOf(SHOP, {
        catalog: shopCatalog(dialect),
        fileDialect: 'mysql',
        rest: 'verified: [{ question: Which?, open_to: [employee], sql: { mysql: SELECT name FROM products, sqlite: SELECT price FROM products } }]',
      }).verified[0]?.sql;
    expect([text('mysql'), text('mariadb'), text('sqlite')]).toEqual([
      'SELECT name FROM products',
      'SELECT name FROM products',
      'SELECT price FROM products',
    ]);
  });

  it('refuses a slot with the name of a claim', () => {
    const rest =
      'verified: [{ question: "Orders of {customer_number}?", slots: { customer_number: integer }, open_to: [admin], sql: "SELECT id FROM orders WHERE id = :customer_number" }]';
    expect(refusalOf(() => policyOf(SHOP, { rest })).detail).toContain(
      'the slot customer_number has the name of a claim',
    );
  });

  it('shows a metric to those who see its columns unmasked', () => {
    const shown = (principal: ReturnType<typeof someone>) =>
      policy.metricsFor(policy.viewFor(principal)).map((metric) => metric.name);
    expect(shown(someone('customer'))).toEqual(['sales']);
    expect(shown(someone('employee', { role: 'member' }))).toEqual(['sales', 'names']);
    expect(shown(someone('employee'))).toEqual(['names']);
  });

  it('shows a metric or question to nobody from whom a part of it is hidden', () => {
    const parts = policyOf(SHOP, {
      rest: `metrics:
  both: { relation: products, expression: COUNT(DISTINCT id) + COUNT(DISTINCT name) }
verified:
  - { question: Which two?, sql: "SELECT o.id FROM orders o JOIN products p ON p.id = o.id", open_to: ["employee:manager"] }`,
    });
    const metrics = (principal: ReturnType<typeof someone>) => parts.metricsFor(parts.viewFor(principal)).length;
    expect([metrics(someone('customer')), metrics(someone('employee'))]).toEqual([0, 1]);
    const questions = (allowTables: string[]) =>
      parts.verifiedFor(someone('employee', { role: 'manager', allowTables })).length;
    expect([questions(['orders']), questions(['products']), questions(['orders', 'products'])]).toEqual([0, 0, 1]);
  });

  it('prints a metric for its source, bare and qualified, and knows what it computes', () => {
    const metrics = (dialect: 'mysql' | 'sqlite') =>
      policyOf(SHOP, {
        catalog: shopCatalog(dialect),
        fileDialect: 'mysql',
        rest: `metrics:
  sales: { relation: Orders, expression: "SUM(CASE WHEN Status = 'it''s' THEN total END)" }
  middle: { relation: orders, expression: "ROUND(COALESCE(AVG(total), 0), 2)" }
  ratio: { relation: orders, expression: SUM(total) - COUNT(*) }`,
      }).metrics;
    expect(metrics('mysql').map(({ sql, qualifiedSql, aggregate }) => [sql, qualifiedSql, aggregate])).toEqual([
      [
        "SUM(CASE WHEN `status` = 'it''s' THEN `total` END)",
        "SUM(CASE WHEN `orders`.`status` = 'it''s' THEN `orders`.`total` END)",
        'SUM',
      ],
      ['ROUND(COALESCE(AVG(`total`), 0), 2)', 'ROUND(COALESCE(AVG(`orders`.`total`), 0), 2)', 'AVG'],
      ['SUM(`total`) - COUNT(*)', 'SUM(`orders`.`total`) - COUNT(*)', null],
    ]);
    expect(metrics('sqlite')[0]?.qualifiedSql).toBe(
      `SUM(CASE WHEN "orders"."status" = 'it''s' THEN "orders"."total" END)`,
    );
  });

  it('tells the defaults of a file before anything of it is checked', () => {
    const dir = mkdtempSync(join(tmpdir(), 'swali-policy-'));
    const defaultsOf = (text: string) => {
      writeFileSync(join(dir, 'shop.yaml'), text);
      return readPolicyDefaults({ dir, source: 'shop' });
    };
    try {
      expect(readPolicyDefaults({ dir, source: 'absent' })).toEqual({ currency: null, timeZone: null });
      expect(readPolicyDefaults({ dir, source: '../shop' })).toEqual({ currency: null, timeZone: null });
      expect(defaultsOf('defaults: { currency: KES, time_zone: Africa/Nairobi }\nrelations: 7')).toEqual({
        currency: 'KES',
        timeZone: 'Africa/Nairobi',
      });
      for (const faulty of ['defaults: { time_zone: Mars/Olympus }', 'defaults: [', 'version: 1', ''])
        expect([faulty, defaultsOf(faulty)]).toEqual([faulty, { currency: null, timeZone: null }]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('gives each column that is masked by a digest a key of its own, made of the secret of the settings', () => {
    const rules =
      'orders:\n  open_to: [admin]\n  columns: { code: { mask: hash, for: [admin] }, nick: { mask: hash, for: [admin] } }';
    const secret = 's'.repeat(32);
    const { claim } = policyOf(rules, { hashKey: secret }).viewFor(someone('admin'));
    const key = (column: string) => createHmac('sha256', secret).update(column).digest('hex');
    expect(claim('mask-key:orders.code')).toBe(key('orders.code'));
    expect(claim('mask-key:orders.nick')).toBe(key('orders.nick'));
    expect(refusalOf(() => claim('orders.code')).code).toBe('SEAL_CLAIM_MISSING');
    expect(refusalOf(() => policyOf(rules)).detail).toContain('hash');
    expect(refusalOf(() => policyOf(rules, { hashKey: 's'.repeat(31) })).detail).toContain('hash');
    const without = policyOf(SHOP).viewFor(someone('admin'));
    expect(refusalOf(() => without.claim('mask-key:orders.code')).code).toBe('SEAL_CLAIM_MISSING');
  });

  it('describes what is visible in the order of names, whatever the order of the file', () => {
    const text =
      'products:\n  open_to: [admin]\n  columns: { id: {} }\ncustomers:\n  open_to: [admin]\n  columns: { id: {} }';
    const described = describeView(policyOf(text).viewFor(someone('admin')));
    expect(described.relations.map((relation) => relation.name)).toEqual(['customers', 'products']);
  });

  it('describes what is visible, by name', () => {
    const { relations } = describeView(policy.viewFor(someone('customer')));
    expect(relations.map((relation) => relation.name)).toEqual(['orders', 'products']);
    expect(relations[1]?.columns).toContainEqual({ name: 'name', type: 'text', description: null, masked: true });
    expect(relations[0]?.columns).toContainEqual({
      name: 'total',
      type: 'decimal',
      description: 'Including tax.',
      masked: false,
    });
  });

  it('warns of open stars and of rules without an index, and refuses the latter where it is strict', () => {
    const stars =
      'customers:\n  open_to: [customer]\n  rows: { customer: "joined_on = \'2026-01-01\'" }\n  columns: "*"';
    expect(policyOf(stars).warnings).toEqual([
      expect.stringMatching(/^shop\.yaml: line 8: every column of customers is open/u),
      expect.stringMatching(/^shop\.yaml: line 7: no index of customers begins with/u),
    ]);
    expect(refusalOf(() => policyOf(stars, { strict: true })).detail).toMatch(/^shop\.yaml:7: no index/u);
    expect(policy.warnings).toEqual([]);
  });

  it('refuses to open a virtual column of a filtered relation, also by a star', () => {
    for (const opened of ['{ id: {}, doubled: {} }', '"*"']) {
      const text = `orders:\n  open_to: [customer]\n  rows: { customer: "customer_number = :customer_number" }\n  columns: ${opened}`;
      expect(refusalOf(() => policyOf(text)).detail).toContain('shop.yaml:8: doubled is computed when read');
    }
  });
});

describe('the tenancy option', () => {
  const text =
    'orders:\n  open_to: [customer, admin]\n  rows: { customer: "customer_number = :customer_number" }\n  columns: { id: {} }\nproducts:\n  open_to: [admin]\n  columns: { id: {} }';
  const shared = `${text}\n  tenant: shared`;
  const rest = 'tenant: { column: tenant_id }';

  it('joins the tenant to every rule, also an admin’s', () => {
    const tenants = policyOf(shared, { rest, tenancy: true });
    const admin = tenants.viewFor(someone('admin', { tenant: '18446744073709551615' }));
    expect(admin.relations.get('orders')?.filterSql).toBe('`b`.`tenant_id` = CAST(? AS UNSIGNED)');
    expect(admin.relations.get('orders')?.policies).toEqual(['orders.rows.tenant']);
    expect(admin.claim('tenant:integer')).toBe(18446744073709551615n);
    expect(admin.relations.get('products')?.filter).toBeNull();
    expect(tenants.viewFor(someone('customer')).relations.get('orders')?.policies).toEqual([
      'orders.rows.customer',
      'orders.rows.tenant',
    ]);
    expect(refusalOf(() => tenants.viewFor(someone('admin')).claim('tenant:integer')).code).toBe('SEAL_CLAIM_MISSING');
  });

  it('refuses a relation that does not say whose its rows are', () => {
    expect(refusalOf(() => policyOf(text, { rest, tenancy: true })).detail).toBe(
      'shop.yaml:9: products has no tenant column; say which, or tenant: shared',
    );
  });

  it('ignores tenants where it is off', () => {
    expect(policyOf(text, { rest }).viewFor(someone('admin')).relations.get('orders')?.filter).toBeNull();
  });
});

describe('loading a policy', () => {
  it('reads DIR/SOURCE.yaml, and its version is the digest of the bytes', () => {
    const dir = mkdtempSync(join(tmpdir(), 'swali-policy-'));
    try {
      writeFileSync(
        join(dir, 'shop.yaml'),
        'version: 1\nsource: shop\ndialect: mysql\nrelations: { products: { open_to: [admin], columns: { id: {} } } }\n',
      );
      const loaded = loadPolicy({ dir, source: 'shop', catalog: shopCatalog() });
      expect(loaded.version).toBe('sha256:b047b72dc5f45723bc30d5eb302aa0673000681afe283ceba9dd317c5340ea4f');
      writeFileSync(join(dir, 'bad.yaml'), Buffer.from([0xff, 0xfe, 0x00]));
      expect(refusalOf(() => loadPolicy({ dir, source: 'bad', catalog: shopCatalog() })).detail).toContain(
        'is not UTF-8',
      );
      expect(refusalOf(() => loadPolicy({ dir, source: 'none', catalog: shopCatalog() })).detail).toContain(
        'cannot be read',
      );
      for (const source of ['../shop', '..', 'a/b', ''])
        expect(refusalOf(() => loadPolicy({ dir, source, catalog: shopCatalog() })).detail).toContain(
          'the name of the source',
        );
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
