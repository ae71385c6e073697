import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Store } from '../store.js';
import type { Cell } from './cells.js';
import { type LogPosition, type Snapshot, sortByReference, type TableShape } from './snapshot.js';

/** Rows of a page at first; it grows while pages are small, as a record can have a quarter of a mebibyte. */
const FIRST_PAGE = 50;
const LARGEST_PAGE = 2000;
const PAGE_CHARACTERS = 1024 * 1024;

type Session = Kysely<never>;
type Row = Readonly<Record<string, unknown>>;

/** How a column is read: as it comes, or as the text that the server makes of it. */
type Reading = 'integer' | 'real' | 'bytes' | 'text' | 'as-text';

const READINGS: Readonly<Record<string, Reading>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  float: 'real',
  double: 'real',
  binary: 'bytes',
  varbinary: 'bytes',
  tinyblob: 'bytes',
  blob: 'bytes',
  mediumblob: 'bytes',
  longblob: 'bytes',
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
};

interface ReadTable extends TableShape {
  readonly readings: readonly Reading[];
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[];
}

/**
 * Does work on all of a store as it is now: one consistent snapshot (REPEATABLE READ) on one connection of the pool, read
 * in pages by primary key. Nothing is locked.
 */
export function withMysqlSnapshot<T>(store: Store, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return store.run((db) =>
    db.connection().execute(async (connection) => {
      const session = connection as unknown as Session;
      const isMysql = store.dialect === 'mysql';
      // Else what is kept of the next ids may be a day old.
      if (isMysql) await query(session, sql`set session information_schema_stats_expiry = 0`);
      // Read before the snapshot: what comes between the two is replayed onto what is there already, never left out.
      const before = isMysql ? await readGtids(session) : null;
      await query(session, sql`set transaction isolation level repeatable read`);
      await query(session, sql`start transaction with consistent snapshot, read only`);
      try {
        const tables = sortByReference(await readShapes(session)) as readonly ReadTable[];
        return await work({
          dialect: store.dialect,
          migrations: (await query(session, sql`select name from kysely_migration order by name`)).map(({ name }) =>
            String(name),
          ),
          tables,
          position: isMysql ? before : await readMariadbPosition(session),
          rows: (table) => readRows(session, table as ReadTable),
        });
      } finally {
        await query(session, sql`rollback`);
      }
    }),
  );
}

async function query(session: Session, text: RawBuilder<unknown>): Promise<readonly Row[]> {
  return (await text.execute(session)).rows as readonly Row[];
}

/** Null where the server writes no binary log by GTID. */
async function readGtids(session: Session): Promise<LogPosition> {
  const [row] = await query(session, sql`select @@global.gtid_mode as mode, @@global.gtid_executed as executed`);
  return row?.mode === 'ON' ? { gtidExecuted: String(row.executed).replaceAll('\n', '') } : null;
}

/** MariaDB says exactly which position belongs to the snapshot. Null where there is no binary log. */
async function readMariadbPosition(session: Session): Promise<LogPosition> {
  const rows = await query(session, sql`show session status like 'binlog_snapshot_%'`);
  const of = (name: string): string =>
    String(rows.find((row) => String(row.Variable_name).toLowerCase() === name)?.Value ?? '');
  const file = of('binlog_snapshot_file');
  return file === '' ? null : { file, position: Number(of('binlog_snapshot_position')) };
}

async function readShapes(session: Session): Promise<ReadTable[]> {
  const tables = await query(
    session,
    sql`select table_name as name, auto_increment as next_id from information_schema.tables
      where table_schema = database() and table_type = 'BASE TABLE' order by table_name`,
  );
  const columns = await query(
    session,
    sql`select table_name as t, column_name as name, data_type as type from information_schema.columns
      where table_schema = database() and coalesce(generation_expression, '') = '' order by table_name, ordinal_position`,
  );
  const keys = await query(
    session,
    sql`select table_name as t, constraint_name as key_name, column_name as name, referenced_table_name as parent
      from information_schema.key_column_usage where table_schema = database() order by table_name, ordinal_position`,
  );
  return tables.map(({ name, next_id }) => {
    const own = columns.filter(({ t }) => t === name);
    const ownKeys = keys.filter(({ t }) => t === name);
    return {
      name: String(name),
      columns: own.map((column) => String(column.name)),
      readings: own.map(({ type }) => READINGS[String(type).toLowerCase()] ?? 'as-text'),
      nextId: next_id === null ? null : Number(next_id),
      references: ownKeys.flatMap(({ parent }) => (parent === null ? [] : [String(parent)])),
      key: ownKeys.filter(({ key_name }) => key_name === 'PRIMARY').map((column) => String(column.name)),
    };
  });
}

async function* readRows(session: Session, table: ReadTable): AsyncGenerator<Cell[]> {
  if (table.key.length === 0) throw new Error(`the table ${table.name} has no primary key to read it by`);
  const places = table.key.map((column) => table.columns.indexOf(column));
  let [limit, after]: [number, readonly Cell[] | null] = [FIRST_PAGE, null];
  for (;;) {
    const page = await readPage(session, table, after, limit);
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < limit) return;
    after = places.map((place) => last[place] ?? null);
    const characters = page.flat().reduce((sum: number, cell) => sum + (typeof cell === 'string' ? cell.length : 8), 0);
    if (characters < PAGE_CHARACTERS / 2) limit = Math.min(limit * 2, LARGEST_PAGE);
    else if (characters > PAGE_CHARACTERS) limit = Math.max(Math.floor(limit / 2), 1);
  }
}

async function readPage(session: Session, table: ReadTable, after: readonly Cell[] | null, limit: number) {
  const columns = table.columns.map((column, at) =>
    table.readings[at] === 'as-text' ? sql`cast(${sql.ref(column)} as char)` : sql.ref(column),
  );
  const named = columns.map((column, at) => sql`${column} as ${sql.ref(`c${at}`)}`);
  const where = after === null ? sql`` : sql`where ${isAfter(table.key, after)}`;
  const order = sql.join(table.key.map((column) => sql.ref(column)));
  const rows = await query(
    session,
    // eslint-disable-next-line no-restricted-syntax -- names are read from the catalog and quoted; values are bound
    sql`select ${sql.join(named)} from ${sql.table(table.name)} ${where} order by ${order} limit ${sql.lit(limit)}`,
  );
  return rows.map((row) => table.readings.map((reading, at) => toCell(row[`c${at}`], reading)));
}

/** `a > ? or (a = ? and (b > ? or …))`: unlike a comparison of rows, the server reads that by the index. */
function isAfter([column, ...columns]: readonly string[], [value, ...values]: readonly Cell[]): RawBuilder<unknown> {
  const [left, right] = [sql.ref(column ?? ''), sql`${value}`];
  if (columns.length === 0) return sql`${left} > ${right}`;
  return sql`${left} > ${right} or (${left} = ${right} and (${isAfter(columns, values)}))`;
}

function toCell(value: unknown, reading: Reading): Cell {
  if (value === null || value === undefined) return null;
  if (reading === 'integer') return BigInt(value as string | number);
  if (reading === 'real') return Number(value);
  if (value instanceof Uint8Array || typeof value === 'string') return value;
  throw new Error('a value came in no form that is known');
}
