import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Clock } from '../../domain/ports.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { Store } from '../store.js';
import { type Cell, printRow } from './cells.js';
import { type BackupFoot, type BackupHead, type BackupSummary, FORMAT, RowTally, summarise } from './format.js';
import { withMysqlSnapshot } from './mysql-snapshot.js';
import { sealChunks } from './sealed-stream.js';
import type { Snapshot, TableShape } from './snapshot.js';
import { withSqliteSnapshot } from './sqlite-snapshot.js';
import { treatmentOf } from './treatment.js';

/** Characters that are handed on at a time. */
const PIECE_CHARACTERS = 64 * 1024;

/** What a backup is made of and with. */
export interface BackupSource {
  readonly store: Store;
  /** STORE_URL: on SQLite the snapshot is taken by a connection of its own. */
  readonly url: string;
  /** BACKUP_KEY. */
  readonly secret: string;
  readonly clock: Clock;
  /** Of the program. */
  readonly version: string;
}

/**
 * Writes all of the store, as it is at one moment, into a new file that its owner alone may read: JSON lines, gzip,
 * encrypted and authenticated. The file is on the disk when the promise resolves; after a failure it may be there in part.
 *
 * @param path of a file that is not there yet
 * @param signal ends it early
 * @throws SwaliError `BACKUP_FAILED` with what is wrong, `STORE_UNAVAILABLE`
 * @remarks Streamed: memory does not grow with the store.
 */
export async function writeBackup(source: BackupSource, path: string, signal?: AbortSignal): Promise<BackupSummary> {
  try {
    return await withSnapshot(source, async (snapshot) => {
      const head = describe(snapshot, source);
      let foot: BackupFoot | undefined;
      const lines = async function* () {
        foot = yield* printTables(snapshot, head);
      };
      const seal = (plain: AsyncIterable<Uint8Array>) => sealChunks(plain, source.secret);
      const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
      await pipeline(lines, createGzip(), seal, file, ...(signal ? [{ signal }] : []));
      if (!foot) throw new Error('the backup did not come to its end');
      await syncFile(path);
      return summarise(head, foot);
    });
  } catch (cause) {
    throw toBackupError(cause);
  }
}

/** Whatever went wrong, as the operator is told it. */
function toBackupError(cause: unknown): SwaliError {
  // What the store's guard took for its own may be the file's.
  const inner = cause instanceof SwaliError && cause.code === 'STORE_UNAVAILABLE' ? cause.cause : cause;
  if (inner instanceof SwaliError) return inner;
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : '';
  const detail = FILE_FAULTS[code];
  if (detail !== undefined) return new SwaliError('BACKUP_FAILED', { detail, cause: inner });
  return cause instanceof SwaliError ? cause : new SwaliError('BACKUP_FAILED', { cause });
}

const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EACCES: 'the folder may not be written',
  EPERM: 'the folder may not be written',
  EROFS: 'the folder may not be written',
  EEXIST: 'there is a file of that name',
  EIO: 'the disk does not take it',
  ABORT_ERR: 'it was stopped',
};

function withSnapshot<T>({ store, url }: BackupSource, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  if (store.dialect !== 'sqlite') return withMysqlSnapshot(store, work);
  const path = url.slice('sqlite:'.length);
  if (path === ':memory:') throw new SwaliError('BACKUP_FAILED', { detail: 'the store is in memory alone' });
  return withSqliteSnapshot(path, work);
}

/** @throws SwaliError `BACKUP_FAILED` where the store has a table that nobody has decided about */
function describe({ dialect, migrations, tables, position }: Snapshot, { clock, version }: BackupSource): BackupHead {
  const unknown = tables.filter(({ name }) => treatmentOf(name) === null).map(({ name }) => name);
  if (unknown.length > 0) {
    const detail = `the store's database holds what is not the gateway's: ${unknown.join(', ')}`;
    throw new SwaliError('BACKUP_FAILED', { detail });
  }
  return {
    format: FORMAT,
    createdAt: new Date(clock()).toISOString(),
    version,
    dialect,
    migrations: [...migrations],
    tables: copied(tables).map(({ name, columns, nextId }) => ({ name, columns: [...columns], nextId })),
    position,
  };
}

function copied(tables: readonly TableShape[]): readonly TableShape[] {
  return tables.filter(({ name }) => treatmentOf(name) === 'copied');
}

async function* printTables(snapshot: Snapshot, head: BackupHead): AsyncGenerator<string, BackupFoot> {
  const foot: BackupFoot = { tables: {}, auditHeads: [] };
  yield `${JSON.stringify(head)}\n`;
  for (const table of copied(snapshot.tables)) {
    const tally = new RowTally();
    let piece = `${JSON.stringify({ table: table.name })}\n`;
    for await (const cells of snapshot.rows(table)) {
      const line = printRow(cells);
      tally.add(line);
      piece += `${line}\n`;
      if (table.name === 'audit_heads') foot.auditHeads.push(readHead(table, cells));
      if (piece.length < PIECE_CHARACTERS) continue;
      yield piece;
      piece = '';
    }
    const counted = tally.close();
    foot.tables[table.name] = counted;
    yield `${piece}${JSON.stringify({ end: table.name, ...counted })}\n`;
  }
  yield `${JSON.stringify(foot)}\n`;
  return foot;
}

function readHead({ columns }: TableShape, cells: readonly Cell[]): BackupFoot['auditHeads'][number] {
  const of = (name: string): Cell => cells[columns.indexOf(name)] ?? null;
  return { writer: String(of('writer')), sequence: Number(of('sequence')), hash: String(of('hash')) };
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
