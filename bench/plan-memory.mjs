/**
 * Memory of cached plans, and of prepared statements on a MySQL or MariaDB server.
 *
 * - heap that 10 000 distinct plans of medium statements take in the seal's cache; to reach: 64 MiB
 * - the same after many of the longest texts: the cache is bounded by bytes as well
 * - with TEST_MYSQL_URL or TEST_MARIADB_URL: prepared statements on the server with every connection of every pool full,
 *   against max_prepared_stmt_count; to reach: under 80 %
 *
 *   node --expose-gc bench/plan-memory.mjs
 */
import { CUSTOMER, callerSql, makeShop, STATEMENTS } from './seal-shop.mjs';

const { createSeal } = await import('../dist/seal/index.js');

const PLANS = 10_000;
const LONG_PLANS = 1_500;
const MIB = 1024 * 1024;

/** What the judges find is measured elsewhere: here they would only make the benchmark last. */
const silent = { gate: () => Promise.resolve(), judge: () => Promise.resolve() };

function heapAfterGc() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

async function fill(seal, view, count, write) {
  for (let number = 0; number < count; number += 1) {
    // Another string each time, as it is when it comes with a request.
    const sql = Buffer.from(write(number)).toString();
    await seal.seal(callerSql(sql), CUSTOMER, view);
  }
}

function show(what, bytes) {
  console.log(`${what.padEnd(64)}${(bytes / MIB).toFixed(1).padStart(8)} MiB`);
}

async function measureHeap(dialect) {
  const { catalog, policy } = makeShop(dialect);
  const view = policy.viewFor(CUSTOMER);
  const texts = Object.values(STATEMENTS);
  const writeMedium = (number) =>
    texts[number % texts.length].replace('SELECT ', `SELECT ${1_000_000 + number} AS n, `);
  // A text of 16 KiB that every plan keeps as a value of its own.
  const writeLong = (number) => `SELECT order_number FROM orders WHERE status = '${number} ${'é'.repeat(8_000)}'`;
  await fill(createSeal({ catalog, judges: silent }), view, 50, writeMedium);
  const before = heapAfterGc();
  const seal = createSeal({ catalog, judges: silent });
  await fill(seal, view, PLANS, writeMedium);
  show(`${dialect}: heap of ${PLANS} plans of medium statements`, heapAfterGc() - before);
  await fill(seal, view, LONG_PLANS, writeLong);
  show(`${dialect}: after ${LONG_PLANS} of the longest texts`, heapAfterGc() - before);
  // The cache is held until here.
  await seal.seal(callerSql(texts[0]), CUSTOMER, view);
}

/** Fills every connection of two pools with statements, and asks the server how many it keeps. */
async function measurePrepared(url) {
  const { openSource } = await import('../dist/source/open-source.js');
  const size = 16;
  // Equal URLs share a pool; the host's other name makes a second one.
  const admin = url.replace('127.0.0.1', 'localhost');
  const source = await openSource({ url, urlsByKind: { admin }, size, queueLimit: 1000, allowWideGrants: true });
  try {
    const read = async (sql) => Number(Object.values((await source.inspect(sql))[0]).at(-1));
    const before = await read("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'");
    const limit = await read('SELECT @@max_prepared_stmt_count AS n');
    const limits = { timeoutMs: 60_000, maxRows: 10, maxBytes: 1024, mayEstimate: false };
    const run = (kind, number) => source.execute({ sql: `SELECT ${number} AS c1`, parameters: [], kind, ...limits });
    const work = (kind) =>
      Array.from({ length: size }, async (_, lane) => {
        for (let number = 0; number < 600; number += 1) await run(kind, 1000 * lane + number);
      });
    await Promise.all([...work('customer'), ...work('admin')]);
    const kept = (await read("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'")) - before;
    const share = ((100 * kept) / limit).toFixed(1);
    console.log(`${source.dialect}: ${2 * size} connections keep ${kept} prepared statements, ${share} % of ${limit}`);
  } finally {
    await source.close();
  }
}

for (const dialect of ['mysql', 'sqlite']) {
  await measureHeap(dialect);
  // What the last one left must not count for the next.
  heapAfterGc();
}
for (const name of ['TEST_MYSQL_URL', 'TEST_MARIADB_URL']) {
  const url = process.env[name];
  if (url) await measurePrepared(new URL('mysql', url).href);
  else console.log(`${name} is not set: prepared statements there are not counted`);
}
