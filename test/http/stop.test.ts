import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, afterEach, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'swali-stop-'));
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Breaks the program from within when it gets SIGUSR2: by a promise that nobody waits for, or by an error thrown. */
const BREAK = `process.on('SIGUSR2', () => {
  if (process.env.BREAK_BY === 'rejection') Promise.reject(new Error('broken on purpose'));
  else setImmediate(() => { throw new Error('broken on purpose'); });
});`;

async function start(env: Record<string, string> = {}) {
  const preload = `data:text/javascript,${encodeURIComponent(BREAK)}`;
  const child = spawn(process.execPath, ['--import', preload, join(ROOT, 'dist/main.js'), 'serve'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', DATA_DIR: folder, PORT: '0', BCRYPT_COST: '4', ...env },
  });
  running.add(child);
  let [out, log] = ['', ''];
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (log += String(chunk)));
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  void exited.then(() => running.delete(child));
  const address = () => /Swali answers at (http:\S+)/.exec(out)?.[1] ?? '';
  await expect.poll(address, { timeout: 60_000 }).not.toBe('');
  return { child, exited, url: address(), log: () => log };
}

/** The newest record of the audit log, as it stands in the store. */
function readLast(): string {
  const store = new DatabaseSync(join(folder, 'store.sqlite'), { readOnly: true });
  try {
    const row = store.prepare('select body from audit_records order by id desc limit 1').get() as { body: string };
    return row.body;
  } finally {
    store.close();
  }
}

const endOfRun = (reason: string) => new RegExp(`"action":"stop".*"reasons":\\["${reason}"\\]`);

describe('the program when it is stopped', { timeout: 120_000 }, () => {
  it('fails its readiness first, takes requests during the delay, and ends with a record of the stop', async () => {
    const { child, exited, url, log } = await start({ SHUTDOWN_DELAY_MS: '1500' });
    child.kill('SIGTERM');
    await expect.poll(log).toContain('stopping');
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { checks: { gateway: 'stopping' } }]);
    const live = await fetch(`${url}/livez`);
    expect([live.status, live.headers.get('connection')]).toEqual([200, 'close']);
    expect(await exited).toBe(0);
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
    expect(readLast()).toMatch(endOfRun('signal'));
  });

  it('exits at once with 1 at the second signal', async () => {
    const { child, exited, log } = await start({ SHUTDOWN_DELAY_MS: '50000', SHUTDOWN_TIMEOUT_MS: '60000' });
    child.kill('SIGTERM');
    await expect.poll(log).toContain('stopping');
    child.kill('SIGINT');
    expect(await exited).toBe(1);
    expect(log()).not.toContain('"msg":"stopped"');
  });

  it.each(['rejection', 'exception'])(
    'stops in order and exits with 1 after an %s that nobody caught',
    async (kind) => {
      const { child, exited, log } = await start({ BREAK_BY: kind });
      child.kill('SIGUSR2');
      expect(await exited).toBe(1);
      expect(log()).toContain('a fault that nobody caught');
      expect(log()).toContain('broken on purpose');
      expect(log()).toContain('"msg":"stopped"');
      expect(readLast()).toMatch(endOfRun('fault'));
    },
  );
});
