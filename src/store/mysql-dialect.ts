import { type Dialect, type Kysely, MysqlAdapter, MysqlDialect, sql } from 'kysely';
import { createPool } from 'mysql2';
import { printMysqlTransport } from '../transport/mysql-transport.js';
import { parseMysqlUrl } from '../transport/mysql-url.js';
import type { TransportRules } from '../transport/transport-rules.js';
import { createBoundedPool } from './bounded-pool.js';

/** How long a start waits for another process's migrations, in seconds. */
const MIGRATION_LOCK_TIMEOUT_S = 60;

/** Callers that may wait for a connection, and for how long, in milliseconds. */
const QUEUE_LIMIT = 500;
const WAIT_MS = 3000;
/**
 * Longest statement, in milliseconds: a server that is silent for longer counts as gone. Longer than the wait for a lock (5 s), so
 * that the server can say what it waits for. Migrations take what they take.
 */
const STATEMENT_MS = 7000;

/** Server-wide, so two stores on one server migrate one after the other: harmless. */
const MIGRATION_LOCK = 'swali.store.migrate';

/**
 * What every session is pinned to. Strict: text too long is an error, never cut. A fixed sql_mode also keeps the
 * client's escaping right: under NO_BACKSLASH_ESCAPES it would not be. A lock that is not given in 5 seconds ends the wait.
 */
const PIN_SESSION = `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
  time_zone = '+00:00', character_set_client = utf8mb4, character_set_results = utf8mb4, character_set_connection = utf8mb4,
  collation_connection = utf8mb4_bin, autocommit = 1, innodb_lock_wait_timeout = 5`;

/** kysely's adapter ignores whether it got the lock; this one refuses without it. */
class LockingMysqlAdapter extends MysqlAdapter {
  override async acquireMigrationLock(db: Kysely<never>): Promise<void> {
    const { rows } = await sql<{ got: number | null }>`
      select get_lock(${MIGRATION_LOCK}, ${MIGRATION_LOCK_TIMEOUT_S}) as got`.execute(db);
    if (Number(rows[0]?.got) !== 1) throw new Error('another process holds the migration lock');
  }

  override async releaseMigrationLock(db: Kysely<never>): Promise<void> {
    await sql`select release_lock(${MIGRATION_LOCK})`.execute(db);
  }
}

class LockingMysqlDialect extends MysqlDialect {
  override createAdapter(): MysqlAdapter {
    return new LockingMysqlAdapter();
  }
}

/** Connections of the pool at most. */
export const MYSQL_CONNECTIONS = 10;

/**
 * Makes kysely speak to MySQL or MariaDB through mysql2: a pool of pinned sessions.
 *
 * @param url `mysql://user:password@host:port/database`, or `mariadb://…`
 * @param transport how the server may be spoken to; TLS, verified, off loopback where it is left out
 * @returns the dialect, and what lifts its limit on one statement for a while
 * @throws SwaliError `SETTINGS_INVALID` for another URL, or one with parameters
 */
export function createMysqlDialect(
  url: string,
  transport?: TransportRules,
): {
  readonly dialect: Dialect;
  liftLimits(lifted: boolean): void;
} {
  const address = parseMysqlUrl(url, transport);
  let statementMs = STATEMENT_MS;
  const pool = createPool({
    ...printMysqlTransport(address, address.transport),
    user: address.user,
    password: address.password,
    database: address.database,
    connectionLimit: MYSQL_CONNECTIONS,
    // Bounded by the pool around this one.
    queueLimit: 0,
    connectTimeout: 5000,
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    supportBigNumbers: true,
    multipleStatements: false,
  });
  // Queued on the new connection before the statement that it was opened for.
  pool.on('connection', (connection) => {
    connection.query(PIN_SESSION, (error) => {
      if (error) connection.destroy();
    });
  });
  const bounds = { queueLimit: QUEUE_LIMIT, waitMs: WAIT_MS, statementMs: () => statementMs };
  return {
    dialect: new LockingMysqlDialect({ pool: createBoundedPool(pool, bounds) }),
    liftLimits(lifted) {
      statementMs = lifted ? Number.POSITIVE_INFINITY : STATEMENT_MS;
    },
  };
}
