import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Cell } from './cells.js';
import { type Snapshot, sortByReference, type TableShape } from './snapshot.js';

/** How long opening waits for another process, in milliseconds; readers wait for nobody once it is open. */
const BUSY_TIMEOUT_MS = 5000;

/** Rows between two turns of the event loop: reading is synchronous. */
const ROWS_A_TURN = 200;

/** Before every row: SQLite's ids have 64 bits and a sign. */
const FIRST_PLACE = -(2n ** 63n);

/**
 * Does work on all of a store as it is now: one read transaction on a connection of its own, beside which others write on
 * (WAL). It must not take for ever: the log of writes grows meanwhile.
 *
 * @param path of the file
 */
export async function withSqliteSnapshot<T>(path: string, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    database.exec('begin');
    // The first read takes the snapshot.
    const tables = sortByReference(readShapes(database));
    return await work({
      dialect: 'sqlite',
      migrations: readColumn(database, 'select name from kysely_migration order by name'),
      tables,
      position: null,
      rows: (table) => readRows(database, table),
    });
  } finally {
    database.close();
  }
}

function readColumn(database: DatabaseSyncInstance, text: string, ...parameters: readonly string[]): string[] {
  return database
    .prepare(text)
    .all(...parameters)
    .map((row) => String(Object.values(row as object)[0]));
}

function readShapes(database: DatabaseSyncInstance): TableShape[] {
  const names = readColumn(
    database,
    "select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name",
  );
  const sequences = names.length > 0 && hasTable(database, 'sqlite_sequence');
  return names.map((name) => {
    const ids = sequences ? readColumn(database, 'select seq from sqlite_sequence where name = ?', name) : [];
    return {
      name,
      columns: readColumn(database, 'select name from pragma_table_xinfo(?) where hidden = 0 order by cid', name),
      nextId: ids[0] === undefined ? null : Number(ids[0]) + 1,
      references: readColumn(database, 'select "table" from pragma_foreign_key_list(?)', name),
    };
  });
}

function hasTable(database: DatabaseSyncInstance, name: string): boolean {
  return readColumn(database, 'select name from sqlite_master where name = ?', name).length > 0;
}

/**
 * By pages in the order of the rows' own ids, not by an iterator of the driver: the process ends (SIGSEGV) where one that has
 * not come to its end meets a collection of garbage.
 */
async function* readRows(database: DatabaseSyncInstance, { name, columns }: TableShape): AsyncGenerator<Cell[]> {
  const cells = columns.map((column, at) => `${quote(column)} as c${at}`).join(', ');
  const statement = database.prepare(
    `select rowid as place, ${cells} from ${quote(name)} where rowid > ? order by rowid limit ${ROWS_A_TURN}`,
  );
  statement.setReadBigInts(true);
  let after = FIRST_PLACE;
  for (;;) {
    const page = statement.all(after) as Readonly<Record<string, Cell>>[];
    for (const row of page) yield columns.map((_, at) => row[`c${at}`] ?? null);
    const last = page.at(-1);
    if (!last || page.length < ROWS_A_TURN) return;
    after = last.place as bigint;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
