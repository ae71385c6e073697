/**
 * Can a customer tell by the time of an answer whether another customer's row exists? Each probe is one sealed statement
 * with two constants: one that a hidden row has, one that no row has. Both are asked N times each, in random order, of the
 * stage that runs statements, inside the gateway's own process: nobody further away measures better.
 *
 *   npm run build && node bench/timing-probes.mjs sqlite|mysql://…|mariadb://… [N] [ANSWER_STEP_MS, default 5]
 *
 * The test is the two-sided rank test of Mann, Whitney and Wilcoxon at α = 0.01 (ranks, as times have long tails). Its
 * effect size is Cliff's δ: the share of pairs in which the hidden row took longer, less the share in which it was faster.
 * With N = 10 000 each a |δ| of 0.04 is found with a power of 99 %: δ's standard deviation is √(2 / 3N) = 0.0082, and
 * 0.04 = (2.576 + 2.326) · 0.0082. Where p ≥ 0.01 the two are not told apart at that size.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';
import { readCatalog } from '../dist/catalog/read-catalog.js';
import { createExecute } from '../dist/execute/execute.js';
import { readPolicy } from '../dist/policy/policy.js';
import { createSeal } from '../dist/seal/index.js';
import { createJudges } from '../dist/seal/judges.js';
import { openSource } from '../dist/source/open-source.js';

const [target = 'sqlite', count = '10000', step = '5'] = process.argv.slice(2);
const N = Number(count);
const ROWS = 20_000;
const ALPHA = 0.01;
const DATABASE = 'swali_timing';

const SCHEMA = `CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_number INTEGER NOT NULL, code VARCHAR(20) NOT NULL,
  day DATE NOT NULL, total INTEGER NOT NULL, note VARCHAR(60));
CREATE UNIQUE INDEX orders_code ON orders (code);
CREATE INDEX orders_owner ON orders (customer_number);
CREATE INDEX orders_total ON orders (total);
CREATE INDEX orders_note ON orders (note);
CREATE TABLE seats (hall INTEGER NOT NULL, seat INTEGER NOT NULL, customer_number INTEGER NOT NULL, PRIMARY KEY (hall, seat));
CREATE INDEX seats_owner ON seats (customer_number);`;
const POLICY = `version: 1
source: timing
dialect: ${target === 'sqlite' ? 'sqlite' : 'mysql'}
relations:
  orders:
    open_to: [customer]
    rows: { customer: "customer_number = :customer_number" }
    columns: { id: {}, customer_number: {}, code: {}, day: {}, total: {}, note: {} }
  seats:
    open_to: [customer]
    rows: { customer: "customer_number = :customer_number" }
    columns: { hall: {}, seat: {}, customer_number: {} }
`;

/** Even ids are there; customer 1 has one order in a hundred. Names of missing rows look like those of others. */
const code = (id) => `K${String(id).padStart(8, '0')}`;
const orders = Array.from({ length: ROWS }, (_, at) => {
  const id = 2 * (at + 1);
  return `(${id}, ${at % 100 === 0 ? 1 : 2 + (at % 50)}, '${code(id)}', '2026-01-${String(1 + (at % 28)).padStart(2, '0')}', ${10 * (at % 1000)}, 'note ${at % 500}')`;
});
const seats = Array.from(
  { length: ROWS },
  (_, at) => `(${1 + (at % 100)}, ${2 * (1 + Math.floor(at / 100))}, ${at % 100 === 0 ? 1 : 2})`,
);

/** A hidden row's constant, and one that no row has, drawn anew for each run so that no page stays warmer than another. */
const hidden = () => 2 * (1 + 100 * Math.floor(Math.random() * (ROWS / 100)) + 1 + Math.floor(Math.random() * 98));
const PROBES = [
  {
    name: 'primary key',
    key: true,
    sql: (id) => `SELECT COUNT(*) FROM orders WHERE id = ${id}`,
    pair: () => [hidden(), hidden() + 1],
  },
  {
    name: 'primary key, row asked for',
    key: true,
    sql: (id) => `SELECT total, note FROM orders WHERE id = ${id}`,
    pair: () => [hidden(), hidden() + 1],
  },
  {
    name: 'unique text',
    key: true,
    sql: (id) => `SELECT COUNT(*) FROM orders WHERE code = '${code(id)}'`,
    pair: () => [hidden(), hidden() + 1],
  },
  {
    name: 'list of keys',
    key: true,
    sql: (id) => `SELECT COUNT(*) FROM orders WHERE id IN (${id}, 1, 3, 5)`,
    pair: () => [hidden(), hidden() + 1],
  },
  {
    name: 'key of two columns',
    key: true,
    sql: (id) => `SELECT COUNT(*) FROM seats WHERE hall = 7 AND seat = ${id}`,
    pair: () => {
      const seat = 2 * (2 + Math.floor(Math.random() * 190));
      return [seat, seat + 1];
    },
  },
  {
    name: 'equality, not unique',
    key: false,
    sql: (total) => `SELECT COUNT(*) FROM orders WHERE total = ${total}`,
    pair: () => {
      const total = 10 * (1 + Math.floor(Math.random() * 98));
      return [total, total + 1];
    },
  },
  {
    name: 'range',
    key: false,
    sql: (total) => `SELECT COUNT(*) FROM orders WHERE total > ${total}`,
    pair: () => [5000, 50_000],
  },
  {
    name: 'LIKE',
    key: false,
    sql: (text) => `SELECT COUNT(*) FROM orders WHERE note LIKE '${text}%'`,
    pair: () => ['note 1', 'nope 1'],
  },
];

