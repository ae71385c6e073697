import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describeOperatorAct } from './audit/describe-gateway.js';
import { SwaliError } from './errors/swali-error.js';
import type { Records, Surroundings } from './gateway.js';
import { listErasures, printErasure } from './identify/erasures.js';
import { readProgramVersion } from './operate/program-version.js';
import { chooseBackupPlace, placeBackup } from './store/backup/backup-files.js';
import type { BackupSummary } from './store/backup/format.js';
import { readBackup } from './store/backup/read-backup.js';
import { writeBackup } from './store/backup/write-backup.js';

/** The list of erasures beside the backups: what a restore must take away again. */
export const ERASURES_FILE = 'swali-erasures.jsonl';

/** A backup that was made. */
export interface MadeBackup {
  readonly path: string;
  readonly summary: BackupSummary;
  /** sha256 of the file, hexadecimal: to tell it from others. */
  readonly digest: string;
}

/** The key of backups. @throws SwaliError `SETTINGS_INVALID` where none is set */
export function demandBackupKey({ settings }: Pick<Surroundings, 'settings'>): string {
  if (settings.backup.key !== null) return settings.backup.key;
  throw new SwaliError('SETTINGS_INVALID', {
    detail: 'BACKUP_KEY: is not set, expected 32 random characters or more, kept apart from the backups',
  });
}

/**
 * Makes a backup of the store, reads it again from its first byte to its last, and only then gives it its name. On record,
 * whatever comes of it.
 *
 * @param to a folder, or the path of a new file
 * @throws SwaliError `BACKUP_FAILED`, `SETTINGS_INVALID` without a key, `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
 */
export async function makeBackup(
  surroundings: Surroundings,
  { store, audit }: Records,
  to: string,
  signal?: AbortSignal,
): Promise<MadeBackup> {
  const { settings, clock } = surroundings;
  const secret = demandBackupKey(surroundings);
  const act = describeOperatorAct('backup', []);
  try {
    const place = await chooseBackupPlace(to, clock());
    try {
      const source = { store, url: settings.storeUrl, secret, clock, version: readProgramVersion() };
      const written = await writeBackup(source, place.partial, signal);
      const read = await readBackup(place.partial, secret);
      if (JSON.stringify(read) !== JSON.stringify(written))
        throw new SwaliError('BACKUP_FAILED', { detail: 'what was written is not what is read' });
      const digest = await digestFile(place.partial);
      await placeBackup(place);
      const reasons = [basename(place.path), `${written.rows} rows`, `sha256:${digest}`];
      await audit.append({ ...act, reasons });
      return { path: place.path, summary: written, digest };
    } finally {
      await rm(place.partial, { force: true });
    }
  } catch (error) {
    const failure = error instanceof SwaliError ? error : new SwaliError('BACKUP_FAILED', { cause: error });
    // Where the record cannot be written either, what matters is why there is no backup.
    await audit.append({ ...act, reasons: ['failed', failure.code] }).catch(() => undefined);
    throw failure;
  }
}

/** Writes the list of erasures into a folder, whole or not at all. @throws SwaliError `BACKUP_FAILED` */
export async function writeErasures({ store }: Pick<Records, 'store'>, folder: string): Promise<void> {
  const lines = (await listErasures(store)).map((each) => `${printErasure(each)}\n`);
  const partial = join(folder, `.${ERASURES_FILE}.${randomUUID()}`);
  try {
    const file = await open(partial, 'wx', 0o600);
    try {
      await file.writeFile(lines.join(''));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, join(folder, ERASURES_FILE));
  } catch (cause) {
    await rm(partial, { force: true });
    throw new SwaliError('BACKUP_FAILED', { detail: 'the list of erasures cannot be written', cause });
  }
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}
