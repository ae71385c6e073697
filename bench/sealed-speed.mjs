/**
 * Sealed statements against the SQL that a careful developer would write by hand with the customer's filter: milliseconds
 * on the database alone, medians of interleaved runs, and their ratio, for one customer with 20 and one with 6 000 of
 * 1 000 000 orders. Both texts must give the same rows, or the run stops.
 *
 *   npm run build && node bench/sealed-speed.mjs sqlite:/tmp/speed.sqlite mysql://root@127.0.0.1:3306/speed [--runs 15] [--only look-up] [--show]
 *
 * Each database is filled once, if it has no table `speed_data`; a server's is created where it is not there. `--show` prints
 * the sealed texts.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';
import { readCatalog } from '../dist/catalog/read-catalog.js';
import { loadPolicy } from '../dist/policy/policy.js';
import { createSeal } from '../dist/seal/index.js';
import { createJudges } from '../dist/seal/judges.js';
import { openSource } from '../dist/source/open-source.js';
import { printSessionPins } from '../dist/source/session-pins.js';

const ORDERS = 1_000_000;
const CUSTOMERS = 300_000;
/** Customers with known numbers of orders: one of many, twenty of few. */
const MANY = { customer: 1, orders: 6_000 };
const FEW = { customer: 11, orders: 20 };
const BATCH = 5_000;
const WARM_UP = 3;
/** Fast statements run more often, up to this long in all, as their medians need more. */
const LEAST_TIME_MS = 300;
const MOST_RUNS = 201;

/** What each group must reach: ratio of the group's median, and of each case. */
const MUST = {
  aggregate: { median: 1.15, worst: 1.5 },
  'top-N': { median: 1.15, worst: 1.5 },
  monthly: { median: 1.15, worst: 1.5 },
  join: { median: 1.35, worst: null },
  'semi-join': { median: null, worst: null },
  'look-up': { median: 1.2, worst: null },
  'join by key': { median: null, worst: null },
  correlated: { median: 1.5, worst: null },
};

const MONTH = { server: "DATE_FORMAT(o.ordered_on, '%Y-%m')", sqlite: "strftime('%Y-%m', o.ordered_on)" };

