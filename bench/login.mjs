/**
 * What sign-ins cost others: the time of a verified question at a steady rate, alone and while eight sign-ins are always in
 * flight, and the longest time for which the gateway's event loop stood still meanwhile. The gateway is the built one, in a
 * process of its own, with passwords of cost 12 and one thread that hashes them, as on a machine with two cores.
 *
 *   npm run build && node bench/login.mjs [--runs 5] [--seconds 12] [--rate 25]
 *
 * Times are milliseconds, seen by the caller, from when a question was due. To reach, by the median of the runs: a delay below
 * 20 ms, and a p99 at most twice that of the question alone. Other work on the machine lengthens everything but `longest turn`:
 * the most time that a processor ran the event loop's thread between two turns of it (Linux).
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const LOGINS = 8;
const QUESTION = 'How many orders did I place in 2025?';
const WARM_UP_S = 2;
const MOST_DELAY_MS = 20;
const MOST_RATIO = 2;

/**
 * Loaded before the program: measures the delay of its event loop by a timer of one millisecond, and says what it was when it is
 * asked. Whatever the machine has, the program sees two cores, and so makes one thread for passwords.
 */
const PRELOAD = `
import os from 'node:os';
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
os.availableParallelism = () => 2;
syncBuiltinESMExports();
if (isMainThread && process.channel) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const ran = () => {
    try {
      return Number(readFileSync('/proc/self/task/' + process.pid + '/schedstat', 'utf8').split(' ')[0]) / 1e6;
    } catch {
      return NaN;
    }
  };
  let last = ran();
  let turn = 0;
  setInterval(() => {
    const now = ran();
    turn = Math.max(turn, now - last);
    last = now;
  }, 2).unref();
  process.on('message', (what) => {
    if (what === 'begin') {
      delay.reset();
      turn = 0;
    } else process.send({ max: delay.max / 1e6, turn });
  });
  process.channel.unref();
}
`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '12' },
    rate: { type: 'string', default: '25' },
  },
});
const [runs, seconds, rate] = [values.runs, values.seconds, values.rate].map(Number);

const median = (all) => percentile(all, 0.5);
function percentile(all, share) {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function startGateway() {
  const folder = mkdtempSync(join(tmpdir(), 'swali-login-bench-'));
  const preload = `data:text/javascript,${encodeURIComponent(PRELOAD)}`;
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const child = spawn(process.execPath, ['--import', preload, main, 'serve'], {
    env: {
      PATH: process.env.PATH,
      DATA_DIR: folder,
      PORT: '0',
      BCRYPT_COST: '12',
      RATE_LIMIT: 'off',
      JUDGE_TIMEOUT_MS: '20000',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let written = '';
  child.stdout.on('data', (chunk) => {
    written += chunk;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const address = () => /Swali answers at (http:\S+)/.exec(written)?.[1];
  while (!address()) {
    if (child.exitCode !== null) throw new Error('the gateway did not start');
    await sleep(50);
  }
  const [, , identifier, password] = /^ {2}(customer) +(\S+) +(\S{24})$/m.exec(written);
  return {
    address: address(),
    credentials: { identifier, password },
    beginDelay: () => child.send('begin'),
    readDelay: () =>
      new Promise((resolve) => {
        child.once('message', resolve);
        child.send('read');
      }),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Node's own client: fetch takes longer than the answer. */
function post(address, path, body, token) {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const call = request(
      `${address}${path}`,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
          ...(token ? { authorization: `Bearer ${token}` } : {}),
        },
      },
      (response) => {
        let answer = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          answer += chunk;
        });
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(answer));
          else reject(new Error(`${path}: ${response.statusCode} ${answer}`));
        });
      },
    );
    call.on('error', reject);
    call.end(text);
  });
}

/** Asks at a steady rate, whether or not answers come. @returns times of the answers, and the delay of the gateway's event loop */
async function askSteadily(gateway, token, seconds) {
  const times = [];
  const running = [];
  const began = performance.now();
  gateway.beginDelay();
  for (let n = 0; n < seconds * rate; n += 1) {
    const due = began + (n * 1000) / rate;
    await sleep(Math.max(0, due - performance.now()));
    const answered = post(gateway.address, '/v1/ask', { question: QUESTION }, token).then((answer) => {
      if (answer.provenance.translator !== 'verified') throw new Error('the question is not a verified one');
      times.push(performance.now() - due);
    });
    running.push(answered);
  }
  await Promise.all(running);
  return { times, delay: await gateway.readDelay() };
}

/** Keeps so many sign-ins in flight until it is told to end. @returns how many were made */
function keepSigningIn(gateway) {
  let isOn = true;
  let made = 0;
  const signIn = async () => {
    while (isOn) {
      await post(gateway.address, '/v1/auth/customer/login', gateway.credentials);
      made += 1;
    }
  };
  const all = Promise.all(Array.from({ length: LOGINS }, signIn));
  return async () => {
    isOn = false;
    await all;
    return made;
  };
}

function print(cells) {
  console.log(cells.map((cell, at) => String(cell).padStart([7, 10, 10, 10, 10, 7, 12, 12, 13, 9][at])).join(' '));
}
const show = (value) => value.toFixed(2);

const gateway = await startGateway();
try {
  const { access_token: token } = await post(gateway.address, '/v1/auth/customer/login', gateway.credentials);
  print([
    'run',
    'alone p50',
    'alone p99',
    'with p50',
    'with p99',
    'ratio',
    'alone delay',
    'with delay',
    'longest turn',
    'sign-ins',
  ]);
  const found = [];
  for (let run = 1; run <= runs; run += 1) {
    await askSteadily(gateway, token, WARM_UP_S);
    const alone = await askSteadily(gateway, token, seconds);
    const end = keepSigningIn(gateway);
    await askSteadily(gateway, token, WARM_UP_S);
    const beside = await askSteadily(gateway, token, seconds);
    const signIns = await end();
    const [a50, a99, w50, w99] = [alone.times, beside.times].flatMap((t) => [percentile(t, 0.5), percentile(t, 0.99)]);
    const row = [a50, a99, w50, w99, w99 / a99, alone.delay.max, beside.delay.max, beside.delay.turn];
    found.push(row);
    print([run, ...row.map(show), signIns]);
  }
  const medians = found[0].map((_, at) => median(found.map((row) => row[at])));
  print(['median', ...medians.map(show), '']);
  const [, , , , ratio, , delay] = medians;
  const say = (what, value, most) =>
    console.log(`${what}: ${value.toFixed(2)}, to reach ${most}: ${value <= most ? 'reached' : 'MISSED'}`);
  say('longest delay of the event loop beside sign-ins, ms', delay, MOST_DELAY_MS);
  say('p99 beside sign-ins, times that alone', ratio, MOST_RATIO);
} finally {
  agent.destroy();
  await gateway.stop();
}
