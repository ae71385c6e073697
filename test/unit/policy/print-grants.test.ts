import { describe, expect, it } from 'vitest';
import { buildCatalog } from '../../../src/catalog/build-catalog.js';
import type { Catalog } from '../../../src/catalog/catalog.js';
import { findLeastReads } from '../../../src/policy/least-reads.js';
import { readPolicy } from '../../../src/policy/policy.js';
import { printAccount, printGrants } from '../../../src/policy/print-grants.js';
import { shopCatalog } from './policy-fixtures.js';

const HEAD = 'version: 1\nsource: shop\ndialect: mysql\nrelations:\n';
const KEY = 'k'.repeat(32);

const read = (relations: string, catalog: Catalog = shopCatalog()) =>
  readPolicy(HEAD + relations, 'shop.yaml', { source: 'shop', catalog, hashKey: KEY });

/** `relation: columns` for one use of an account. */
const least = (relations: string, use: Parameters<typeof findLeastReads>[2][number]) =>
  Object.fromEntries(
    findLeastReads(read(relations), shopCatalog(), [use]).map(({ relation, columns }) => [
      relation.name,
      columns.join(' '),
    ]),
  );

const SHOP = `
  customers:
    open_to: [customer, employee, admin]
    rows: { customer: "code = :code" }
    columns:
      id: {}
      email: { mask: email, for: [employee] }
      phone: { hidden_from: [customer, "employee:accountant"] }
      profile: { mask: "null", for: [customer, employee] }
      joined_on: { hidden_from: [customer, employee, admin] }
  orders:
    open_to: [customer, "employee:manager"]
    rows:
      customer: customer_number = :customer_number
      employee: status = 'shipped'
      employee:manager: all
    columns: { id: {}, total: {} }
  order_items:
    open_to: [customer]
    rows:
      customer: >-
        EXISTS (SELECT 1 FROM orders o WHERE o.id = order_items.order_id AND o.is_public
        AND o.customer_number IN (SELECT c.customer_number FROM customers c WHERE c.code = :code))
    columns: { quantity: {} }
  salaries: { open_to: [admin], columns: { amount: { mask: hash } } }
  password_resets: { secret: true }
`;

describe('the least that an account must read', () => {
  it('is what customers see, and what their rules name, in subqueries too', () => {
    expect(least(SHOP, 'customer')).toEqual({
      customers: 'id customer_number code email',
      orders: 'id customer_number total is_public',
      order_items: 'order_id quantity',
    });
  });

  it('is what any role of employees sees, and what masks compute from', () => {
    expect(least(SHOP, 'employee')).toEqual({ customers: 'id email phone', orders: 'id total' });
  });

  it('is for admins nothing that only others see', () => {
    expect(least(SHOP, 'admin')).toEqual({ customers: 'id email phone profile', salaries: 'amount' });
  });

  it('is for the catalog all that the policy lists and its rules name, used or not', () => {
    expect(least(SHOP, 'catalog')).toEqual({
      customers: 'id customer_number code email phone joined_on profile',
      orders: 'id customer_number total status is_public',
      order_items: 'order_id quantity',
      salaries: 'amount',
    });
  });

  it('is one open column where only rows can be counted, and a key of a table that a rule only asks for', () => {
    const counted = `
  customers: { open_to: [employee], columns: { profile: { mask: "null" } } }
  products: { open_to: [employee], columns: { price: { mask: "null" }, id: { mask: "null" } } }
  orders:
    open_to: [employee]
    rows: { employee: "id = 1 AND EXISTS (SELECT 1 FROM salaries WHERE 1 = 1)" }
    columns: { total: {} }
`;
    expect(least(counted, 'employee')).toEqual({
      customers: 'profile',
      orders: 'id total',
      products: 'id',
      salaries: 'id',
    });
  });
});