/** `$ID`, `$CODE`: an order of the customer; `$IDS`: five; `$MONTH`: the month of o.ordered_on. `:me` is the filter's value. */
const CASES = [
  [
    'aggregate',
    'totals',
    'SELECT COUNT(*) AS n, SUM(o.total) AS s, MAX(o.ordered_on) AS d FROM orders o',
    'SELECT COUNT(*) AS n, SUM(o.total) AS s, MAX(o.ordered_on) AS d FROM orders o WHERE o.customer_number = :me',
  ],
  [
    'aggregate',
    'by status',
    'SELECT o.status, COUNT(*) AS n, SUM(o.total) AS s FROM orders o GROUP BY o.status ORDER BY o.status',
    'SELECT o.status, COUNT(*) AS n, SUM(o.total) AS s FROM orders o WHERE o.customer_number = :me GROUP BY o.status ORDER BY o.status',
  ],
  [
    'aggregate',
    'of a period',
    "SELECT COUNT(*) AS n, AVG(o.total) AS a FROM orders o WHERE o.ordered_on >= '2025-01-01' AND o.status = 'Shipped'",
    "SELECT COUNT(*) AS n, AVG(o.total) AS a FROM orders o WHERE o.customer_number = :me AND o.ordered_on >= '2025-01-01' AND o.status = 'Shipped'",
  ],
  [
    'top-N',
    'dearest',
    'SELECT o.id, o.total FROM orders o ORDER BY o.total DESC, o.id LIMIT 10',
    'SELECT o.id, o.total FROM orders o WHERE o.customer_number = :me ORDER BY o.total DESC, o.id LIMIT 10',
  ],
  [
    'top-N',
    'newest',
    'SELECT o.id, o.ordered_on, o.status, o.total FROM orders o ORDER BY o.ordered_on DESC, o.id DESC LIMIT 10',
    'SELECT o.id, o.ordered_on, o.status, o.total FROM orders o WHERE o.customer_number = :me ORDER BY o.ordered_on DESC, o.id DESC LIMIT 10',
  ],
  [
    'monthly',
    'sales by month',
    'SELECT $MONTH AS m, COUNT(*) AS n, SUM(o.total) AS s FROM orders o GROUP BY m ORDER BY m',
    'SELECT $MONTH AS m, COUNT(*) AS n, SUM(o.total) AS s FROM orders o WHERE o.customer_number = :me GROUP BY m ORDER BY m',
  ],
  [
    'monthly',
    'one year',
    "SELECT $MONTH AS m, o.status, SUM(o.total) AS s FROM orders o WHERE o.ordered_on BETWEEN '2025-01-01' AND '2025-12-31' GROUP BY m, o.status ORDER BY m, o.status",
    "SELECT $MONTH AS m, o.status, SUM(o.total) AS s FROM orders o WHERE o.customer_number = :me AND o.ordered_on BETWEEN '2025-01-01' AND '2025-12-31' GROUP BY m, o.status ORDER BY m, o.status",
  ],
  [
    'join',
    'orders and items',
    'SELECT o.status, SUM(i.quantity * i.unit_price) AS s FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY o.status ORDER BY o.status',
    'SELECT o.status, SUM(i.quantity * i.unit_price) AS s FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.customer_number = :me GROUP BY o.status ORDER BY o.status',
  ],
  [
    'join',
    'items and products',
    'SELECT p.category, SUM(i.quantity) AS n FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id GROUP BY p.category ORDER BY n DESC, p.category LIMIT 5',
    'SELECT p.category, SUM(i.quantity) AS n FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id WHERE o.customer_number = :me GROUP BY p.category ORDER BY n DESC, p.category LIMIT 5',
  ],
  [
    'join',
    'orders and payments',
    'SELECT COUNT(*) AS n, SUM(p.amount) AS s FROM orders o JOIN payments p ON p.order_id = o.id',
    'SELECT COUNT(*) AS n, SUM(p.amount) AS s FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.customer_number = :me AND p.customer_number = :me',
  ],
  [
    'join',
    'orders not paid',
    'SELECT COUNT(*) AS n FROM orders o LEFT JOIN payments p ON p.order_id = o.id WHERE p.id IS NULL',
    'SELECT COUNT(*) AS n FROM orders o LEFT JOIN payments p ON p.order_id = o.id AND p.customer_number = :me WHERE o.customer_number = :me AND p.id IS NULL',
  ],
  [
    'semi-join',
    'EXISTS',
    'SELECT COUNT(*) AS n FROM orders o WHERE EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.amount > 50)',
    'SELECT COUNT(*) AS n FROM orders o WHERE o.customer_number = :me AND EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.customer_number = :me AND p.amount > 50)',
  ],
  [
    'semi-join',
    'IN',
    'SELECT SUM(o.total) AS s FROM orders o WHERE o.id IN (SELECT i.order_id FROM order_items i WHERE i.quantity > 3)',
    'SELECT SUM(o.total) AS s FROM orders o WHERE o.customer_number = :me AND o.id IN (SELECT i.order_id FROM order_items i WHERE i.quantity > 3)',
  ],
  [
    'semi-join',
    'NOT EXISTS',
    'SELECT COUNT(*) AS n FROM orders o WHERE NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id)',
    'SELECT COUNT(*) AS n FROM orders o WHERE o.customer_number = :me AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.customer_number = :me)',
  ],
  [
    'look-up',
    'primary key',
    'SELECT o.id, o.status, o.total FROM orders o WHERE o.id = $ID',
    'SELECT o.id, o.status, o.total FROM orders o WHERE o.customer_number = :me AND o.id = $ID',
  ],
  [
    'look-up',
    'unique text',
    "SELECT o.id, o.status, o.total FROM orders o WHERE o.code = '$CODE'",
    "SELECT o.id, o.status, o.total FROM orders o WHERE o.customer_number = :me AND o.code = '$CODE'",
  ],
  [
    'look-up',
    'five keys',
    'SELECT o.id, o.status FROM orders o WHERE o.id IN ($IDS) ORDER BY o.id',
    'SELECT o.id, o.status FROM orders o WHERE o.customer_number = :me AND o.id IN ($IDS) ORDER BY o.id',
  ],
  [
    'join by key',
    'items of one order',
    'SELECT i.id, i.quantity, o.status FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.id = $ID ORDER BY i.id',
    'SELECT i.id, i.quantity, o.status FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.customer_number = :me AND o.id = $ID ORDER BY i.id',
  ],
  [
    'correlated',
    'parent by key',
    'SELECT p.id, p.amount, (SELECT o.status FROM orders o WHERE o.id = p.order_id) AS st FROM payments p ORDER BY p.id DESC LIMIT 20',
    'SELECT p.id, p.amount, (SELECT o.status FROM orders o WHERE o.customer_number = :me AND o.id = p.order_id) AS st FROM payments p WHERE p.customer_number = :me ORDER BY p.id DESC LIMIT 20',
  ],
  [
    'correlated',
    'parent of one',
    'SELECT p.amount, (SELECT o.status FROM orders o WHERE o.id = p.order_id) AS st FROM payments p WHERE p.id = $PAYMENT',
    'SELECT p.amount, (SELECT o.status FROM orders o WHERE o.customer_number = :me AND o.id = p.order_id) AS st FROM payments p WHERE p.customer_number = :me AND p.id = $PAYMENT',
  ],
  [
    'correlated',
    'items of one',
    'SELECT o.id, (SELECT SUM(i.quantity) FROM order_items i WHERE i.order_id = o.id) AS n FROM orders o WHERE o.id = $ID',
    'SELECT o.id, (SELECT SUM(i.quantity) FROM order_items i WHERE i.order_id = o.id) AS n FROM orders o WHERE o.customer_number = :me AND o.id = $ID',
  ],
  [
    'correlated',
    'items of the newest',
    'SELECT o.id, (SELECT COUNT(*) FROM order_items i WHERE i.order_id = o.id) AS n FROM orders o ORDER BY o.ordered_on DESC, o.id DESC LIMIT 10',
    'SELECT o.id, (SELECT COUNT(*) FROM order_items i WHERE i.order_id = o.id) AS n FROM orders o WHERE o.customer_number = :me ORDER BY o.ordered_on DESC, o.id DESC LIMIT 10',
  ],
  [
    'correlated',
    'payments of one',
    'SELECT o.id, (SELECT MAX(p.amount) FROM payments p WHERE p.order_id = o.id) AS m FROM orders o WHERE o.id = $ID',
    'SELECT o.id, (SELECT MAX(p.amount) FROM payments p WHERE p.order_id = o.id AND p.customer_number = :me) AS m FROM orders o WHERE o.customer_number = :me AND o.id = $ID',
  ],
];

