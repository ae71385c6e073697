import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'dist/main.js');

interface Run {
  readonly process: ChildProcess;
  stdout: string;
  stderr: string;
  readonly exited: Promise<number | null>;
}

let folder = '';
const running = new Set<ChildProcess>();

/** Starts the compiled program as a person would, with a folder of its own. */
function start(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly input?: string } = {},
): Run {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      DATA_DIR: folder,
      PORT: '0',
      BCRYPT_COST: '4',
      JUDGE_TIMEOUT_MS: '20000',
      ...options.env,
    },
  });
  running.add(child);
  const run: Run = {
    process: child,
    stdout: '',
    stderr: '',
    exited: new Promise((resolve) => child.once('close', (code) => resolve(code))),
  };
  child.stdout.on('data', (chunk) => {
    run.stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    run.stderr += String(chunk);
  });
  child.stdin.end(options.input ?? '');
  void run.exited.then(() => running.delete(child));
  return run;
}

async function finish(
  args: readonly string[],
  options?: Parameters<typeof start>[1],
): Promise<Run & { code: number | null }> {
  const run = start(args, options);
  const code = await run.exited;
  return Object.assign(run, { code });
}

/** Waits for the line that says where the gateway answers. */
async function addressOf(run: Run): Promise<string> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    const address = /Swali answers at (http:\S+)/.exec(run.stdout)?.[1];
    if (address !== undefined) return address;
    if (run.process.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the gateway did not start: ${run.stderr}`);
}

const post = (url: string, body: object, token?: string) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });

beforeAll(() => {
  expect(existsSync(MAIN), 'build first: npm run build').toBe(true);
  folder = mkdtempSync(join(tmpdir(), 'swali-serve-'));
});
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('a fresh machine', { timeout: 120_000 }, () => {
  let server: Run;
  let address = '';
  const tokens = new Map<string, string>();
  const passwords = new Map<string, { identifier: string; password: string }>();

  it('starts with no setting at all, makes the business and shows three passwords', async () => {
    server = start(['serve']);
    address = await addressOf(server);
    for (const [, kind, identifier, password] of server.stdout.matchAll(/^ {2}(\w+) +(\S+) +(\S{24})$/gm)) {
      passwords.set(kind as string, { identifier: identifier as string, password: password as string });
    }
    expect([...passwords.keys()]).toEqual(['customer', 'employee', 'admin']);
    expect(statSync(join(folder, 'jwt-secret')).mode & 0o777).toBe(0o600);
    for (const { password } of passwords.values()) {
      expect(server.stderr).not.toContain(password);
      expect(readFileSync(join(folder, 'store.sqlite')).includes(password)).toBe(false);
    }
  });

  it('lets each of the three sign in and ask', async () => {
    for (const [kind, question] of [
      ['customer', 'How many orders did I place last year?'],
      ['employee', 'How many orders were placed last year?'],
      ['admin', 'Who are our best customers?'],
    ] as const) {
      const login = await post(`${address}/v1/auth/${kind}/login`, passwords.get(kind) as object);
      expect(login.status, kind).toBe(200);
      const { access_token: token } = (await login.json()) as { access_token: string };
      tokens.set(kind, token);
      const answer = await post(`${address}/v1/ask`, { question }, token);
      expect(answer.status, kind).toBe(200);
      expect(await answer.json()).toMatchObject({ status: 'answered', question });
    }
  });

  it('answers in the terminal beside the running gateway', async () => {
    const run = await finish(['ask', '--as', 'customer', 'How many orders did I place last year?']);
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toContain('orders.rows.customer');
    expect(run.stdout).toMatch(/translator\s+verified/);
  });

  it('exits with 1 and the coded sentence where it refuses', async () => {
    const run = await finish(['sql', '--as', 'customer', 'DELETE FROM orders']);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/^SEAL_NOT_SELECT: This would change data/);
    expect(run.stdout).toBe('');
  });

  it('adds an account whose password comes by standard input, and lets it in', async () => {
    const add = [
      'users',
      'add',
      'employee',
      '--identifier',
      'Ben@Example.org',
      '--role',
      'viewer',
      '--allow-tables',
      'products',
    ];
    const added = await finish([...add, '--password-stdin'], { input: 'correct horse battery\n' });
    expect([added.code, added.stderr, added.stdout]).toEqual([0, '', 'Added employee:2.\n']);
    const login = { identifier: 'ben@example.org', password: 'correct horse battery' };
    expect((await post(`${address}/v1/auth/employee/login`, login)).status).toBe(200);
    const again = await finish([...add, '--password-stdin'], { input: 'correct horse battery\n' });
    expect([again.code, again.stderr.split(':')[0]]).toEqual([1, 'IDENTITY_EXISTS']);
    const short = await finish([...add, '--password-stdin'], { input: 'short\n' });
    expect([short.code, short.stderr.split(':')[0]]).toEqual([1, 'IDENTITY_INPUT_INVALID']);
  });

  it('keeps one intact audit log over all of these processes', async () => {
    const run = await finish(['audit', 'verify']);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/\d+ records by 2 writers: intact\./);
  });

  it('checks the policy, runs the owner’s cases and explains', async () => {
    const check = await finish(['policy', 'check']);
    expect([check.code, check.stderr]).toEqual([0, '']);
    const cases = await finish(['policy', 'test']);
    expect([...cases.stdout.trim().split('\n').slice(-2), cases.stderr]).toEqual([
      expect.stringMatching(/^(\d+) of \1 cases hold\.$/),
      expect.stringMatching(/^(\d+) of \1 verified questions hold: \1 of the file, 0 promoted\.$/),
      '',
    ]);
    const explained = await finish(['policy', 'explain', '--as', 'customer', '--sql', 'SELECT COUNT(*) FROM orders']);
    expect(explained.stdout).toMatch(/LIMIT -1/);
    expect(explained.stdout).toContain('claim customer_number');
    const proposed = await finish(['policy', 'init', '--stdout']);
    expect(proposed.stdout).toContain('version: 1');
    const kept = await finish(['policy', 'init']);
    expect([kept.code, kept.stderr.split(':')[0]]).toEqual([1, 'POLICY_INVALID']);
  });

  it('stops in order at SIGTERM', async () => {
    server.process.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    expect(server.stderr).toContain('"msg":"stopped"');
  });

  it('has start, policy and stop on record, and shows them to the operator', async () => {
    const listed = await finish(['audit', 'list', '--event', 'gateway', '--format', 'jsonl']);
    const events = listed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(events).toMatchObject([
      { action: 'stop', reasons: ['signal'], clean: true },
      { action: 'start', decision: 'accepted', engines: { node: process.versions.node } },
    ]);
    const policies = await finish(['audit', 'list', '--event', 'policy', '--format', 'jsonl']);
    const [policy] = policies.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    expect(policy).toMatchObject({ source: 'demo', decision: 'accepted', version: expect.stringMatching(/^sha256:/) });
    const table = await finish(['audit', 'list', '--event', 'gateway']);
    expect(table.stdout.split('\n')[0]).toMatch(
      /^\d+ {2}\S+Z {2}gateway {2}stop {2}- {2}- {2}accepted {2}- {2}cli {2}\S+$/,
    );
  });

  it('starts again without new accounts, and with the sessions still good', async () => {
    const again = start(['serve']);
    const next = await addressOf(again);
    expect(again.stdout).not.toContain('shown this once');
    const schema = await fetch(`${next}/v1/schema`, { headers: { authorization: `Bearer ${tokens.get('customer')}` } });
    expect(schema.status).toBe(200);
    again.process.kill('SIGTERM');
    expect(await again.exited).toBe(0);
  });
});

describe('a start that cannot be', { timeout: 60_000 }, () => {
  it('names every wrong setting at once and starts nothing', async () => {
    const run = await finish(['serve'], { env: { PORT: 'many', TRANSLATOR: 'psychic' } });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('SETTINGS_INVALID');
    expect(run.stderr).toMatch(/PORT: "many" is not usable, expected/);
    expect(run.stderr).toMatch(/TRANSLATOR: "psychic" is not usable, expected/);
    expect(run.stdout).toBe('');
  });

  it('refuses production with what development lets pass', async () => {
    const run = await finish(['serve'], { env: { NODE_ENV: 'production' } });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('JWT_SECRET: is not set');
    expect(run.stderr).toContain('PUBLIC_URL: is not an https address');
  });

  it('says what a wrong command line lacks', async () => {
    const run = await finish(['ask', 'How many orders?']);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('--as');
    expect((await finish(['ask', '--as', 'ghost', 'How many orders?'])).stderr).toMatch(/^IDENTITY_INPUT_INVALID/);
  });
});
