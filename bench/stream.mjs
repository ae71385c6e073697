/**
 * What an export costs in memory while it leaves: starts the gateway over a table of numbers, exports 10^5 and 10^6 rows of about
 * 60 bytes to a reader that takes them as fast as it can, and prints the time, the bytes and by how much the resident memory of
 * the gateway grew at most (its SQLite children apart).
 *
 * Usage: npm run build && node bench/stream.mjs [sqlite | mysql://user:password@host/database]
 *
 * A database on a server must be there and empty; the table `numbers` is made in it and dropped at the end.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const ROWS = [100_000, 1_000_000];
const PASSWORD = 'a long bench password';
const given = process.argv[2] ?? 'sqlite';
const folder = mkdtempSync(join(tmpdir(), 'swali-bench-stream-'));
const isSqlite = given === 'sqlite';
const sourceUrl = isSqlite ? `sqlite:${join(folder, 'numbers.sqlite')}` : given;

const TABLE = 'CREATE TABLE numbers (id INTEGER PRIMARY KEY, label VARCHAR(60) NOT NULL)';
const fill = (from, to) =>
  `INSERT INTO numbers VALUES ${Array.from({ length: to - from }, (_, at) => `(${from + at},'${'x'.repeat(40)}${from + at}')`).join(',')}`;

async function makeTable() {
  const step = 10_000;
  const most = Math.max(...ROWS);
  if (isSqlite) {
    const database = new DatabaseSync(join(folder, 'numbers.sqlite'));
    database.exec(`${TABLE}; BEGIN`);
    for (let from = 0; from < most; from += step) database.exec(fill(from, from + step));
    database.exec('COMMIT');
    database.close();
    return async () => {};
  }
  const connection = await createConnection(given);
  await connection.query(TABLE);
  for (let from = 0; from < most; from += step) await connection.query(fill(from, from + step));
  return async () => {
    await connection.query('DROP TABLE numbers');
    await connection.end();
  };
}

const POLICY = `version: 1
source: bench
dialect: ${isSqlite ? 'sqlite' : 'mysql'}
relations:
  numbers:
    open_to: [admin]
    columns: { id: {}, label: {} }
limits: { default: { timeout_ms: 120000 } }
`;
const TIER = {
  requests_per_minute: 1000,
  requests_per_day: 1000,
  model_tokens_per_day: 1,
  over_budget: 'refuse',
  concurrency: 4,
  rows: 1000,
  export_rows: 1_000_000,
  export_bytes: 256 * 1024 * 1024,
};
writeFileSync(join(folder, 'bench.yaml'), POLICY);
writeFileSync(join(folder, 'tiers.json'), JSON.stringify({ standard: TIER }));

const env = {
  PATH: process.env.PATH,
  DATA_DIR: folder,
  PORT: '0',
  SOURCE_NAME: 'bench',
  SOURCE_URL: sourceUrl,
  POLICY_DIR: folder,
  TIERS_FILE: join(folder, 'tiers.json'),
  QUERY_TIMEOUT_MS: '120000',
  ALLOW_WIDE_GRANTS: 'on',
  TRANSLATOR: 'offline',
  RATE_LIMIT: 'off',
};

/** Runs one command of the program to its end. */
function run(args, input = '') {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.end(input);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${args.join(' ')} ended with ${code}`))));
  });
}

function post(url, body, headers) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }, resolve);
    sent.once('error', reject);
    sent.end(JSON.stringify(body));
  });
}

const residentOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

async function measure(address, token, pid, rows) {
  const before = residentOf(pid);
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, residentOf(pid));
  }, 20);
  const began = performance.now();
  const response = await post(
    `${address}/v1/export`,
    { sql: `SELECT id, label FROM numbers ORDER BY id LIMIT ${rows}`, format: 'csv' },
    { authorization: `Bearer ${token}` },
  );
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  clearInterval(timer);
  if (response.statusCode !== 200 || !response.complete || !response.trailers['swali-receipt']) {
    throw new Error(`the export failed with ${response.statusCode}`);
  }
  const seconds = (performance.now() - began) / 1000;
  const mib = (count) => (count / 1024 / 1024).toFixed(1);
  process.stdout.write(
    `${String(rows).padStart(9)} rows  ${mib(bytes).padStart(6)} MiB  ${seconds.toFixed(2).padStart(6)} s  ` +
      `memory ${before.toFixed(0)} MiB before, grew by ${(most - before).toFixed(1)} MiB at most\n`,
  );
}

const dropTable = await makeTable();
try {
  await run(['users', 'add', 'admin', '--identifier', 'root@example.org', '--password-stdin'], `${PASSWORD}\n`);
  const gateway = spawn(process.execPath, [MAIN, 'serve'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const address = await new Promise((resolve, reject) => {
      let text = '';
      gateway.stdout.on('data', (chunk) => {
        text += chunk;
        const found = /Swali answers at (http:\S+)/.exec(text)?.[1];
        if (found) resolve(found);
      });
      gateway.once('close', (code) => reject(new Error(`the gateway ended with ${code}: ${text}`)));
    });
    const signedIn = await post(`${address}/v1/auth/admin/login`, {
      identifier: 'root@example.org',
      password: PASSWORD,
    });
    let text = '';
    for await (const chunk of signedIn) text += chunk;
    const token = JSON.parse(text).access_token;
    // The first makes what stays: code, caches, connections.
    await measure(address, token, gateway.pid, 10_000);
    for (const rows of ROWS) await measure(address, token, gateway.pid, rows);
  } finally {
    gateway.kill('SIGKILL');
  }
} finally {
  await dropTable();
  rmSync(folder, { recursive: true, force: true });
}
