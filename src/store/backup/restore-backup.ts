import { type RawBuilder, sql } from 'kysely';
import { SwaliError } from '../../errors/swali-error.js';
import { migrateStore, type Store, type StoreDatabase } from '../store.js';
import type { Cell } from './cells.js';
import type { BackupHead, BackupSummary } from './format.js';
import { assertStoreEmpty, prepareTables } from './prepare-tables.js';
import { readBackup } from './read-backup.js';

/** Rows, values and characters that one statement puts in at most. */
const MAX_ROWS = 200;
const MAX_VALUES = 10_000;
const MAX_CHARACTERS = 1024 * 1024;

/**
 * Puts a backup into an empty store: the whole file is checked first, the tables are made as they were then, all rows go
 * in by one transaction, and last the tables are brought up to date. After a failure the store is as empty as before.
 *
 * Nobody is let in by what was open: sessions, and links that were mailed, have ended (see {@link endWhatWasOpen}).
 *
 * @param options.replayFollows leaves all rows as they were, so that the server's binary log can be replayed onto them
 * @throws SwaliError as `readBackup`, `RESTORE_REFUSED` where the store is not empty or the backup is of a newer version,
 *   `STORE_UNAVAILABLE`
 */
export async function restoreBackup(options: {
  readonly store: Store;
  readonly path: string;
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly replayFollows?: boolean;
}): Promise<BackupSummary> {
  const { store, path, secret, now, replayFollows = false } = options;
  await assertStoreEmpty(store);
  const checked = await readBackup(path, secret);
  await prepareTables(store, checked.head);
  // Before the rows: the server commits by itself where a table is changed.
  if (store.dialect !== 'sqlite') await store.run((db) => setNextIds(db, checked.head));
  await store.transaction(async (db) => {
    const loader = new RowLoader(db, store.dialect === 'sqlite');
    const read = await readBackup(path, secret, {
      onRow: (table, cells) => loader.add(table, cells),
      onTableEnd: () => loader.flush(),
    });
    if (JSON.stringify(read) !== JSON.stringify(checked))
      throw new SwaliError('BACKUP_DAMAGED', { detail: 'it changed while it was read' });
    if (store.dialect === 'sqlite') await setNextSqliteIds(db, checked.head);
    if (!replayFollows) await endWhatWasOpen(db, now);
  });
  await migrateStore(store);
  return checked;
}

/**
 * Ends every session and every mailed link: some of those that a backup brings back were ended since, and which ones is
 * not known.
 *
 * @param now milliseconds since 1970
 */
export async function endWhatWasOpen(db: StoreDatabase, now: number): Promise<void> {
  await db.updateTable('sessions').set({ ended_at: now, ended_by: 'restore' }).where('ended_at', 'is', null).execute();
  await db
    .updateTable('mailed_tokens')
    .set({ expires_at: now })
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .execute();
}

/** Puts rows in, many by one statement. */
class RowLoader {
  readonly #db: StoreDatabase;
  readonly #isSqlite: boolean;
  #table: BackupHead['tables'][number] | null = null;
  #rows: (readonly Cell[])[] = [];
  #characters = 0;

  constructor(db: StoreDatabase, isSqlite: boolean) {
    this.#db = db;
    this.#isSqlite = isSqlite;
  }

  add(table: BackupHead['tables'][number], cells: readonly Cell[]): Promise<void> | undefined {
    this.#table = table;
    this.#rows.push(cells);
    for (const cell of cells)
      this.#characters += typeof cell === 'string' || cell instanceof Uint8Array ? cell.length : 8;
    const isFull =
      this.#rows.length >= MAX_ROWS ||
      this.#rows.length * cells.length >= MAX_VALUES ||
      this.#characters >= MAX_CHARACTERS;
    return isFull ? this.flush() : undefined;
  }

  async flush(): Promise<void> {
    const [table, rows] = [this.#table, this.#rows];
    [this.#rows, this.#characters] = [[], 0];
    if (!table || rows.length === 0) return;
    const names = sql.join(table.columns.map((column) => sql.ref(column)));
    const values = sql.join(rows.map((cells) => sql`(${sql.join(cells.map((cell) => this.#toValue(cell)))})`));
    await sql`insert into ${sql.table(table.name)} (${names}) values ${values}`.execute(this.#db);
  }

  /** As the engine's driver takes it without rounding or cutting. */
  #toValue(cell: Cell): RawBuilder<unknown> {
    if (cell === null) return sql`null`;
    if (cell instanceof Uint8Array) return sql`${Buffer.from(cell)}`;
    // The driver of SQLite ends a text at its first NUL.
    if (this.#isSqlite && typeof cell === 'string' && cell.includes('\u0000'))
      throw new SwaliError('RESTORE_REFUSED', { detail: 'a text holds NUL, which a store on SQLite cannot keep' });
    return sql`${cell}`;
  }
}

async function setNextIds(db: StoreDatabase, { tables }: BackupHead): Promise<void> {
  for (const { name, nextId } of tables) {
    if (nextId !== null && nextId > 1)
      // eslint-disable-next-line no-restricted-syntax -- names are those of the schema, quoted; values are bound
      await sql`alter table ${sql.table(name)} auto_increment = ${sql.lit(nextId)}`.execute(db);
  }
}

/** An id is never given twice, even where the last one's row is gone. */
async function setNextSqliteIds(db: StoreDatabase, { tables }: BackupHead): Promise<void> {
  for (const { name, nextId } of tables) {
    if (nextId === null || nextId <= 1) continue;
    await sql`delete from sqlite_sequence where name = ${name}`.execute(db);
    await sql`insert into sqlite_sequence (name, seq) values (${name}, ${nextId - 1})`.execute(db);
  }
}