/** Normal distribution's upper tail (Abramowitz and Stegun 26.2.17). */
function upperTail(z) {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (series * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

function compare(left, right) {
  const all = [...left.map((value) => [value, 0]), ...right.map((value) => [value, 1])].sort((a, b) => a[0] - b[0]);
  let [rankSum, tieTerm] = [0, 0];
  for (let at = 0; at < all.length; ) {
    let end = at;
    while (end < all.length && all[end][0] === all[at][0]) end += 1;
    const rank = (at + 1 + end) / 2;
    for (let each = at; each < end; each += 1) if (all[each][1] === 0) rankSum += rank;
    tieTerm += (end - at) ** 3 - (end - at);
    at = end;
  }
  const [n, m] = [left.length, right.length];
  const u = rankSum - (n * (n + 1)) / 2;
  const spread = Math.sqrt(((n * m) / 12) * (n + m + 1 - tieTerm / ((n + m) * (n + m - 1))));
  const z = Math.abs(u - (n * m) / 2) / spread;
  return { delta: (2 * u) / (n * m) - 1, p: Math.min(1, 2 * upperTail(z)) };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function makeDatabase() {
  const chunks = (rows, table) =>
    Array.from(
      { length: Math.ceil(rows.length / 1000) },
      (_, at) => `INSERT INTO ${table} VALUES ${rows.slice(1000 * at, 1000 * (at + 1)).join()};`,
    );
  const script = [SCHEMA, ...chunks(orders, 'orders'), ...chunks(seats, 'seats')];
  if (target === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'swali-timing-'));
    const database = new DatabaseSync(join(folder, 'timing.sqlite'));
    for (const part of script) database.exec(part);
    database.exec('ANALYZE');
    database.close();
    return { url: `sqlite:${join(folder, 'timing.sqlite')}`, drop: async () => rmSync(folder, { recursive: true }) };
  }
  const url = new URL(target);
  const connect = (database) =>
    createConnection({
      uri: target.replace(/^mariadb:/, 'mysql:'),
      multipleStatements: true,
      ...(database ? { database } : {}),
    });
  const first = await connect();
  await first.query(`DROP DATABASE IF EXISTS ${DATABASE}; CREATE DATABASE ${DATABASE} CHARACTER SET utf8mb4`);
  first.destroy();
  const own = await connect(DATABASE);
  for (const part of script) await own.query(part);
  await own.query('ANALYZE TABLE orders, seats');
  url.pathname = `/${DATABASE}`;
  return {
    url: url.href,
    drop: async () => {
      await own.query(`DROP DATABASE ${DATABASE}`);
      own.destroy();
    },
  };
}

const database = await makeDatabase();
const source = await openSource({ url: database.url, size: 1, allowWideGrants: true });
const judges = createJudges({ timeoutMs: 5000, threads: 1 });
try {
  const catalog = await readCatalog(source);
  const policy = readPolicy(POLICY, 'timing.yaml', { source: 'timing', catalog });
  const principal = {
    kind: 'customer',
    subject: 'customer:1',
    role: null,
    claims: new Map([['customer_number', 1]]),
    allowTables: null,
    permissions: new Set(),
    tier: 'standard',
    tenant: null,
    session: null,
  };
  const seal = createSeal({ catalog, judges });
  const view = policy.viewFor(principal);
  const execute = createExecute(source, {
    stepMs: Number(step),
    now: () => performance.now(),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  /** Sealed once, so that sealing is no part of what is timed. */
  const prepare = (sql) => {
    const candidate = { sql, translator: 'caller', slots: new Map(), usage: { promptTokens: 0, completionTokens: 0 } };
    return seal.seal(candidate, principal, view);
  };
  console.log(
    `${source.dialect} ${source.serverVersion}, ${N} runs each, in steps of ${step} ms, α = ${ALPHA}, |δ| ≥ 0.04 found with 99 % power at 10 000`,
  );
  console.log(
    `${'probe'.padEnd(28)}${'hidden µs'.padStart(10)}${'absent µs'.padStart(10)}${'δ'.padStart(9)}${'p'.padStart(10)}`,
  );
  for (const probe of PROBES) {
    // A few pairs are enough: what differs is drawn from them at random.
    const pairs = [];
    for (let at = 0; at < 20; at += 1) {
      const [there, absent] = probe.pair();
      pairs.push([await prepare(probe.sql(there)), await prepare(probe.sql(absent))]);
    }
    const times = [[], []];
    const plan = Array.from({ length: 2 * N }, (_, at) => at % 2);
    for (let at = plan.length - 1; at > 0; at -= 1) {
      const other = Math.floor(Math.random() * (at + 1));
      [plan[at], plan[other]] = [plan[other], plan[at]];
    }
    for (const pair of pairs) for (const request of pair) for (let at = 0; at < 5; at += 1) await execute(request);
    for (const side of plan) {
      const request = pairs[Math.floor(Math.random() * pairs.length)][side];
      const started = process.hrtime.bigint();
      await execute(request);
      times[side].push(Number(process.hrtime.bigint() - started) / 1000);
    }
    const { delta, p } = compare(...times);
    const verdict = p >= ALPHA ? 'not told apart' : probe.key ? 'TOLD APART' : 'told apart';
    const cells = [median(times[0]).toFixed(1), median(times[1]).toFixed(1)].map((text) => text.padStart(10)).join('');
    console.log(
      `${probe.name.padEnd(28)}${cells}${delta.toFixed(4).padStart(9)}${p.toExponential(1).padStart(10)}  ${verdict}`,
    );
  }
} finally {
  await judges.close();
  await source.close();
  await database.drop();
}
