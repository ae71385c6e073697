import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChainedAuditLog } from '../../../src/audit/append-log.js';
import { openAuditLog } from '../../../src/audit/append-log.js';
import { archiveRecords, type MovedSegment } from '../../../src/audit/archive-records.js';
import { verifyArchiveFile } from '../../../src/audit/archives.js';
import { readSigner } from '../../../src/audit/ed25519.js';
import type { AuditEvent } from '../../../src/audit/record.js';
import { openStore, type Store } from '../../../src/store/store.js';
import { AUDIT_KEYS } from '../../support/audit-keys.js';
import { questionEvent } from './audit-fixtures.js';
import { appendLogins, dropTriggers, openAuditStore, rebuildChain, tamper } from './audit-store.js';

const DAY_MS = 86_400_000;
const root = mkdtempSync(join(tmpdir(), 'swali-archives-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
let folder: string;
let store: Store;
let log: ChainedAuditLog;
const now = { value: 0 };

beforeEach(async () => {
  count += 1;
  folder = join(root, `archive-${count}`);
  now.value = 1_000 * DAY_MS;
  ({ store, log } = await openAuditStore(`sqlite:${join(root, `${count}.sqlite`)}`, now));
});
afterEach(() => store.close());

const archive = (maxRecords = 50_000): Promise<readonly MovedSegment[]> =>
  archiveRecords({
    store,
    clock: () => now.value,
    signer: AUDIT_KEYS.signer,
    folder,
    retentionMs: 30 * DAY_MS,
    maxRecords,
  });
const left = async () =>
  (await store.run((db) => db.selectFrom('audit_records').select('sequence').orderBy('sequence').execute())).map(
    (row) => row.sequence,
  );

/** Ten records of day 1000 and five of day 1040, with a checkpoint after each, and the clock at day 1041. */
async function appendOldAndNew(): Promise<void> {
  await appendLogins(log, 1, 10);
  await log.checkpoint();
  now.value += 40 * DAY_MS;
  await appendLogins(log, 11, 15);
  await log.checkpoint();
  now.value += DAY_MS;
}

describe('archiving the audit log', () => {
  it('moves what is older than the retention into signed files, and the chain verifies on', async () => {
    await appendOldAndNew();
    const moved = await archive(4);
    expect(moved.map(({ archive: { first, last }, records }) => [first, last, records])).toEqual([
      [1, 4, 4],
      [5, 8, 4],
      [9, 10, 2],
    ]);
    expect(await left()).toEqual([11, 12, 13, 14, 15]);
    expect(readdirSync(folder)).toEqual([
      'audit-w-000000000001-000000000004.jsonl.gz',
      'audit-w-000000000005-000000000008.jsonl.gz',
      'audit-w-000000000009-000000000010.jsonl.gz',
    ]);
    expect(statSync(moved[0]?.path ?? '').mode & 0o777).toBe(0o600);
    await appendLogins(log, 16, 16);
    expect(await log.verify()).toMatchObject({ intact: true, records: 6, archives: 3, archiveFiles: 0 });
    expect(await log.verify({ archiveDir: folder })).toMatchObject({ intact: true, archives: 3, archiveFiles: 3 });
  });

  it('goes on where it ended, and moves nothing twice', async () => {
    await appendOldAndNew();
    expect(await archive()).toHaveLength(1);
    expect(await archive()).toHaveLength(0);
    now.value += 40 * DAY_MS;
    expect((await archive()).map(({ archive: { first, last } }) => [first, last])).toEqual([[11, 15]]);
    expect(await left()).toEqual([]);
    await appendLogins(log, 16, 16);
    expect(await log.verify({ archiveDir: folder })).toMatchObject({ intact: true, archives: 2, archiveFiles: 2 });
  });

  it('leaves a log alone that is younger', async () => {
    await appendLogins(log, 1, 3);
    expect(await archive()).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it('moves no record that stands behind a younger one, whatever the clock said', async () => {
    await appendLogins(log, 1, 2);
    now.value += 40 * DAY_MS;
    await appendLogins(log, 3, 3);
    now.value -= 40 * DAY_MS;
    await appendLogins(log, 4, 4);
    now.value += 41 * DAY_MS;
    expect((await archive()).map(({ archive: { last } }) => last)).toEqual([2]);
    expect(await log.verify()).toMatchObject({ intact: true });
  });

  it('keeps text that contains other line ends exactly', async () => {
    await log.append({ ...questionEvent('x'), relations: ['a\u2028b\u2029c\nd\re'] } as AuditEvent);
    now.value += 40 * DAY_MS;
    const [moved] = await archive();
    expect(await verifyArchiveFile(moved?.path ?? '', AUDIT_KEYS.signer)).toMatchObject({ writer: 'w', last: 1 });
  });

  it('removes nothing where the chain does not hold together', async () => {
    await appendOldAndNew();
    await dropTriggers(store);
    await tamper(store, `update audit_records set body = replace(body, 'customer:7', 'customer:8') where sequence = 7`);
    await expect(archive()).rejects.toMatchObject({ code: 'AUDIT_NOT_INTACT', message: /record 7 of w/ });
    expect(await left()).toHaveLength(15);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('removes nothing where the file cannot be written', async () => {
    await appendOldAndNew();
    writeFileSync(folder, 'not a folder');
    await expect(archive()).rejects.toMatchObject({ code: 'AUDIT_ARCHIVE_FAILED' });
    expect(await left()).toHaveLength(15);
  });

  it('makes good a break between the entry and the removal', async () => {
    await appendOldAndNew();
    await tamper(
      store,
      `create trigger busy before delete on audit_records when old.sequence = 6 begin select raise(abort, 'power'); end`,
    );
    await expect(archive(4)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await left()).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(await log.verify({ archiveDir: folder })).toMatchObject({ intact: true, archives: 2, archiveFiles: 2 });
    await tamper(store, 'drop trigger busy');
    expect((await archive(4)).map(({ archive: { first } }) => first)).toEqual([9]);
    expect(await left()).toEqual([11, 12, 13, 14, 15]);
    expect(await log.verify({ archiveDir: folder })).toMatchObject({ intact: true });
  });

  it('makes good no break whose file is gone', async () => {
    await appendOldAndNew();
    await tamper(store, `create trigger busy before delete on audit_records begin select raise(abort, 'power'); end`);
    await expect(archive()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await tamper(store, 'drop trigger busy');
    rmSync(folder, { recursive: true });
    await expect(archive()).rejects.toMatchObject({ code: 'AUDIT_ARCHIVE_FAILED' });
    expect(await left()).toHaveLength(15);
  });

  it('lets a process go on that has not written since before', async () => {
    await appendLogins(log, 1, 3);
    const other = await openStore(`sqlite:${join(root, `${count}.sqlite`)}`);
    const second = await openAuditLog({ store: other, clock: () => now.value, writerId: 'w', ...AUDIT_KEYS });
    await appendLogins(second, 4, 5);
    now.value += 40 * DAY_MS;
    await archive();
    await appendLogins(second, 6, 6);
    await appendLogins(log, 7, 7);
    await other.close();
    expect(await log.verify()).toMatchObject({ intact: true, records: 2, archives: 1 });
  });

  it('refuses to remove what no archive holds', async () => {
    await appendOldAndNew();
    await archive();
    await expect(tamper(store, 'delete from audit_records where sequence = 11')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await expect(tamper(store, 'delete from audit_archives')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('verifying with archives', () => {
  it('finds records that an entry of somebody else’s excuses', async () => {
    await appendOldAndNew();
    await archive();
    await tamper(
      store,
      `insert into audit_archives (writer, first_sequence, last_sequence, previous_hash, last_hash, digest, closed_at, key_id, signature)
       select 'w', 11, 12, last_hash, (select hash from audit_records where sequence = 12), digest, closed_at, key_id, signature
       from audit_archives`,
      'delete from audit_records where sequence in (11, 12)',
    );
    expect((await log.verify()).faults).toMatchObject([
      { kind: 'archive', sequence: 11, until: 12 },
      { kind: 'removed', sequence: 11, until: 12 },
    ]);
  });

  it('finds an entry that was changed, and one that is gone', async () => {
    await appendOldAndNew();
    await archive(4);
    await dropTriggers(store);
    await tamper(store, 'update audit_archives set last_sequence = 9 where first_sequence = 5');
    expect((await log.verify()).faults[0]).toMatchObject({ kind: 'archive', sequence: 5 });
    await tamper(store, 'delete from audit_archives where first_sequence = 5');
    const faults = (await log.verify()).faults.map(({ kind, sequence }) => [kind, sequence]);
    expect(faults).toEqual([
      ['archive', 9],
      ['removed', 5],
    ]);
  });

  it('finds a chain behind an archive that was rebuilt', async () => {
    await appendOldAndNew();
    await archive();
    await dropTriggers(store);
    await rebuildChain(store, 11, 'customer:11', 'customer:99');
    const faults = (await log.verify()).faults.map(({ kind, sequence }) => [kind, sequence]);
    expect(faults).toEqual([
      ['changed', 11],
      ['rewritten', 15],
    ]);
  });

  it('finds a file that was changed, cut, exchanged or lost', async () => {
    await appendOldAndNew();
    const [moved, second] = await archive(5);
    const path = moved?.path ?? '';
    const whole = readFileSync(path);
    const lines = gunzipSync(whole).toString().split('\n');
    const write = (changed: readonly string[]) => writeFileSync(path, gzipSync(changed.join('\n')));
    const cases: readonly [string, () => void][] = [
      ['record 3 was changed', () => write(lines.with(3, (lines[3] ?? '').replace('customer:3', 'customer:4')))],
      ['record 2 is not where it must be', () => write(lines.toSpliced(2, 1))],
      ['record 2 is not where it must be', () => write(lines.with(2, lines[3] ?? ''))],
      ['its last line is missing', () => write(lines.slice(0, 6))],
      ['does not say what it holds', () => write(lines.with(6, (lines[6] ?? '').replace('"last":5', '"last":6')))],
      ['its signature', () => write(lines.with(6, (lines[6] ?? '').replace('"closedAt":8', '"closedAt":7')))],
      ['something stands behind', () => write([...lines.slice(0, 7), lines[1] ?? '', ''])],
      ['it is no archive', () => write(lines.slice(1))],
      ['cannot be read', () => writeFileSync(path, whole.subarray(0, whole.length - 20))],
      ['not the file that the store names', () => writeFileSync(path, readFileSync(second?.path ?? ''))],
      ['cannot be read', () => rmSync(path)],
    ];
    for (const [message, change] of cases) {
      change();
      const report = await log.verify({ archiveDir: folder });
      expect([message, report.faults.map((fault) => fault.message).join()]).toEqual([
        message,
        expect.stringContaining(message),
      ]);
      expect(report.archiveFiles).toBe(1);
      writeFileSync(path, whole);
    }
    expect(await log.verify({ archiveDir: folder })).toMatchObject({ intact: true, archiveFiles: 2 });
  });

  it('takes no file that another key signed', async () => {
    await appendOldAndNew();
    mkdirSync(folder);
    const [moved] = await archiveRecords({
      store,
      clock: () => now.value,
      signer: readSigner('KEY', 'b2'.repeat(32)),
      folder,
      retentionMs: 30 * DAY_MS,
    });
    expect(await verifyArchiveFile(moved?.path ?? '', AUDIT_KEYS.signer)).toContain('its signature');
    expect((await log.verify()).faults.map(({ kind }) => kind)).toEqual(['archive', 'removed']);
  });
});