const DECIMAL = 'DECIMAL(10,2)';
const TABLES = [
  'CREATE TABLE products (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, category VARCHAR(20) NOT NULL)',
  `CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, customer_number INTEGER NOT NULL, code VARCHAR(10) NOT NULL, ordered_on DATE NOT NULL, status VARCHAR(12) NOT NULL, total ${DECIMAL} NOT NULL)`,
  `CREATE TABLE order_items (id INTEGER NOT NULL PRIMARY KEY, order_id INTEGER NOT NULL, product_id INTEGER NOT NULL, quantity INTEGER NOT NULL, unit_price ${DECIMAL} NOT NULL $PARENT)`,
  `CREATE TABLE payments (id INTEGER NOT NULL PRIMARY KEY, customer_number INTEGER NOT NULL, order_id INTEGER NOT NULL, amount ${DECIMAL} NOT NULL $PARENT)`,
];
const INDEXES = [
  'CREATE INDEX orders_customer ON orders (customer_number)',
  'CREATE UNIQUE INDEX orders_code ON orders (code)',
  'CREATE INDEX items_order ON order_items (order_id)',
  'CREATE INDEX items_product ON order_items (product_id)',
  'CREATE INDEX payments_customer ON payments (customer_number)',
  'CREATE INDEX payments_order ON payments (order_id)',
];
/** SQLite takes foreign keys only with the table; the servers would check every row. */
const PARENT = 'FOREIGN KEY (order_id) REFERENCES orders (id)';
const PARENTS_LATER = [
  'SET foreign_key_checks = 0',
  ...['order_items', 'payments'].map((table) => `ALTER TABLE ${table} ADD ${PARENT}`),
];
const MINE = 'customer_number = :customer_number';
const ROWS = {
  products: 'all',
  orders: MINE,
  order_items: `order_id IN (SELECT id FROM orders WHERE ${MINE})`,
  payments: MINE,
};

