import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { SwaliError } from '../errors/swali-error.js';
import { printInsert, printTable } from './print-tables.js';
import type { RowBatch } from './row-batches.js';
import { DEMO_TABLES, type DemoTable, MARKER_TABLE } from './tables.js';

/** Rows per INSERT: below SQLite's 32 766 variables for the widest table. */
const ROWS_PER_INSERT = 200;

/**
 * Writes the demonstration to a new file and moves it into place when it is whole: a reader sees the old file or the
 * new one, never a part. A file that another process has open is replaced for later openings only.
 *
 * @param path of the file; its folder is made; a former demonstration is replaced
 * @param onBatch called after each batch with the rows written so far
 * @throws SwaliError `DEMO_TARGET_REFUSED` where the file exists and is not a demonstration, or cannot be written
 */
export async function writeSqlite(
  path: string,
  batches: Iterable<RowBatch>,
  onBatch: (batch: RowBatch) => void,
): Promise<void> {
  assertReplaceable(path);
  const draft = `${path}.making-${process.pid}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await rm(draft, { force: true });
    await fill(draft, batches, onBatch);
    await flushToDisk(draft);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    if (cause instanceof SwaliError) throw cause;
    throw new SwaliError('DEMO_TARGET_REFUSED', { detail: `${path} could not be written`, cause });
  }
}

async function fill(path: string, batches: Iterable<RowBatch>, onBatch: (batch: RowBatch) => void): Promise<void> {
  const database = new DatabaseSync(path);
  try {
    // The draft is thrown away where anything fails, so it needs no journal of its own.
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; BEGIN');
    for (const table of DEMO_TABLES) database.exec(printTable(table, 'sqlite').create);
    const inserts = new Map<string, ReturnType<DatabaseSyncInstance['prepare']>>();
    for (const batch of batches) {
      for (let from = 0; from < batch.rows.length; from += ROWS_PER_INSERT) {
        const rows = batch.rows.slice(from, from + ROWS_PER_INSERT);
        prepareInsert(database, inserts, batch.table, rows.length).run(...rows.flat());
      }
      onBatch(batch);
      await yieldToOthers();
    }
    // Sorting once is quicker than keeping the indexes in order row by row.
    for (const table of DEMO_TABLES) {
      for (const index of printTable(table, 'sqlite').indexes) database.exec(index);
    }
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

function prepareInsert(
  database: DatabaseSyncInstance,
  inserts: Map<string, ReturnType<DatabaseSyncInstance['prepare']>>,
  table: DemoTable,
  rows: number,
): ReturnType<DatabaseSyncInstance['prepare']> {
  const key = `${table.name}:${rows}`;
  const known = inserts.get(key);
  if (known) return known;
  const made = database.prepare(printInsert(table, rows, 'sqlite'));
  if (rows === ROWS_PER_INSERT) inserts.set(key, made);
  return made;
}

function assertReplaceable(path: string): void {
  if (!existsSync(path)) return;
  let names: readonly unknown[];
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      names = database
        .prepare(
          "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        )
        .all()
        .map((row) => (row as { name: unknown }).name);
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new SwaliError('DEMO_TARGET_REFUSED', { detail: `${path} exists and is no SQLite database`, cause });
  }
  const known = new Set<unknown>(DEMO_TABLES.map((table) => table.name));
  if (names.length > 0 && (!names.includes(MARKER_TABLE) || names.some((name) => !known.has(name)))) {
    throw new SwaliError('DEMO_TARGET_REFUSED', { detail: `${path} exists and holds other data` });
  }
}

async function flushToDisk(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
