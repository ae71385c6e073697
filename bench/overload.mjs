/**
 * What ten times the capacity does to those who are let in: the gateway over MySQL, whose answers come through a relay that
 * passes on so many a second. Asks one question at a time first, then at ten times the rate that the relay bears, then at a
 * rate that is borne again. Prints, in milliseconds: p99 alone, p99 of what was answered under load, their ratio; what was
 * refused, how the memory of the process grew, and the seconds until nothing was refused any more.
 *
 *   npm run build && node bench/overload.mjs mysql://root@127.0.0.1:3306/ [--seconds 60] [--answers 100] [--times 10]
 *
 * The database `swali_overload` is made there, and dropped. To reach: a ratio of 2, a growth that does not go on, 5 seconds.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createConnection } from 'mysql2/promise';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    answers: { type: 'string', default: '100' },
    times: { type: 'string', default: '10' },
  },
});
const [SERVER] = positionals;
const SECONDS = Number(values.seconds);
const ANSWERS = Number(values.answers);
const TIMES = Number(values.times);
const DATABASE = 'swali_overload';
const ALONE_S = 10;
const PASSWORD = 'a long bench password';
const SQL = 'SELECT total FROM orders WHERE id = 7';
const POLICY = `version: 1
source: overload
dialect: mysql
relations:
  orders:
    open_to: [customer, admin]
    rows: { customer: customer_number = :customer_number }
    columns: { id: {}, customer_number: {}, total: {} }
`;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const p99 = (times) => [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;

/** A port that leads to the server and passes on so many chunks of its answers a second, in order, whichever connection. */
async function startThrottle(host, port, perSecond) {
  const waiting = [];
  let isThrottled = false;
  let nextAt = 0;
  const pump = () => {
    while (waiting.length > 0 && performance.now() >= nextAt) {
      nextAt = Math.max(nextAt, performance.now() - 1000 / perSecond) + 1000 / perSecond;
      waiting.shift()();
    }
    if (waiting.length > 0) setTimeout(pump, Math.max(1, nextAt - performance.now()));
  };
  const server = createServer((near) => {
    const far = connect(port, host);
    near.setNoDelay();
    far.setNoDelay();
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => {
      if (!isThrottled) return near.write(chunk);
      waiting.push(() => near.write(chunk));
      if (waiting.length === 1) pump();
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, throttle: () => (isThrottled = true), close: () => server.close() };
}

async function makeSource() {
  const owner = await createConnection({ uri: SERVER, multipleStatements: true });
  await owner.query(`DROP DATABASE IF EXISTS ${DATABASE}; CREATE DATABASE ${DATABASE}; USE ${DATABASE};
    CREATE TABLE orders (id INT PRIMARY KEY, customer_number INT NOT NULL, total DECIMAL(10,2) NOT NULL, KEY (customer_number));
    INSERT INTO orders VALUES (7, 103, 12.50);
    DROP USER IF EXISTS swali_overload@'%'; CREATE USER swali_overload@'%' IDENTIFIED BY 'overload';
    GRANT SELECT ON ${DATABASE}.orders TO swali_overload@'%';`);
  return owner;
}

function swali(args, env, input) {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env.PATH, ...env } });
  child.stdin.end(input ?? '');
  child.stderr.pipe(process.stderr);
  return child;
}

const agent = new Agent({ keepAlive: true, maxSockets: 2000 });
/** One request; resolves with its status and its milliseconds. */
function post(base, path, body, token) {
  const started = performance.now();
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const sent = request(`${base}${path}`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, ms: performance.now() - started, text }));
    });
    sent.on('error', () => resolve({ status: 0, ms: performance.now() - started, text: '' }));
    sent.end(JSON.stringify(body));
  });
}

/** Asks at a steady rate, whatever comes back. */
async function ask(base, token, rate, seconds, onAnswer) {
  const started = performance.now();
  const pending = [];
  for (let sent = 0; sent < rate * seconds; ) {
    const due = Math.min(rate * seconds, ((performance.now() - started) / 1000) * rate);
    for (; sent < due; sent += 1) pending.push(post(base, '/v1/sql', { sql: SQL }, token).then(onAnswer));
    await pause(2);
  }
  await Promise.all(pending);
}

