/**
 * Seconds from a clean clone to the first answer: clones the committed tree into a temporary folder, installs with an empty
 * home and npm cache, starts, signs in as the demonstration customer and asks. Prints one line per step.
 *
 *   node bench/clean-clone.mjs [PORT]
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const port = process.argv[2] ?? '3999';
const base = `http://127.0.0.1:${port}`;
const folder = mkdtempSync(join(tmpdir(), 'swali-clone-'));
const tree = join(folder, 'tree');
const home = join(folder, 'home');
const env = { PATH: process.env.PATH, HOME: home, npm_config_cache: join(home, 'cache'), PORT: port };
const started = performance.now();
let last = started;

function report(step) {
  const now = performance.now();
  console.log(`${step.padEnd(24)} ${((now - last) / 1000).toFixed(1).padStart(6)} s`);
  last = now;
}

function run(command, args, cwd) {
  const { status, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

async function post(path, body, token) {
  const response = await fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function waitUntilReady() {
  for (let tries = 0; tries < 600; tries += 1) {
    const ready = await fetch(`${base}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((next) => setTimeout(next, 100));
  }
  throw new Error('not ready within 60 s');
}

let server;
try {
  run('git', ['clone', '--quiet', resolve(import.meta.dirname, '..'), tree], folder);
  report('git clone');
  run('npm', ['ci', '--silent'], tree);
  report('npm ci');
  server = spawn('npm', ['start', '--silent'], { cwd: tree, env, detached: true });
  let output = '';
  server.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await waitUntilReady();
  report('npm start, until ready');
  const password = /customer\s+103\s+(\S+)/.exec(output)?.[1];
  const { access_token: token } = await post('/v1/auth/customer/login', { identifier: '103', password });
  const answer = await post('/v1/ask', { question: 'How many orders did I place last year?' }, token);
  report('sign in and ask');
  console.log(
    `${'in all'.padEnd(24)} ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s: ${answer.text}`,
  );
} finally {
  if (server) process.kill(-server.pid, 'SIGTERM');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