describe('printing grants', () => {
  it('prints a header of comments and one statement a line', () => {
    const policy = read('  products: { open_to: [admin], columns: { id: {}, name: {} } }');
    expect(printGrants(policy, shopCatalog(), 'admin', 'app@10.0.%', new Set())).toEqual([
      `-- The least rights for the statements of admins, under the policy of shop (${policy.version}).`,
      '-- The account must be there already; what else it holds is more than the policy needs.',
      "GRANT SELECT (`id`, `name`) ON `shop`.`products` TO 'app'@'10.0.%';",
    ]);
  });

  it('says that nothing is needed where nothing is open', () => {
    const lines = printGrants(
      read('  products: { open_to: [admin], columns: { id: {} } }'),
      shopCatalog(),
      'customer',
      'a',
      new Set(),
    );
    expect(lines).toHaveLength(3);
    expect(lines.every((line) => line.startsWith('-- '))).toBe(true);
    expect(lines[2]).toContain('opens nothing');
  });

  it('tells of a view that reads with the rights of whoever asks, if it is granted', () => {
    const policy = read('  order_totals: { open_to: [admin], columns: { total: {} } }');
    const lines = printGrants(policy, shopCatalog(), 'admin', 'a', new Set(['order_totals', 'other']));
    expect(lines.filter((line) => line.includes('grant what it reads'))).toEqual([
      expect.stringContaining('-- `order_totals` reads'),
    ]);
  });

  const odd = (relation: string, column: string, database = 'my_sh%op`') => {
    const [base] = [...shopCatalog().relations.values()];
    const columns = [{ ...base!.columns[0]!, name: column }];
    return buildCatalog('mysql', '1', database, [{ ...base!, name: relation, columns, primaryKey: [], indexes: [] }]);
  };
  const open = (relation: string, column: string) =>
    `  ${JSON.stringify(relation)}: { open_to: [admin], columns: { ${JSON.stringify(column)}: {} } }`;

  it('quotes every name, whatever stands in it', () => {
    const [relation, column] = ["t`; DROP TABLE x; -- '", 'a`, b) (\\'];
    const catalog = odd(relation, column);
    const lines = printGrants(read(open(relation, column), catalog), catalog, 'admin', 'a', new Set());
    expect(lines.at(-1)).toBe("GRANT SELECT (`a``, b) (\\`) ON `my_sh%op```.`t``; DROP TABLE x; -- '` TO 'a'@'%';");
  });

  it.each([
    ['t\nt', 'c'],
    ['t', 'c\u001b[2J'],
    ['t', 'c\u2028'],
  ])('refuses a name with a control character: %j.%j', (relation, column) => {
    const catalog = odd(relation, column);
    expect(() => printGrants(read(open(relation, column), catalog), catalog, 'admin', 'a', new Set())).toThrow(
      expect.objectContaining({ code: 'GRANTS_REFUSED' }),
    );
  });

  it('refuses for SQLite, which has no accounts', () => {
    const catalog = shopCatalog('sqlite');
    const policy = read('  products: { open_to: [admin], columns: { id: {} } }', catalog);
    expect(() => printGrants(policy, catalog, 'admin', 'app@%', new Set())).toThrow(
      expect.objectContaining({ code: 'GRANTS_REFUSED', detail: expect.stringContaining('SQLite') }),
    );
  });
});

describe('the name of an account', () => {
  it.each([
    ['app@%', "'app'@'%'"],
    ['app', "'app'@'%'"],
    ['app@localhost', "'app'@'localhost'"],
    ['app@192.168.0.0/255.255.0.0', "'app'@'192.168.0.0/255.255.0.0'"],
    ['app@2001:db8::1', "'app'@'2001:db8::1'"],
    ['jo@example.com@%', "'jo@example.com'@'%'"],
    ['swali reader', "'swali reader'@'%'"],
    ['kahawa_é-1', "'kahawa_é-1'@'%'"],
    ['u'.repeat(32), `'${'u'.repeat(32)}'@'%'`],
  ])('%s is %s', (text, expected) => {
    expect(printAccount(text, 'mysql')).toBe(expected);
  });

  it.each([
    '',
    '@%',
    'app@',
    ' app',
    "app'",
    "app'@'%'",
    'app`',
    'app"',
    'app\\',
    'app;',
    'app\n@%',
    'app@%;',
    "app@%' WITH GRANT OPTION",
    'app@a b',
    'u'.repeat(33),
    `app@${'h'.repeat(256)}`,
  ])('refuses %j', (text) => {
    expect(() => printAccount(text, 'mysql')).toThrow(expect.objectContaining({ code: 'GRANTS_REFUSED' }));
  });

  it('may be longer on MariaDB', () => {
    expect(printAccount('u'.repeat(80), 'mariadb')).toContain('u'.repeat(80));
    expect(() => printAccount('u'.repeat(81), 'mariadb')).toThrow(expect.objectContaining({ code: 'GRANTS_REFUSED' }));
  });
});
