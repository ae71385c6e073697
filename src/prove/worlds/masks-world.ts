import type { Dialect } from '../../domain/dialect.js';
import { absent, both, either, foundIn, owned, valued } from '../slice-rules.js';
import type { WorldEntry, WorldOptions } from '../world.js';
import { cycle, type HandMadeTable, makeByHand } from './hand-made.js';
import { planWorld } from './open-world.js';
import { admin, customer, employee } from './people.js';
import { quoteName } from './print-cell.js';

function tablesOf(isSqlite: boolean): readonly HandMadeTable[] {
  const key = (name: string, columns: string): string => (isSqlite ? '' : `, KEY ${name} (${columns})`);
  const index = (name: string, table: string, columns: string): readonly string[] =>
    isSqlite ? [`CREATE INDEX ${name} ON ${table} (${columns})`] : [];
  return [
    {
      name: 'customers',
      definition: `(customer_number INTEGER PRIMARY KEY, region INTEGER, name VARCHAR(40), email VARCHAR(60), phone VARCHAR(20), card BIGINT, born DATE, joined DATETIME, note VARCHAR(60), badge VARCHAR(20) UNIQUE, grade INTEGER${key('customers_region', 'region')}${key('customers_email', 'email')}${key('customers_born', 'born')})`,
      after: [
        ...index('customers_region', 'customers', 'region'),
        ...index('customers_email', 'customers', 'email'),
        ...index('customers_born', 'customers', 'born'),
      ],
      columns: [
        ...['customer_number', 'region', 'name', 'email', 'phone', 'card', 'born', 'joined', 'note', 'badge', 'grade'],
      ],
      rows: Array.from({ length: 16 }, (_, at) => [
        BigInt(at + 1),
        cycle([1n, 2n, null], at),
        cycle(['Ann', 'ann', 'Änne', 'Bob', ''], at),
        cycle(['ann@example.org', 'a@b', '@', 'x@y@z', null, 'no address', 'ärger@例え.jp', ''], at),
        cycle(['+254700123456', '1234567', '12345678', null, '', 'ééééüüüü'], at),
        cycle([4111111111111111n, 12345678n, 1234567n, null, 0n, 9223372036854775807n], at),
        cycle(['1990-05-17', '0001-01-01', '9999-12-31', null], at),
        cycle(['2024-02-29 10:00:00', null, '1970-01-01 00:00:00'], at),
        cycle(['good', null, 'late payer', '['], at),
        at % 4 === 3 ? null : `badge-${at}`,
        cycle([1n, 2n, 3n, null], at),
      ]),
    },
    {
      name: 'orders',
      definition: `(id INTEGER PRIMARY KEY, customer_number INTEGER NOT NULL, region INTEGER, status VARCHAR(12), total DECIMAL(12,2), margin DECIMAL(12,2)${key('orders_customer', 'customer_number, status')}${key('orders_region', 'region')}${key('orders_total', 'total')})`,
      after: [
        ...index('orders_customer', 'orders', 'customer_number, status'),
        ...index('orders_region', 'orders', 'region'),
        ...index('orders_total', 'orders', 'total'),
      ],
      columns: ['id', 'customer_number', 'region', 'status', 'total', 'margin'],
      rows: Array.from({ length: 40 }, (_, at) => [
        BigInt(at * 2 + 1),
        BigInt((at % 8) + 1),
        cycle([1n, 2n, null, 1n, 3n], at),
        cycle(['open', 'Open', 'paid', null], at),
        isSqlite
          ? cycle([0n, 10.5, -3.25, null, 9999999999n], at)
          : cycle(['0.00', '10.50', '-3.25', null, '9999999999.99'], at),
        isSqlite ? cycle([0n, 1.5], at) : cycle(['0.00', '1.50'], at),
      ]),
    },
    {
      name: 'order_items',
      definition: `(order_id INTEGER NOT NULL, line INTEGER NOT NULL, product VARCHAR(20), quantity INTEGER, PRIMARY KEY (order_id, line)${key('items_product', 'product, quantity')})`,
      after: index('items_product', 'order_items', 'product, quantity'),
      columns: ['order_id', 'line', 'product', 'quantity'],
      rows: Array.from({ length: 40 }, (_, at) => [
        BigInt((at % 20) * 2 + 1),
        BigInt(Math.floor(at / 20)),
        cycle(['pen', 'Pen', 'ink', null, ''], at),
        cycle([1n, 0n, null, -1n, 2147483647n], at),
      ]),
    },
    {
      name: 'reviews',
      definition: `(order_id INTEGER, stars INTEGER, words VARCHAR(200)${key('reviews_order', 'order_id')})`,
      after: index('reviews_order', 'reviews', 'order_id'),
      columns: ['order_id', 'stars', 'words'],
      rows: Array.from({ length: 18 }, (_, at) => [
        at % 6 === 5 ? null : BigInt(at * 2 + 1),
        cycle([1n, 5n, null, 0n], at),
        cycle(['fine', '', null, '{"a":', 'x'.repeat(200)], at),
      ]),
    },
    {
      name: 'audit',
      definition: '(id INTEGER PRIMARY KEY, secret VARCHAR(40))',
      columns: ['id', 'secret'],
      rows: Array.from({ length: 10 }, (_, at) => [BigInt(at + 1), `s${at}`]),
    },
  ];
}