const folder = mkdtempSync(join(tmpdir(), 'swali-overload-'));
const owner = await makeSource();
const at = new URL(SERVER);
const relay = await startThrottle(at.hostname, Number(at.port || 3306), ANSWERS);
writeFileSync(join(folder, 'overload.yaml'), POLICY);
const env = {
  DATA_DIR: folder,
  PORT: '0',
  SOURCE_NAME: 'overload',
  SOURCE_URL: `mysql://swali_overload:overload@127.0.0.1:${relay.port}/${DATABASE}`,
  POLICY_DIR: folder,
  BCRYPT_COST: '4',
  RATE_LIMIT: 'off',
  LOG_LEVEL: 'silent',
};
let gateway = null;
try {
  const added = swali(['users', 'add', 'admin', '--identifier', 'root@example.org', '--password-stdin'], env, PASSWORD);
  await new Promise((resolve) => added.once('close', resolve));
  gateway = swali(['serve'], env);
  const base = await new Promise((resolve) =>
    gateway.stdout.on('data', (text) => {
      const found = /Swali answers at (http:\S+)/.exec(String(text));
      if (found) resolve(found[1]);
    }),
  );
  const signedIn = await post(base, '/v1/auth/admin/login', { identifier: 'root@example.org', password: PASSWORD });
  const token = JSON.parse(signedIn.text).access_token;
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))[1]) / 1024;
  for (let warm = 0; warm < 300; warm += 1) await post(base, '/v1/sql', { sql: SQL }, token);
  relay.throttle();
  const alone = [];
  for (const until = performance.now() + ALONE_S * 1000; performance.now() < until; ) {
    alone.push((await post(base, '/v1/sql', { sql: SQL }, token)).ms);
    await pause(20);
  }
  const capacity = 1000 / (alone.reduce((sum, ms) => sum + ms, 0) / alone.length);
  const rate = Math.max(ANSWERS, capacity) * TIMES;
  console.log(
    `alone        p50 ${alone.sort((a, b) => a - b)[alone.length >> 1].toFixed(1)} p99 ${p99(alone).toFixed(1)} ms`,
  );
  const before = rss();
  const admitted = [];
  const counts = {};
  const refusedMs = [];
  const started = performance.now();
  const grown = [];
  const watch = setInterval(() => grown.push(rss() - before), 1000);
  await ask(base, token, rate, SECONDS, ({ status, ms }) => {
    counts[status] = (counts[status] ?? 0) + 1;
    if (status === 200) admitted.push(ms);
    else refusedMs.push(ms);
  });
  clearInterval(watch);
  const took = (performance.now() - started) / 1000;
  const sorted = admitted.sort((a, b) => a - b);
  console.log(
    `under load   p50 ${sorted[sorted.length >> 1].toFixed(1)} p99 ${p99(admitted).toFixed(1)} ms, ${(admitted.length / took).toFixed(0)} answered a second of ${rate.toFixed(0)}`,
  );
  console.log(`ratio        ${(p99(admitted) / p99(alone)).toFixed(2)}`);
  console.log(
    `statuses     ${JSON.stringify(counts)}; a refusal took p50 ${refusedMs.sort((a, b) => a - b)[refusedMs.length >> 1]?.toFixed(1)} ms`,
  );
  console.log(
    `memory       ${before.toFixed(0)} MB before; grew by ${grown
      .map((mb) => mb.toFixed(0))
      .filter((_, at) => at % 10 === 9)
      .join(', ')} MB, most ${Math.max(...grown).toFixed(0)}`,
  );
  const recovering = performance.now();
  let lastBad = recovering;
  await ask(base, token, Math.max(2, capacity / 4), 8, ({ status, ms }) => {
    if (status !== 200 || ms > 2 * p99(alone)) lastBad = performance.now();
  });
  console.log(`recovery     ${((lastBad - recovering) / 1000).toFixed(2)} s`);
} finally {
  gateway?.kill('SIGKILL');
  relay.close();
  await owner.query(`DROP DATABASE ${DATABASE}; DROP USER swali_overload@'%'`);
  await owner.end();
  agent.destroy();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