/** Numbers in [0, 1), the same at every run. */
function createRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Owners by order: known customers at random places, everybody else by chance. */
function makeOwners(random) {
  const owners = new Int32Array(ORDERS + 1);
  const place = (customer, count) => {
    for (let left = count; left > 0; ) {
      const id = 1 + Math.floor(random() * ORDERS);
      if (owners[id] !== 0) continue;
      owners[id] = customer;
      left -= 1;
    }
  };
  place(MANY.customer, MANY.orders);
  place(FEW.customer, FEW.orders);
  for (let id = 1; id <= ORDERS; id += 1)
    if (owners[id] === 0) owners[id] = 100 + Math.floor(random() * (CUSTOMERS - 100));
  return owners;
}

const STATUSES = ['Shipped', 'Pending', 'Cancelled', 'Delivered', 'Returned'];
const isKnown = (owner) => owner === MANY.customer || owner === FEW.customer;

function* makeRows() {
  const random = createRandom(7);
  const whole = (most) => 1 + Math.floor(random() * most);
  const money = () => (random() * 300 + 1).toFixed(2);
  for (let id = 1; id <= 500; id += 1) yield ['products', [id, `Product ${id}`, `Category ${id % 12}`]];
  const owners = makeOwners(random);
  const start = Date.UTC(2023, 0, 1);
  let [item, payment] = [0, 0];
  for (let id = 1; id <= ORDERS; id += 1) {
    const owner = owners[id];
    const day = new Date(start + Math.floor(random() * 1_095) * 86_400_000).toISOString().slice(0, 10);
    const code = `A${String((id * 7_919) % 9_999_991).padStart(7, '0')}`;
    yield ['orders', [id, owner, code, day, STATUSES[whole(5) - 1], money()]];
    const items = isKnown(owner) ? 2 : random() < 0.3 ? whole(3) : 0;
    for (let count = 0; count < items; count += 1) yield ['order_items', [++item, id, whole(500), whole(5), money()]];
    const paid = isKnown(owner) ? random() < 0.9 : random() < 0.3;
    if (paid) yield ['payments', [++payment, owner, id, money()]];
  }
}

/** Fills a database. @param run takes one statement */
async function fill(run, dialect) {
  const isSqlite = dialect === 'sqlite';
  for (const table of TABLES) await run(table.replace(' $PARENT', isSqlite ? `, ${PARENT}` : ''));
  const waiting = new Map();
  const flush = async (table) => {
    const rows = waiting.get(table) ?? [];
    if (rows.length === 0) return;
    // Made here of numbers and plain words.
    const text = rows.map(
      (row) => `(${row.map((value) => (typeof value === 'number' ? value : `'${value}'`)).join()})`,
    );
    await run(`INSERT INTO ${table} VALUES ${text.join()}`);
    waiting.set(table, []);
  };
  for (const [table, row] of makeRows()) {
    const rows = waiting.get(table) ?? [];
    waiting.set(table, rows);
    if (rows.push(row) === BATCH) await flush(table);
  }
  for (const table of waiting.keys()) await flush(table);
  for (const statement of [...INDEXES, ...(isSqlite ? [] : PARENTS_LATER)]) await run(statement);
  await run('CREATE TABLE speed_data (done INTEGER NOT NULL PRIMARY KEY)');
}

