import { Kysely, Migrator, sql, type Transaction } from 'kysely';
import type { Dialect } from '../domain/dialect.js';
import type { Backoff, MakeGuard, PoolUse } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { TransportRules } from '../transport/transport-rules.js';
import { countLoans, type Loans } from './count-loans.js';
import { migrationsFor } from './migrations.js';
import { createMysqlDialect, MYSQL_CONNECTIONS } from './mysql-dialect.js';
import { runTransaction, type TransactionOptions } from './run-transaction.js';
import { createSqliteDialect } from './sqlite-dialect.js';
import { toStoreError } from './store-error.js';
import { STORE_RULES } from './store-rules.js';
import type { StoreTables } from './tables.js';

/** What a piece of work on the store is given: kysely over the gateway's own tables. */
export type StoreDatabase = Kysely<StoreTables>;

/** The gateway's own tables: accounts, sessions, second factors, audit. Never the source. */
export interface Store {
  readonly dialect: Dialect;
  /** What the server or the library says of itself, e.g. `9.4.0`, `11.8.2-MariaDB`, `3.50.4`. */
  readonly version: string;
  /** False where the server is set to acknowledge commits before they are on its disk; then an audit record can be lost. */
  readonly durableCommits: boolean;
  /**
   * Runs work outside a transaction.
   *
   * @throws SwaliError `STORE_UNAVAILABLE` with the driver's error as private cause
   */
  run<T>(work: (db: StoreDatabase) => Promise<T>): Promise<T>;
  /**
   * Runs work in one transaction, committed when the promise resolves and rolled back when it rejects. On SQLite it
   * holds the only connection: inside, use the handed database alone. Where a deadlock, a lock or a broken connection ends it,
   * it is run again, so work must have no other effect; but not where the connection broke during COMMIT, see
   * {@link TransactionOptions}.
   *
   * @throws SwaliError `STORE_UNAVAILABLE` with the driver's error as private cause; after a broken COMMIT nobody knows
   *   whether it took effect. `OVERLOADED` where too many wait for a connection
   */
  transaction<T>(work: (db: Transaction<StoreTables>) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Resolves when the store answers. @throws SwaliError `STORE_UNAVAILABLE` */
  ping(): Promise<void>;
  /** What the pool of connections lends out now. */
  poolUse(): PoolUse;
  close(): Promise<void>;
}

/** What keeps a store usable while others press, or its server is away. */
export interface StoreGuards {
  /** Its breaker; none where it is left out, as in tests. */
  readonly makeGuard?: MakeGuard;
  /** Pauses between tries of a transaction; none where it is left out. */
  readonly backoff?: Backoff;
}

/** Limits on statements that are lifted while the tables are brought up to date. */
interface Opened {
  readonly db: StoreDatabase;
  liftLimits(lifted: boolean): void;
}

/** Reads what the engine is and says of itself, and whether its commits are durable. */
async function inspectServer(
  db: StoreDatabase,
  isSqlite: boolean,
): Promise<Pick<Store, 'dialect' | 'version' | 'durableCommits'>> {
  if (isSqlite) {
    const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(db);
    const told = await sql<{ version: string }>`select sqlite_version() as version`.execute(db);
    return {
      dialect: 'sqlite',
      version: String(told.rows[0]?.version),
      durableCommits: Number(rows[0]?.synchronous) >= 2,
    };
  }
  const { rows } = await sql<{ version: string; flush: number }>`
    select version() as version, @@global.innodb_flush_log_at_trx_commit as flush`.execute(db);
  return {
    dialect: String(rows[0]?.version).includes('MariaDB') ? 'mariadb' : 'mysql',
    version: String(rows[0]?.version),
    durableCommits: Number(rows[0]?.flush) === 1,
  };
}

function openDatabase(url: string, loans: Loans, transport?: TransportRules): Opened {
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length) {
    const dialect = countLoans(createSqliteDialect(url.slice('sqlite:'.length)), loans);
    return { db: new Kysely<StoreTables>({ dialect }), liftLimits: () => undefined };
  }
  if (/^(?:mysql|mariadb):\/\//.test(url)) {
    const { dialect, liftLimits } = createMysqlDialect(url, transport);
    return { db: new Kysely<StoreTables>({ dialect: countLoans(dialect, loans) }), liftLimits };
  }
  throw new SwaliError('SETTINGS_INVALID', { detail: 'STORE_URL must be sqlite:PATH, mysql://… or mariadb://…' });
}

/**
 * Opens the store and makes sure that it answers. Its tables are made by {@link migrateStore}.
 *
 * @param url `sqlite:PATH` (file and folder are made where absent), `sqlite::memory:` or `mysql://user:password@host:port/database`,
 *   `mariadb://` meaning the same
 * @param transport how a server may be spoken to; TLS, verified, off loopback where it is left out
 * @throws SwaliError `SETTINGS_INVALID` for another scheme or a parameter, `STORE_UNAVAILABLE` where it cannot be reached
 */
export async function openStore(
  url: string,
  transport?: TransportRules,
  { makeGuard, backoff = () => 0 }: StoreGuards = {},
): Promise<Store> {
  const loans: Loans = { busy: 0, waiting: 0 };
  const { db, liftLimits } = await guard(async () => openDatabase(url, loans, transport));
  const circuit = makeGuard?.('store', STORE_RULES);
  const through = <T>(work: () => Promise<T>): Promise<T> => (circuit ? circuit.run(work) : work());
  try {
    const server = await inspectServer(db, url.startsWith('sqlite:'));
    const store: Store = {
      ...server,
      run: (work) => guard(() => through(() => work(db))),
      transaction: (work, options = {}) => guard(() => runTransaction(db, work, options, backoff, through)),
      ping: () => guard(() => through(async () => void (await sql`select 1`.execute(db)))),
      poolUse: () => ({ name: 'store', size: server.dialect === 'sqlite' ? 1 : MYSQL_CONNECTIONS, ...loans }),
      close: () => guard(() => db.destroy()),
    };
    LIMITS.set(store, liftLimits);
    return Object.freeze(store);
  } catch (error) {
    await db.destroy().catch(() => undefined);
    throw toStoreError(error);
  }
}

const LIMITS = new WeakMap<Store, Opened['liftLimits']>();

/**
 * Brings the store's tables up to date, under a lock that other processes wait for.
 *
 * @returns names of the migrations that ran, in order; empty where nothing was to do
 * @throws SwaliError `STORE_UNAVAILABLE` where a migration fails, or where the store was made by a newer version
 */
export async function migrateStore(store: Store): Promise<readonly string[]> {
  const migrations = { ...migrationsFor(store.dialect === 'sqlite' ? 'sqlite' : 'mysql') };
  const lift = LIMITS.get(store);
  lift?.(true);
  return store
    .run(async (db) => {
      const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
      const { error, results } = await migrator.migrateToLatest();
      if (error) throw error;
      return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName);
    })
    .finally(() => lift?.(false));
}

/**
 * Names of the migrations that the store still lacks; empty where it is up to date.
 *
 * @throws SwaliError `STORE_UNAVAILABLE`
 */
export async function pendingMigrations(store: Store): Promise<readonly string[]> {
  const migrations = { ...migrationsFor(store.dialect === 'sqlite' ? 'sqlite' : 'mysql') };
  return store.run(async (db) => {
    const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
    return (await migrator.getMigrations()).filter(({ executedAt }) => !executedAt).map(({ name }) => name);
  });
}

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStoreError(error);
  }
}
