import { mkdir } from 'node:fs/promises';
import { makeBackup, writeErasures } from './backups.js';
import type { Settings } from './config/settings.js';
import { SwaliError } from './errors/swali-error.js';
import { type Records, type Surroundings, timeZoneOf } from './gateway.js';
import { lastMultiple, lastTimeOfDay } from './operate/slot.js';
import { removeOldBackups } from './store/backup/backup-files.js';
import { createBackupTurns } from './store/backup/backup-turns.js';

/** How often it is looked whether a backup is due. */
const LOOK_EVERY_MS = 60_000;

/** How long a turn lasts unless it is taken again, which its holder does at every look. */
const TURN_MS = 10 * 60_000;

/** After a failure the next try waits so long. */
const RETRY_MS = 15 * 60_000;

const DAY_MS = 86_400_000;

/** The backups of a serving process. */
export interface BackupSchedule {
  /** What came of the backups of this process so far. */
  readonly counts: { readonly made: number; readonly failed: number; readonly lastMadeAt: number | null };
  /** Makes the backup that is due, if one is and it is this process's turn. Never throws. */
  look(): Promise<void>;
  /** Ends what runs, and waits for it. */
  stop(): Promise<void>;
}

/**
 * Makes backups into BACKUP_DIR while the gateway serves: at BACKUP_AT every day, or every BACKUP_EVERY_S; one that was
 * missed is made as soon as somebody looks. Of several replicas one makes it. Old ones are removed once a new one is there.
 *
 * @param options.holder tells this process from its replicas
 * @param options.every runs work again and again, and first at once; returns what ends that
 * @returns null where BACKUP_DIR is not set
 */
export function startBackups(
  surroundings: Surroundings,
  records: Records,
  options: { readonly holder: string; readonly every: (ms: number, work: () => void) => () => void },
): BackupSchedule | null {
  const { settings, clock, logger } = surroundings;
  const { dir } = settings.backup;
  if (dir === null) return null;
  const turns = createBackupTurns(records.store, options.holder);
  const slotAt = slotsOf(settings);
  const end = new AbortController();
  const counts = { made: 0, failed: 0, lastMadeAt: null as number | null };
  let running: Promise<void> | null = null;
  let erasuresKnown = -1;

  async function backUp(slot: number): Promise<void> {
    const keepTurn = options.every(LOOK_EVERY_MS, () => void turns.take(slot, clock(), TURN_MS).catch(() => undefined));
    try {
      const { path, summary } = await makeBackup(surroundings, records, dir as string, end.signal);
      await turns.finish(slot);
      counts.made += 1;
      counts.lastMadeAt = clock();
      const removed = await removeOldBackups(dir as string, settings.backup.keepDays * DAY_MS, clock());
      logger.info({ path, rows: summary.rows, removed }, 'made a backup of the store');
    } catch (error) {
      counts.failed += 1;
      const failures = await turns.fail(end.signal.aborted ? clock() : clock() + RETRY_MS).catch(() => null);
      const { code, message } = error instanceof SwaliError ? error : new SwaliError('BACKUP_FAILED', { cause: error });
      logger.error({ code, reason: message, failures, error }, 'the backup of the store failed');
    } finally {
      keepTurn();
    }
  }

  /** Kept beside the backups as it grows: an erasure that is lost with the store could not be replayed. */
  async function keepErasures(): Promise<void> {
    const [row] = await records.store.run((db) =>
      db
        .selectFrom('erasures')
        .select((all) => all.fn.countAll<number>().as('count'))
        .execute(),
    );
    if (Number(row?.count) === erasuresKnown) return;
    await writeErasures(records, dir as string);
    erasuresKnown = Number(row?.count);
  }

  async function lookOnce(): Promise<void> {
    try {
      await mkdir(dir as string, { recursive: true, mode: 0o700 });
      await keepErasures();
      const slot = slotAt(clock());
      if (await turns.take(slot, clock(), TURN_MS)) await backUp(slot);
    } catch (error) {
      logger.error({ error }, 'it could not be seen whether a backup is due');
    }
  }

  const look = (): Promise<void> => {
    if (end.signal.aborted) return Promise.resolve();
    running ??= lookOnce().finally(() => {
      running = null;
    });
    return running;
  };
  const rest = options.every(LOOK_EVERY_MS, () => void look());
  return {
    counts,
    look,
    async stop() {
      rest();
      end.abort();
      await running;
    },
  };
}

/** The time that a backup is due for at a time: the same for every replica. */
function slotsOf(settings: Settings): (now: number) => number {
  const { at, everyS } = settings.backup;
  if (everyS !== null) return (now) => lastMultiple(now, everyS * 1000);
  const timeZone = timeZoneOf(settings);
  return (now) => lastTimeOfDay(now, at, timeZone);
}