const OWN = 'customer_number = :customer_number';
const THROUGH = 'order_id IN (SELECT id FROM orders WHERE customer_number = :customer_number)';
const REGION = 'region = 1';
const REGION_OR_NONE = 'region = 1 OR region IS NULL';
const REGION_ITEMS = 'order_id IN (SELECT id FROM orders WHERE region = 1 AND customer_number = 3)';

const byNumber = owned('customer_number', 'customer_number');
const inRegion = valued('region', 1n);
const RULES = new Map([
  [OWN, byNumber],
  [THROUGH, foundIn('order_id', 'orders', 'id', byNumber)],
  [REGION, inRegion],
  [REGION_OR_NONE, either(inRegion, absent('region'))],
  [REGION_ITEMS, foundIn('order_id', 'orders', 'id', both(inRegion, valued('customer_number', 3n)))],
]);

function policyOf(dialect: Dialect): string {
  // SQLite has no SHA-2.
  const badge = dialect === 'sqlite' ? '{ last: 2 }' : 'hash';
  return `version: 1
source: prove
dialect: ${dialect}
relations:
  customers:
    open_to: [customer, employee, admin]
    rows: { customer: "${OWN}", "employee:viewer": "${REGION}", "employee:manager": all }
    columns:
      customer_number: {}
      region: { hidden_from: [customer] }
      name: {}
      email: { mask: email, for: [customer, "employee:member"] }
      phone: { mask: { last: 4 } }
      card: { mask: { last: 4 } }
      born: { mask: year, for: [employee, customer] }
      joined: { mask: year, for: ["employee:viewer"] }
      note: { mask: "null", for: [customer, "employee:viewer"] }
      badge: { mask: ${badge}, for: [customer, "employee:accountant"] }
      grade: { hidden_from: [customer, "employee:viewer"] }
  orders:
    open_to: [customer, employee, admin]
    rows: { customer: "${OWN}", "employee:viewer": "${REGION_OR_NONE}", "employee:manager": all }
    columns: { id: {}, customer_number: {}, region: {}, status: {}, total: {}, margin: { hidden_from: [customer, "employee:accountant"] } }
  order_items:
    open_to: [customer, employee, admin]
    rows: { customer: "${THROUGH}", "employee:viewer": "${REGION_ITEMS}", "employee:manager": all }
    columns: { order_id: {}, line: {}, product: {}, quantity: {} }
  reviews:
    open_to: [customer, "employee:manager", admin]
    rows: { customer: "${THROUGH}", employee: all }
    columns: { order_id: {}, stars: {}, words: { hidden_from: ["employee:manager"] } }
  audit: { secret: true }
`;
}

/** Masks of every kind, hidden columns, rules by role, and rules that read another table. */
export function masksWorld(options: WorldOptions): WorldEntry {
  const { dialect } = options;
  return planWorld(
    {
      name: 'masks',
      fill: (database) =>
        makeByHand(database, dialect, tablesOf(dialect === 'sqlite'), (name) => quoteName(name, dialect)),
      rulesFor: () => ({
        policyText: policyOf(dialect),
        rules: RULES,
        principals: [
          customer('3', { claims: { customer_number: 3 } }),
          customer('4', { claims: { customer_number: 4 } }),
          employee('wide', 'viewer', ['customers', 'orders', 'order_items']),
          // Their rule for items reads the orders, which are closed to them.
          employee('narrow', 'viewer', ['customers', 'order_items']),
          employee('books', 'accountant', ['customers', 'orders']),
          employee('head', 'manager', ['customers', 'orders', 'order_items', 'reviews', 'audit']),
          admin('1'),
        ],
      }),
    },
    options,
  );
}
