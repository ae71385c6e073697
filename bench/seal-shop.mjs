/**
 * What the benchmarks of the seal stand on: one catalog and policy in every dialect, the people who ask, and statements of
 * about 450 characters with three joins, as people and models write them.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

execFileSync(process.execPath, [fileURLToPath(new URL('../build-if-stale.mjs', import.meta.url))]);
const { buildCatalog } = await import('../dist/catalog/build-catalog.js');
const { readPolicy } = await import('../dist/policy/policy.js');

export const DIALECTS = ['mysql', 'mariadb', 'sqlite'];

const FAMILIES = {
  int: 'integer',
  decimal: 'decimal',
  varchar: 'text',
  date: 'date',
};

function makeRelation(dialect, name, columns) {
  return {
    name,
    kind: 'table',
    columns: Object.entries(columns).map(([column, declaredType]) => {
      const family = FAMILIES[declaredType.replace(/\(.*/, '')];
      const isText = family === 'text';
      return {
        name: column,
        family,
        declaredType,
        unsigned: false,
        nullable: false,
        generated: 'no',
        collation: isText ? (dialect === 'sqlite' ? 'BINARY' : 'utf8mb4_general_ci') : null,
        characterSet: isText && dialect !== 'sqlite' ? 'utf8mb4' : null,
      };
    }),
    primaryKey: Object.keys(columns).slice(0, 1),
    indexes: [],
    foreignKeys: [],
  };
}

const RELATIONS = {
  customers: { customer_number: 'int', customer_name: 'varchar(60)', city: 'varchar(40)', country: 'varchar(40)' },
  orders: {
    order_number: 'int',
    customer_number: 'int',
    order_date: 'date',
    shipped_date: 'date',
    status: 'varchar(20)',
    total: 'decimal(10,2)',
  },
  order_items: {
    item_number: 'int',
    order_number: 'int',
    customer_number: 'int',
    product_code: 'varchar(20)',
    quantity: 'int',
    price_each: 'decimal(10,2)',
  },
  products: {
    product_code: 'varchar(20)',
    product_name: 'varchar(60)',
    product_line: 'varchar(40)',
    price: 'decimal(10,2)',
  },
};

const POLICY = `version: 1
source: shop
dialect: DIALECT
relations:
  customers:
    open_to: [customer, admin]
    rows: { customer: customer_number = :customer_number }
    columns: "*"
  orders:
    open_to: [customer, admin]
    rows: { customer: customer_number = :customer_number }
    columns: "*"
  order_items:
    open_to: [customer, admin]
    rows: { customer: customer_number = :customer_number }
    columns: "*"
  products:
    open_to: [customer, admin]
    rows: { customer: all }
    columns: "*"
`;

/** The shop in one dialect: its catalog and its policy. */
export function makeShop(dialect) {
  const relations = Object.entries(RELATIONS).map(([name, columns]) => makeRelation(dialect, name, columns));
  const catalog = buildCatalog(dialect, '1', dialect === 'sqlite' ? 'main' : 'shop', relations);
  const policy = readPolicy(POLICY.replace('DIALECT', dialect), 'shop.yaml', { source: 'shop', catalog });
  return { catalog, policy };
}

const principal = (kind, claims) => ({
  subject: `${kind}:1`,
  kind,
  role: null,
  claims: new Map(claims),
  allowTables: null,
  permissions: new Set(),
  tier: 'standard',
  tenant: null,
  session: null,
});
/** Whose rows are filtered in three of the four relations. */
export const CUSTOMER = principal('customer', [['customer_number', 103]]);
/** Whose rows are not. */
export const ADMIN = principal('admin', []);

/** SQL as a caller wrote it. */
export function callerSql(sql) {
  return { sql, translator: 'caller', slots: new Map(), usage: { promptTokens: 0, completionTokens: 0 } };
}

const JOINED =
  'FROM customers c JOIN orders o ON o.customer_number = c.customer_number ' +
  'JOIN order_items i ON i.order_number = o.order_number JOIN products p ON p.product_code = i.product_code';

/** Statements of about 450 characters with three joins, which all dialects and node-sql-parser read. */
export const STATEMENTS = {
  'monthly report':
    'SELECT c.country, p.product_line, COUNT(DISTINCT o.order_number) AS orders, SUM(i.quantity * i.price_each) AS revenue, ' +
    `AVG(i.price_each) AS average_price ${JOINED} ` +
    "WHERE o.order_date >= '2025-01-01' AND o.order_date < '2026-01-01' AND o.status IN ('Shipped', 'Resolved') " +
    'GROUP BY c.country, p.product_line HAVING SUM(i.quantity) > 10 ORDER BY revenue DESC LIMIT 20',
  'detail list':
    'SELECT o.order_number, o.order_date, o.status, c.customer_name, p.product_name, i.quantity, i.price_each, ' +
    `i.quantity * i.price_each AS line_total ${JOINED} ` +
    "WHERE o.status <> 'Cancelled' AND (p.product_line = 'Ships' OR p.product_line = 'Trains') AND i.quantity BETWEEN 5 AND 50 " +
    'ORDER BY o.order_date DESC, o.order_number, p.product_name LIMIT 100 OFFSET 20',
  'cases and subquery':
    "SELECT p.product_line, SUM(CASE WHEN o.status = 'Shipped' THEN i.quantity ELSE 0 END) AS shipped, " +
    `SUM(CASE WHEN o.status = 'On Hold' THEN i.quantity ELSE 0 END) AS held ${JOINED} ` +
    'WHERE o.total > (SELECT AVG(total) FROM orders) AND c.city IS NOT NULL ' +
    "AND p.product_name LIKE '%car%' GROUP BY p.product_line ORDER BY shipped DESC, p.product_line",
  'derived table':
    'SELECT c.customer_name, x.product_line, x.revenue FROM customers c JOIN (SELECT o.customer_number, p.product_line, ' +
    'SUM(i.quantity * i.price_each) AS revenue FROM orders o JOIN order_items i ON i.order_number = o.order_number ' +
    'JOIN products p ON p.product_code = i.product_code WHERE o.shipped_date IS NOT NULL GROUP BY o.customer_number, p.product_line) x ' +
    "ON x.customer_number = c.customer_number WHERE x.revenue > 1000 AND c.country = 'Kenya' ORDER BY x.revenue DESC LIMIT 10",
};

/** The median of numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
