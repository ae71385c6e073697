import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseBackupPlace, placeBackup, removeOldBackups } from '../../../../src/store/backup/backup-files.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 2, 10, 2, 30);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swali-backups-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (...names: readonly string[]) => {
  for (const name of names) writeFileSync(join(folder, name), 'x');
};

describe('the folder of backups', () => {
  it('names a backup by its time, and two of one moment apart', async () => {
    const [one, two] = [await chooseBackupPlace(folder, NOW), await chooseBackupPlace(folder, NOW)];
    expect(one.path).toMatch(/\/swali-20260310T023000Z-[0-9a-f]{6}\.backup$/);
    expect(one.path).not.toBe(two.path);
    expect(one.partial).toMatch(/\/\.swali-[^/]+\.partial$/);
  });

  it('puts a backup in the place of nothing that is there', async () => {
    put('mine.backup');
    await expect(chooseBackupPlace(join(folder, 'mine.backup'), NOW)).rejects.toMatchObject({ code: 'BACKUP_FAILED' });
    const place = await chooseBackupPlace(join(folder, 'new.backup'), NOW);
    writeFileSync(place.partial, 'whole');
    put('new.backup');
    await expect(placeBackup(place)).rejects.toMatchObject({ code: 'BACKUP_FAILED' });
    rmSync(place.path);
    await placeBackup(place);
    expect(readdirSync(folder).sort()).toEqual(['mine.backup', 'new.backup']);
  });

  it('removes what is older than it is kept, and nothing else', async () => {
    const kept = ['swali-20260310T023000Z-aaaaaa.backup', 'swali-20260303T023001Z-aaaaaa.backup'];
    const old = ['swali-20260303T022959Z-bbbbbb.backup', 'swali-20250101T000000Z-cccccc.backup'];
    const foreign = ['swali-20200101T000000Z-cccccc.backup.txt', 'notes', 'swali-2020.backup', 'swali-erasures.jsonl'];
    put(...kept, ...old, ...foreign);
    expect([...(await removeOldBackups(folder, 7 * DAY, NOW))].sort()).toEqual([...old].sort());
    expect(readdirSync(folder).sort()).toEqual([...kept, ...foreign].sort());
  });

  it('never removes the newest, however old it is', async () => {
    put('swali-20240101T000000Z-aaaaaa.backup', 'swali-20240102T000000Z-aaaaaa.backup');
    await removeOldBackups(folder, DAY, NOW);
    expect(readdirSync(folder)).toEqual(['swali-20240102T000000Z-aaaaaa.backup']);
  });

  it('removes what a run left that was cut off, after a day', async () => {
    put('.swali-20260301T023000Z-aaaaaa.partial', '.swali-20260310T023000Z-bbbbbb.partial', '.other.partial');
    utimesSync(join(folder, '.swali-20260301T023000Z-aaaaaa.partial'), (NOW - 2 * DAY) / 1000, (NOW - 2 * DAY) / 1000);
    utimesSync(join(folder, '.swali-20260310T023000Z-bbbbbb.partial'), NOW / 1000, NOW / 1000);
    utimesSync(join(folder, '.other.partial'), 1, 1);
    await removeOldBackups(folder, DAY, NOW);
    expect(readdirSync(folder).sort()).toEqual(['.other.partial', '.swali-20260310T023000Z-bbbbbb.partial']);
  });
});
