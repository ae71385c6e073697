import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { demandBackupKey, makeBackup } from '../backups.js';
import { SwaliError } from '../errors/swali-error.js';
import { openRecords, type Surroundings } from '../gateway.js';
import { type Erasure, listErasures, parseErasures, printErasure } from '../identify/erasures.js';
import { type ErasureCounts, printAuditHead, replayErasures, restoreStore } from '../restore.js';
import { assertOwnVersion } from '../store/backup/assert-own-version.js';
import type { BackupSummary } from '../store/backup/format.js';
import { readBackup } from '../store/backup/read-backup.js';
import { openStore } from '../store/store.js';
import { type Terminal, writeLine } from './terminal.js';

/** `swali backup …`, `swali restore …` and `swali erasures …`. */
export function addBackupCommands(
  program: Command,
  surround: () => Surroundings,
  terminal: Terminal,
  exit: (code: number) => void,
): void {
  const refuseUnless = (isGood: boolean): void => {
    if (!isGood) exit(1);
  };
  const backup = program
    .command('backup')
    .description('write all of the store into an encrypted file, while the gateway runs (audited)')
    .option('--to <path>', 'a folder, or a new file; BACKUP_DIR where left out')
    .action(({ to }: { to?: string }) => backUp(surround(), terminal, to));
  backup
    .command('verify')
    .description('read a backup to its end and check all of it; exits with 1 where anything is wrong')
    .argument('<file>')
    .action((file: string) => verifyBackup(surround(), terminal, file));
  program
    .command('restore')
    .description('check a backup and put it into the empty store of STORE_URL (audited)')
    .argument('[file]', 'the backup; left out with --finish')
    .option('--erasures <file>', 'who was erased since: lines of `swali erasures list`, kept beside the backups')
    .option('--replay-follows', 'leave all as it was, for the server’s binary log to be replayed onto it')
    .option('--finish', 'end the sessions, verify and record, after such a replay')
    .action(async (file: string | undefined, options: RestoreCommandOptions) =>
      refuseUnless(await restore(surround(), terminal, file, options)),
    );
  const erasures = program.command('erasures').description('who was erased, for stores that are restored');
  erasures
    .command('list')
    .description('print each erasure on record, one a line')
    .action(() => printErasures(surround(), terminal));
  erasures
    .command('replay')
    .description('erase accounts once more that a restore has brought back (audited)')
    .argument('<file>', 'lines of `swali erasures list`')
    .action(async (file: string) => {
      const list = readErasures(file);
      const records = await openRecords(surround(), 'cli');
      try {
        refuseUnless(printCounts(await replayErasures(surround(), records.store, list), terminal));
      } finally {
        await records.close();
      }
    });
}

interface RestoreCommandOptions {
  readonly erasures?: string;
  readonly replayFollows?: boolean;
  readonly finish?: boolean;
}

/** @throws SwaliError as `makeBackup`, and `SETTINGS_INVALID` where nothing says where it goes */
async function backUp(surroundings: Surroundings, { stdout, signal }: Terminal, to?: string): Promise<void> {
  const target = to ?? surroundings.settings.backup.dir;
  if (target === null)
    throw new SwaliError('SETTINGS_INVALID', { detail: 'say where the backup goes: --to PATH, or BACKUP_DIR' });
  demandBackupKey(surroundings);
  const store = await openStore(surroundings.settings.storeUrl, surroundings.settings.transport.store);
  try {
    await assertOwnVersion(store);
  } finally {
    await store.close();
  }
  const records = await openRecords(surroundings, 'cli');
  try {
    const { path, summary, digest } = await makeBackup(surroundings, records, target, signal);
    writeLine(stdout, `Wrote ${path}: ${describe(summary)}.`);
    writeLine(stdout, `sha256 ${digest}`);
  } finally {
    await records.close();
  }
}

/** @throws SwaliError as `readBackup` */
async function verifyBackup(surroundings: Surroundings, { stdout }: Terminal, file: string): Promise<void> {
  const summary = await readBackup(file, demandBackupKey(surroundings));
  const { head, foot } = summary;
  writeLine(stdout, `${basename(file)}: ${describe(summary)}.`);
  for (const [name, { rows, digest }] of Object.entries(foot.tables)) writeLine(stdout, `${name}: ${rows} ${digest}`);
  for (const each of foot.auditHeads) writeLine(stdout, printAuditHead(each));
  if (head.position === null) return;
  const position = head.position;
  writeLine(
    stdout,
    'file' in position
      ? `binary log from ${position.file} ${position.position}`
      : `binary log without ${position.gtidExecuted}`,
  );
}

async function restore(
  surroundings: Surroundings,
  terminal: Terminal,
  file: string | undefined,
  { erasures, replayFollows = false, finish = false }: RestoreCommandOptions,
): Promise<boolean> {
  if ((file === undefined) !== finish || (replayFollows && (finish || erasures !== undefined)))
    throw new SwaliError('RESTORE_REFUSED', {
      detail: 'name the backup, or say --finish; --erasures comes last, when all is in',
    });
  const list = erasures === undefined ? [] : readErasures(erasures);
  const options = { path: file ?? null, replayFollows, erasures: list };
  const { summary, audit, erased } = await restoreStore(surroundings, options);
  if (summary) writeLine(terminal.stdout, `Restored ${describe(summary)}.`);
  if (!audit) {
    writeLine(terminal.stdout, 'Replay the binary log now, then run: restore --finish');
    return true;
  }
  for (const fault of audit.faults)
    writeLine(terminal.stdout, `${fault.writer} ${fault.sequence}: ${fault.kind}: ${fault.message}`);
  writeLine(
    terminal.stdout,
    `Audit: ${audit.records} records by ${audit.writers} writers: ${audit.intact ? 'intact' : 'NOT intact'}.`,
  );
  writeLine(terminal.stdout, 'Every session has ended; people sign in again.');
  const isErased = erasures === undefined || printCounts(erased, terminal);
  return audit.intact && isErased;
}

function describe({ head, rows }: BackupSummary): string {
  return `${rows} rows of ${head.tables.length} tables, taken at ${head.createdAt} from ${head.dialect} by version ${head.version}`;
}

async function printErasures(surroundings: Surroundings, { stdout }: Terminal): Promise<void> {
  const records = await openRecords(surroundings, 'cli');
  try {
    for (const each of await listErasures(records.store)) writeLine(stdout, printErasure(each));
  } finally {
    await records.close();
  }
}

function readErasures(file: string): readonly Erasure[] {
  try {
    return parseErasures(readFileSync(file, 'utf8'));
  } catch (cause) {
    if (cause instanceof SwaliError) throw cause;
    throw new SwaliError('RESTORE_REFUSED', { detail: 'the list of erasures cannot be read', cause });
  }
}

/** @returns whether none was refused */
function printCounts({ erased, absent, refused }: ErasureCounts, { stdout }: Terminal): boolean {
  writeLine(stdout, `Erased ${erased} accounts once more; ${absent} were not there.`);
  for (const line of refused) writeLine(stdout, `NOT erased: ${line}`);
  return refused.length === 0;
}
