import { randomBytes } from 'node:crypto';
import { lstat, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SwaliError } from '../../errors/swali-error.js';

const DAY_MS = 86_400_000;

/** `swali-20260301T023000Z-1f2e3d.backup`; nothing else in a folder of backups is ever removed. */
const NAME = /^swali-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{6}\.backup$/;

/** What a run that was cut off has left. */
const PARTIAL = /^\.swali-\d{8}T\d{6}Z-[0-9a-f]{6}\.partial$/;

/** Where a backup goes, and where it is written until it is whole. */
export interface BackupPlace {
  readonly path: string;
  readonly partial: string;
}

/**
 * Chooses the place of a new backup.
 *
 * @param to a folder that is there, or the path of a file that is not
 * @param now milliseconds since 1970
 * @throws SwaliError `BACKUP_FAILED` where there is a file of that name
 */
export async function chooseBackupPlace(to: string, now: number): Promise<BackupPlace> {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const name = `swali-${stamp}-${randomBytes(3).toString('hex')}`;
  const isFolder = await stat(to).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const place = isFolder
    ? { path: join(to, `${name}.backup`), partial: join(to, `.${name}.partial`) }
    : { path: to, partial: join(dirname(to), `.${name}.partial`) };
  await assertFree(place.path);
  return place;
}

/** Puts a whole backup in its place, for good. @throws SwaliError `BACKUP_FAILED` where a file has come there meanwhile */
export async function placeBackup({ path, partial }: BackupPlace): Promise<void> {
  await assertFree(path);
  await rename(partial, path);
  // A name is on the disk once its folder is.
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function assertFree(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found) throw new SwaliError('BACKUP_FAILED', { detail: `there is a file ${basename(path)} already` });
}

/**
 * Removes what is older than it has to be. The newest backup stays however old it is, and so does every file that has not
 * the name of a backup.
 *
 * @param keepMs age in milliseconds from which a backup goes
 * @param now milliseconds since 1970
 * @returns names of the backups that are gone
 */
export async function removeOldBackups(folder: string, keepMs: number, now: number): Promise<readonly string[]> {
  const names = await readdir(folder);
  for (const name of names.filter((each) => PARTIAL.test(each))) {
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: now }));
    if (now - mtimeMs > DAY_MS) await rm(join(folder, name), { force: true });
  }
  const backups = names.filter((name) => NAME.test(name)).sort();
  const old = backups.slice(0, -1).filter((name) => now - timeOf(name) > keepMs);
  for (const name of old) await rm(join(folder, name), { force: true });
  return old;
}

/** When a backup was begun, by its name. */
function timeOf(name: string): number {
  const [, year, month, day, hour, minute, second] = NAME.exec(name)?.map(Number) ?? [];
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}
