import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { migrateStore, openStore } from '../../src/store/store.js';

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const MIB = 1024 * 1024;
const RECORDS = 200_000;

const folder = mkdtempSync(join(tmpdir(), 'swali-memory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A store with so many audit records. What they say is nothing: only their bytes count here. */
async function makeStore(name: string, records: number): Promise<string> {
  const url = `sqlite:${join(folder, name)}`;
  const store = await openStore(url);
  await migrateStore(store);
  await store.run((db) =>
    sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${records})
      insert into audit_records (writer, sequence, at, event, body, previous_hash, hash)
      select 'w', i, i, 'login', hex(randomblob(500)), 'p', 'h' from n`.execute(db),
  );
  await store.close();
  return url;
}

/** Runs one command in a process of its own. @returns the most memory that it had, in bytes */
async function peakOf(url: string, ...args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: {
      PATH: process.env.PATH,
      DATA_DIR: folder,
      STORE_URL: url,
      BACKUP_KEY: 'a key of backups with 32 characters or more',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let [peak, errors] = [0, ''];
  child.stderr.on('data', (text) => {
    errors += String(text);
  });
  const look = setInterval(() => {
    try {
      const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      peak = Math.max(peak, Number(kib ?? 0) * 1024);
    } catch {
      // It has ended.
    }
  }, 20);
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(look);
  expect([code, errors.trim()]).toEqual([0, '']);
  return peak;
}

describe.skipIf(!existsSync('/proc/self/status'))('the memory of a backup', () => {
  it('does not grow with the store: neither to write, nor to verify, nor to restore it', async () => {
    const [small, large] = [await makeStore('small.sqlite', 10), await makeStore('large.sqlite', RECORDS)];
    expect(statSync(join(folder, 'large.sqlite')).size).toBeGreaterThan(200 * MIB);
    const peaks: Record<string, readonly number[]> = {};
    const both = async (what: string, args: (name: string) => readonly string[], urlOf: (name: string) => string) => {
      peaks[what] = [await peakOf(urlOf('small'), ...args('small')), await peakOf(urlOf('large'), ...args('large'))];
    };
    const own = (name: string) => (name === 'small' ? small : large);
    const file = (name: string) => join(folder, `${name}.backup`);
    await both('backup', (name) => ['backup', '--to', file(name)], own);
    await both('verify', (name) => ['backup', 'verify', file(name)], own);
    await both(
      'restore',
      (name) => ['restore', file(name), '--replay-follows'],
      (name) => `sqlite:${join(folder, `${name}-restored.sqlite`)}`,
    );
    for (const [what, [least = 0, most = 0]] of Object.entries(peaks))
      expect([what, Math.round((most - least) / MIB) < 96, most > 0]).toEqual([what, true, true]);
    process.stdout.write(
      `memory of a backup, MiB, of 10 and of ${RECORDS} records: ${JSON.stringify(Object.fromEntries(Object.entries(peaks).map(([what, all]) => [what, all.map((each) => Math.round(each / MIB))])))}\n`,
    );
  }, 300_000);
});
