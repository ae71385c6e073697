import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { SwaliError } from '../errors/swali-error.js';

/** Prepared statements kept; the store has a few dozen texts. */
const MAX_STATEMENTS = 256;

/** How long opening, a transaction or a single write waits for another process's write to end, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

/** Longest pause between two tries, in milliseconds. */
const BUSY_PAUSE_MS = 40;

/** Callers that may wait for the one connection, and for how long, in milliseconds. */
const QUEUE_LIMIT = 2000;
const WAIT_MS = 10_000;

/** SQLITE_BUSY: another connection holds the write lock. */
const SQLITE_BUSY = 5;

/**
 * SQLite can roll DDL back, so all migrations run inside one transaction; as ours begin IMMEDIATE, that transaction is
 * also the lock between processes that start together.
 */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/**
 * Opens the store's file and pins what durability and integrity rest on.
 *
 * The file is made readable by its owner alone: it holds password digests.
 *
 * @param path of the file, or `:memory:`
 */
function openDatabase(path: string): DatabaseSyncInstance {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
  }
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  // Once open, waiting is ours (see retryWhileBusy): SQLite's own waiting would stop the event loop.
  // FULL: a commit is on the disk before it returns, also in WAL mode. recursive_triggers: REPLACE fires DELETE triggers.
  // secure_delete: what is deleted or overwritten, such as the key of an erased person, is zeroed in the file.
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
     PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;
     PRAGMA busy_timeout = 0;`,
  );
  return database;
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}

/**
 * Tries again while another connection writes, pausing without holding the event loop. Only for what has no effect
 * when it fails: `begin immediate`, and single statements outside a transaction.
 *
 * @throws the last error, once {@link BUSY_TIMEOUT_MS} of pauses have passed
 */
async function retryWhileBusy<T>(attempt: () => T): Promise<T> {
  let pauseMs = 1;
  for (let waitedMs = 0; ; waitedMs += pauseMs, pauseMs = Math.min(pauseMs * 2, BUSY_PAUSE_MS)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || waitedMs >= BUSY_TIMEOUT_MS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

interface PreparedStatement {
  readonly statement: StatementSyncInstance;
  /** Whether it is a query; asking SQLite each time costs more than many a query. */
  readonly givesRows: boolean;
}

/** The one connection. Statements run synchronously; a statement of the store takes well under a millisecond. */
class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSyncInstance;
  readonly #statements = new Map<string, PreparedStatement>();

  constructor(database: DatabaseSyncInstance) {
    this.#database = database;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#database.isTransaction ? this.#execute(query) : retryWhileBusy(() => this.#execute<R>(query));
  }

  #execute<R>(query: CompiledQuery): QueryResult<R> {
    const { statement, givesRows } = this.#prepare(query.sql);
    if (givesRows) return { rows: statement.all(...query.parameters) as R[] };
    const { changes, lastInsertRowid } = statement.run(...query.parameters);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator; the store never streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('the store does not stream');
  }

  #prepare(sql: string): PreparedStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, givesRows: statement.columns().length > 0 };
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

/** Lends the one connection out, first come first served, so that a transaction has it to itself. */
class SqliteDriver implements Driver {
  readonly #database: DatabaseSyncInstance;
  readonly #connection: SqliteConnection;
  readonly #waiting: ((connection: SqliteConnection) => void)[] = [];
  #lent = false;

  constructor(database: DatabaseSyncInstance) {
    this.#database = database;
    this.#connection = new SqliteConnection(database);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    if (!this.#lent) {
      this.#lent = true;
      return this.#connection;
    }
    const refusal = new SwaliError('OVERLOADED', { retryAfterS: 1, cause: 'too many wait for the store' });
    if (this.#waiting.length >= QUEUE_LIMIT) throw refusal;
    return new Promise((resolve, reject) => {
      const take = (connection: SqliteConnection): void => {
        clearTimeout(timer);
        resolve(connection);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        reject(refusal);
      }, WAIT_MS);
      this.#waiting.push(take);
    });
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    if (next) next(this.#connection);
    else this.#lent = false;
  }

  /** IMMEDIATE takes the write lock at once: a deferred one can fail half-way when another process wrote meanwhile. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // Some errors (disk full) have already rolled back.
    if (this.#database.isTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }
}

/**
 * Makes kysely speak to one SQLite file through `@photostructure/sqlite`: WAL, `synchronous = FULL`, foreign keys on.
 *
 * @param path of the file (made with its folder where absent), or `:memory:`
 * @throws what SQLite throws where the file cannot be opened
 */
export function createSqliteDialect(path: string): Dialect {
  const database = openDatabase(path);
  return {
    createAdapter: () => new TransactionalSqliteAdapter(),
    createDriver: () => new SqliteDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}
