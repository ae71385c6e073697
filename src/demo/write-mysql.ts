import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { SwaliError } from '../errors/swali-error.js';
import { printMysqlTransport } from '../transport/mysql-transport.js';
import type { MysqlAddress } from '../transport/mysql-url.js';
import { readTlsFault } from '../transport/tls-fault.js';
import { printInsert, printTable } from './print-tables.js';
import type { RowBatch } from './row-batches.js';
import { DEMO_TABLES, MARKER_TABLE } from './tables.js';

/** Rows per INSERT: about 60 KiB of text for the widest table, far below the smallest max_allowed_packet. */
const ROWS_PER_INSERT = 400;
/** Rows between commits, so that undo logs stay small. */
const ROWS_PER_COMMIT = 20_000;

/**
 * Writes the demonstration into a database of MySQL or MariaDB. DDL there cannot be undone, so a run that fails leaves
 * a part behind, with the marker: the next run clears it away.
 *
 * @param target the account needs CREATE, DROP, INSERT, INDEX, REFERENCES, SELECT there
 * @param onBatch called after each batch
 * @throws SwaliError `DEMO_TARGET_REFUSED` where the database holds anything but a former demonstration or refuses to
 *   be written, `SOURCE_UNAVAILABLE` where it cannot be reached
 */
export async function writeMysql(
  target: MysqlAddress,
  batches: Iterable<RowBatch>,
  onBatch: (batch: RowBatch) => void,
): Promise<void> {
  const connection = await connect(target);
  try {
    await clearFormerDemo(connection);
    for (const table of DEMO_TABLES) await connection.query(printTable(table, 'mysql').create);
    await fill(connection, batches, onBatch);
    for (const table of DEMO_TABLES) await connection.query(`ANALYZE TABLE \`${table.name}\``);
  } catch (cause) {
    if (cause instanceof SwaliError) throw cause;
    throw new SwaliError('DEMO_TARGET_REFUSED', { detail: 'the database refused a table or a row', cause });
  } finally {
    await connection.end().catch(() => connection.destroy());
  }
}

async function connect({ transport, user, password, database, ...server }: MysqlAddress): Promise<Connection> {
  try {
    const connection = await createConnection({
      ...printMysqlTransport(server, transport),
      user,
      password,
      database,
      charset: 'utf8mb4',
      connectTimeout: 10_000,
    });
    // mysql2 escapes values with backslashes: the session must read them so, and must refuse what does not fit.
    await connection.query("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 0");
    return connection;
  } catch (cause) {
    throw new SwaliError('SOURCE_UNAVAILABLE', {
      detail: readTlsFault(cause) ?? 'the demonstration’s database does not accept the connection',
      cause,
    });
  }
}

/** The marker is made first and dropped last, so a part that a broken run left is known for what it is. */
async function clearFormerDemo(connection: Connection): Promise<void> {
  const [found] = await connection.query<RowDataPacket[]>(
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
  );
  const names = found.map((row) => String(row.name));
  if (names.length === 0) return;
  const known = new Set(DEMO_TABLES.map((table) => table.name));
  if (!names.includes(MARKER_TABLE) || names.some((name) => !known.has(name))) {
    throw new SwaliError('DEMO_TARGET_REFUSED', { detail: 'the database holds other tables; name an empty one' });
  }
  for (const table of [...DEMO_TABLES].reverse()) await connection.query(`DROP TABLE IF EXISTS \`${table.name}\``);
}

async function fill(
  connection: Connection,
  batches: Iterable<RowBatch>,
  onBatch: (batch: RowBatch) => void,
): Promise<void> {
  let open = 0;
  for (const batch of batches) {
    for (let from = 0; from < batch.rows.length; from += ROWS_PER_INSERT) {
      const rows = batch.rows.slice(from, from + ROWS_PER_INSERT);
      await connection.query(printInsert(batch.table, rows.length, 'mysql'), rows.flat());
      open += rows.length;
    }
    if (open >= ROWS_PER_COMMIT) {
      await connection.commit();
      open = 0;
    }
    onBatch(batch);
  }
  await connection.commit();
}