async function openSqlite(url) {
  const path = url.slice('sqlite:'.length);
  const isNew = !existsSync(path);
  const database = new DatabaseSync(path);
  // As the gateway's own children have it.
  database.exec('PRAGMA cache_size = -8000');
  if (isNew) {
    database.exec('PRAGMA foreign_keys = OFF; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
    await fill(async (sql) => database.exec(sql), 'sqlite');
    database.exec('COMMIT');
  }
  const prepared = new Map();
  return {
    dialect: 'sqlite',
    run: async (sql, values) => {
      if (!prepared.has(sql)) prepared.set(sql, database.prepare(sql));
      return prepared
        .get(sql)
        .all(...values)
        .map((row) => Object.values(row));
    },
    close: async () => database.close(),
  };
}

async function openServer(url) {
  const target = new URL(url);
  const name = target.pathname.slice(1);
  if (!/^\w+$/.test(name)) throw new Error(`name a database in ${url}`);
  const plain = new URL(url.replace(/^mariadb:/, 'mysql:'));
  plain.pathname = '/';
  const connection = await createConnection({
    uri: plain.href,
    charset: 'utf8mb4',
    rowsAsArray: true,
    dateStrings: true,
  });
  await connection.query(`CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4`);
  await connection.query(`USE ${name}`);
  const [found] = await connection.query("SHOW TABLES LIKE 'speed_data'");
  if (found.length === 0) {
    await fill((sql) => connection.query(sql), 'mysql');
    await connection.query('ANALYZE TABLE orders, order_items, payments, products');
  }
  const dialect = url.startsWith('mariadb:') ? 'mariadb' : 'mysql';
  const [[collation]] = await connection.query('SELECT @@collation_database');
  for (const pin of printSessionPins({ dialect, collation, timeZone: '+00:00' })) await connection.query(pin);
  return {
    dialect,
    run: async (sql, values) => (await connection.execute(sql, values))[0],
    close: () => connection.end(),
  };
}

function loadRules(catalog) {
  const dir = mkdtempSync(join(tmpdir(), 'swali-speed-'));
  const relations = [...catalog.relations.values()].flatMap(({ name, columns }) =>
    name in ROWS
      ? [
          `  ${name}:`,
          '    open_to: [customer]',
          `    rows: { customer: "${ROWS[name]}" }`,
          '    columns:',
          ...columns.map((column) => `      ${column.name}: {}`),
        ]
      : [],
  );
  const text = ['version: 1', 'source: speed', `dialect: ${catalog.dialect}`, 'relations:', ...relations, ''].join(
    '\n',
  );
  writeFileSync(join(dir, 'speed.yaml'), text);
  try {
    return loadPolicy({ dir, source: 'speed', catalog });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const principal = (number) => ({
  kind: 'customer',
  subject: `customer:${number}`,
  role: null,
  claims: new Map([['customer_number', number]]),
  allowTables: null,
  permissions: new Set(['ask', 'sql:write-own', 'sql:read']),
  tier: 'standard',
  tenant: null,
  session: null,
});

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function time(work) {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Medians of two statements, run in turns. */
async function compare(database, hand, sealed, runs) {
  const work = [hand, sealed].map((one) => () => database.run(one.sql, one.values));
  const times = [[], []];
  for (let round = 0; round < WARM_UP; round += 1) for (const one of work) await one();
  const started = performance.now();
  for (let round = 0; round < runs || (round < MOST_RUNS && performance.now() - started < LEAST_TIME_MS); round += 1) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const at of order) times[at].push(await time(work[at]));
  }
  return times.map(median);
}

const canonical = (rows) =>
  JSON.stringify(
    rows.map((row) =>
      row.map((value) =>
        value === null ? null : Number.isNaN(Number(value)) ? String(value) : Number(Number(value).toPrecision(10)),
      ),
    ),
  );

async function measure(url, { runs, only, show }) {
  const database = await (url.startsWith('sqlite:') ? openSqlite(url) : openServer(url));
  const source = await openSource({ url, allowWideGrants: true });
  const catalog = await readCatalog(source);
  const judges = createJudges({ timeoutMs: 5_000, threads: 1 });
  const seal = createSeal({ catalog, judges });
  const policy = loadRules(catalog);
  const ratios = new Map();
  const results = [];
  for (const { customer } of [FEW, MANY]) {
    const rows = await database.run('SELECT id, code FROM orders WHERE customer_number = ? ORDER BY id', [customer]);
    const [[payment]] = await database.run('SELECT MAX(id) FROM payments WHERE customer_number = ?', [customer]);
    const [id, code] = rows[Math.floor(rows.length / 2)];
    const ids = rows
      .slice(0, 5)
      .map(([one]) => one)
      .join(', ');
    const fillIn = (text) =>
      text
        .replaceAll('$MONTH', MONTH[database.dialect === 'sqlite' ? 'sqlite' : 'server'])
        .replaceAll('$IDS', ids)
        .replaceAll('$ID', id)
        .replaceAll('$CODE', code)
        .replaceAll('$PAYMENT', payment);
    for (const [group, name, ask, byHand] of CASES) {
      if (only && group !== only) continue;
      const who = principal(customer);
      const candidate = {
        sql: fillIn(ask),
        translator: 'caller',
        slots: new Map(),
        usage: { promptTokens: 0, completionTokens: 0 },
      };
      const statement = await seal.seal(candidate, who, policy.viewFor(who));
      const sealed = { sql: statement.sql, values: statement.parameters.map((parameter) => parameter.value) };
      const text = fillIn(byHand);
      const hand = { sql: text.replaceAll(':me', '?'), values: Array.from(text.matchAll(/:me\b/g), () => customer) };
      if (show) console.log(`${database.dialect} ${group}, ${name}:\n  ${sealed.sql}`);
      const [expected, given] = [
        await database.run(hand.sql, hand.values),
        await database.run(sealed.sql, sealed.values),
      ];
      if (canonical(expected) !== canonical(given))
        throw new Error(
          `${group}, ${name}: the rows differ\n${sealed.sql}\n${canonical(expected)}\n${canonical(given)}`,
        );
      const [handMs, sealedMs] = await compare(database, hand, sealed, runs);
      const ratio = sealedMs / handMs;
      ratios.set(group, [...(ratios.get(group) ?? []), ratio]);
      results.push([
        database.dialect,
        customer === MANY.customer ? MANY.orders : FEW.orders,
        group,
        name,
        handMs,
        sealedMs,
        ratio,
      ]);
    }
  }
  await judges.close();
  await source.close();
  await database.close();
  return { dialect: database.dialect, results, ratios };
}

function print(widths, cells) {
  console.log(
    cells.map((cell, at) => (at < 4 ? String(cell).padEnd(widths[at]) : String(cell).padStart(widths[at]))).join(' '),
  );
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '15' },
    only: { type: 'string' },
    show: { type: 'boolean', default: false },
  },
});
if (positionals.length === 0) throw new Error('which database? sqlite:FILE, mysql://…/NAME, mariadb://…/NAME');
const options = { runs: Number(values.runs), only: values.only, show: values.show };
const measured = [];
for (const url of positionals) measured.push(await measure(url, options));

const WIDTHS = [8, 7, 11, 20, 10, 10, 7];
print(WIDTHS, ['engine', 'orders', 'group', 'case', 'by hand ms', 'sealed ms', 'ratio']);
for (const { results } of measured)
  for (const [dialect, orders, group, name, hand, sealed, ratio] of results)
    print(WIDTHS, [dialect, orders, group, name, hand.toFixed(3), sealed.toFixed(3), ratio.toFixed(2)]);
console.log();
const SUMMARY = [8, 11, 8, 10, 8, 10];
print(SUMMARY, ['engine', 'group', 'median', 'must reach', 'worst', 'must reach']);
for (const { dialect, ratios } of measured)
  for (const [group, all] of ratios) {
    const must = MUST[group];
    const say = (limit) => (limit === null || (group === 'correlated' && dialect === 'mariadb') ? '-' : `<= ${limit}`);
    print(SUMMARY, [
      dialect,
      group,
      median(all).toFixed(2),
      say(must.median),
      Math.max(...all).toFixed(2),
      say(must.worst),
    ]);
  }
