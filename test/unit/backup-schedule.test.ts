import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBackups } from '../../src/backup-schedule.js';
import { parseSettings } from '../../src/config/settings.js';
import { openRecords, type Records } from '../../src/gateway.js';
import { readBackup } from '../../src/store/backup/read-backup.js';

const HOUR = 3_600_000;
const START = Date.parse('2026-03-10T12:00:00Z');
const KEY = 'a key of backups with 32 characters or more';

let folder: string;
let records: Records;
let now: number;
let log: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swali-schedule-'));
  now = START;
  log = [];
  records = await openRecords(surroundings(), 'serve');
});
afterEach(async () => {
  await records.close();
  rmSync(folder, { recursive: true, force: true });
});

function surroundings(env: Readonly<Record<string, string>> = {}) {
  const write = (fields: object, message: string) =>
    void log.push(
      `${message} ${JSON.stringify(fields, (_, value) => (value instanceof Error ? value.message : value))}`,
    );
  return {
    settings: parseSettings({
      DATA_DIR: folder,
      BACKUP_DIR: join(folder, 'backups'),
      BACKUP_KEY: KEY,
      TIME_ZONE: 'UTC',
      ...env,
    }),
    clock: () => now,
    logger: { debug: write, info: write, warn: write, error: write },
  };
}

/** Looks are made by hand: nothing runs by itself. */
function start(holder: string, env: Readonly<Record<string, string>> = {}) {
  const schedule = startBackups(surroundings(env), records, { holder, every: () => () => undefined });
  if (!schedule) throw new Error('there is no schedule');
  return schedule;
}

const backups = () => readdirSync(join(folder, 'backups')).filter((name) => name.endsWith('.backup'));
const recorded = async () =>
  (await records.audit.list({ limit: 100 }))
    .map((record) => JSON.stringify(record))
    .filter((text) => text.includes('"backup"'));

describe('the daily backup', () => {
  it('is made by one of the replicas, once a day, and reads whole', async () => {
    const [a, b] = [start('a'), start('b')];
    await Promise.all([a.look(), b.look()]);
    expect(backups()).toHaveLength(1);
    expect(a.counts.made + b.counts.made).toBe(1);
    const { head } = await readBackup(join(folder, 'backups', backups()[0]!), KEY);
    expect(head.createdAt).toBe('2026-03-10T12:00:00.000Z');
    now += 14 * HOUR;
    await Promise.all([a.look(), b.look()]);
    expect(backups()).toHaveLength(1);
    now += HOUR;
    await Promise.all([a.look(), b.look()]);
    expect(backups()).toHaveLength(2);
    expect(await recorded()).toHaveLength(2);
  });

  it('is kept for as long as it is set, and the newest for good', async () => {
    const schedule = start('a', { BACKUP_KEEP_DAYS: '2' });
    for (let day = 0; day < 5; day += 1, now += 24 * HOUR) await schedule.look();
    expect(
      backups()
        .map((name) => name.slice(0, 14))
        .sort(),
    ).toEqual(['swali-20260312', 'swali-20260313', 'swali-20260314']);
    now += 100 * 24 * HOUR;
    await schedule.look();
    expect(backups()).toHaveLength(1);
  });

  it('comes every so many seconds where that is set', async () => {
    const schedule = start('a', { BACKUP_EVERY_S: '3600' });
    for (let minute = 0; minute < 120; minute += 10, now += 600_000) await schedule.look();
    expect(backups()).toHaveLength(2);
  });

  it('that fails is logged, counted and on record, and tried again after a while', async () => {
    const schedule = start('a');
    // A folder that nothing can be written into, also by root.
    writeFileSync(join(folder, 'backups'), 'a file');
    await schedule.look();
    expect(log.join('\n')).toContain('it could not be seen whether a backup is due');
    rmSync(join(folder, 'backups'));
    await schedule.look();
    expect(backups()).toHaveLength(1);

    now += 24 * HOUR;
    const broken = start('b');
    const there = surroundings().settings.storeUrl;
    const wrong = { ...surroundings(), settings: { ...surroundings().settings, storeUrl: `${there}.gone` } };
    const schedule2 = startBackups(wrong, records, { holder: 'c', every: () => () => undefined });
    await schedule2?.look();
    expect(schedule2?.counts).toMatchObject({ made: 0, failed: 1 });
    expect(log.at(-1)).toMatch(/^the backup of the store failed .*"code":"BACKUP_FAILED".*"failures":1/);
    expect((await recorded()).filter((text) => text.includes('failed'))).toHaveLength(1);
    now += 14 * 60_000;
    await broken.look();
    expect(backups()).toHaveLength(1);
    now += 60_000;
    await broken.look();
    expect(backups()).toHaveLength(2);
    expect(readdirSync(join(folder, 'backups')).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('keeps who was erased beside it, from the next look on', async () => {
    const schedule = start('a');
    const file = join(folder, 'backups', 'swali-erasures.jsonl');
    await schedule.look();
    expect(readFileSync(file, 'utf8')).toBe('');
    await records.store.run((db) =>
      db.insertInto('erasures').values({ tenant: '', subject: 'customer:17', erased_at: now }).execute(),
    );
    await schedule.look();
    expect(readFileSync(file, 'utf8')).toBe(
      '{"tenant":null,"subject":"customer:17","erasedAt":"2026-03-10T12:00:00.000Z"}\n',
    );
  });

  it('ends with the process, and lets another make it', async () => {
    const schedule = start('a');
    const looking = schedule.look();
    await schedule.stop();
    await looking;
    await schedule.look();
    await start('b').look();
    expect(backups().length).toBeLessThanOrEqual(1 + schedule.counts.made);
    expect(backups().length).toBeGreaterThanOrEqual(1);
  });

  it('is made by nobody where there is no folder for it', () => {
    expect(
      startBackups(surroundings({ BACKUP_DIR: '' }), records, { holder: 'a', every: () => () => undefined }),
    ).toBeNull();
  });
});
