/**
 * What the audit record adds to an answer: the time from handing a record over until it is on the disk, at steady rates, on
 * SQLite. Arrivals are as of people: each independent of the others (Poisson), from a fixed seed.
 *
 *   npm run build && node bench/audit.mjs [--runs 5] [--seconds 5]
 *
 * Milliseconds. To reach: a median of 1 ms at most under load, which is 300 records a second and more; at lower rates the process
 * has slept before each, and finds its caches cold. Beside it the bare cost of one durable commit of the same
 * file, measured in the same run: no record can take less.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DatabaseSync } from '@photostructure/sqlite';
import { openAuditLog } from '../dist/audit/append-log.js';
import { readSigner } from '../dist/audit/ed25519.js';
import { createKeyRing } from '../dist/store/key-ring.js';
import { migrateStore, openStore } from '../dist/store/store.js';

const RATES = [20, 100, 300, 1000];
const SUBJECTS = 200;
const MOST_MS = 1;
const LOAD_FROM = 300;

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, seconds: { type: 'string', default: '5' } },
});

function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
const median = (list) =>
  quantile(
    [...list].sort((a, b) => a - b),
    0.5,
  );
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function recordOf(n) {
  return {
    event: 'question',
    requestId: `request-${n}`,
    address: '203.0.113.9',
    tenant: null,
    subject: `customer:${n % SUBJECTS}`,
    kind: 'customer',
    question: 'How many orders did I place in 2025, by month and by status?',
    sqlDigest: `sha256:${'0'.repeat(64)}`,
    translator: 'offline',
    decision: 'answered',
    code: null,
    reasons: ['orders.rows.customer'],
    relations: ['orders'],
    rowCount: 12,
    durationMs: 8.25,
  };
}

/** Times of all appends of one run at one rate, sorted. */
async function timeAppends(log, rate, seconds, random) {
  const times = [];
  const pending = [];
  const startedAt = performance.now();
  let due = 0;
  for (let n = 0; due < seconds * 1000; n += 1) {
    const wait = startedAt + due - performance.now();
    if (wait > 1) await sleep(wait);
    const from = performance.now();
    pending.push(log.append(recordOf(n)).then(() => times.push(performance.now() - from)));
    due += (-Math.log(random()) * 1000) / rate;
  }
  await Promise.all(pending);
  return times.sort((a, b) => a - b);
}

/** Median of one durable commit, past everything of ours. */
function timeCommits(path) {
  const database = new DatabaseSync(path, { timeout: 1000 });
  database.exec('PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS bench (a TEXT)');
  const insert = database.prepare('INSERT INTO bench VALUES (?)');
  const times = Array.from({ length: 300 }, () => {
    const from = performance.now();
    insert.run('x'.repeat(800));
    return performance.now() - from;
  });
  database.close();
  return median(times);
}

const folder = mkdtempSync(join(tmpdir(), 'swali-bench-audit-'));
let missed = 0;
try {
  const path = join(folder, 'store.sqlite');
  const store = await openStore(`sqlite:${path}`);
  await migrateStore(store);
  const keys = {
    keyRing: createKeyRing({ current: 'k'.repeat(40) }),
    signer: readSigner('AUDIT_PRIVATE_KEY', 'a1'.repeat(32)),
  };
  const log = await openAuditLog({ store, clock: Date.now, writerId: 'bench', ...keys });
  for (let n = 0; n < SUBJECTS; n += 1) await log.append(recordOf(n));
  const results = new Map(RATES.map((rate) => [rate, []]));
  for (let run = 0; run < Number(values.runs); run += 1) {
    for (const rate of RATES) {
      const times = await timeAppends(log, rate, Number(values.seconds), randomFrom(run * 100 + rate));
      results.get(rate).push({ p50: quantile(times, 0.5), p99: quantile(times, 0.99), count: times.length });
    }
  }
  console.log('records a second | median, ms | p99, ms | records of a run');
  for (const [rate, runs] of results) {
    const p50 = median(runs.map((run) => run.p50));
    const p99 = median(runs.map((run) => run.p99));
    if (rate >= LOAD_FROM && p50 > MOST_MS) missed += 1;
    console.log(`${rate} | ${p50.toFixed(2)} | ${p99.toFixed(2)} | ${median(runs.map((run) => run.count))}`);
  }
  console.log(`one durable commit alone, ms: ${timeCommits(path).toFixed(2)}`);
  const report = await log.verify();
  console.log(`${report.records} records: ${report.intact ? 'intact' : 'NOT intact'}`);
  console.log(`added at the median under load, to reach ${MOST_MS} ms: ${missed === 0 ? 'reached' : 'MISSED'}`);
  await store.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = missed === 0 ? 0 : 1;
