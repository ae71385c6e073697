import type { Guarded, MakeGuard } from '../domain/ports.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import type { ResultValue } from '../domain/result-set.js';
import type { ParameterValue } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import { type MysqlAddress, parseMysqlUrl } from '../transport/mysql-url.js';
import type { TransportRules } from '../transport/transport-rules.js';
import { type Bulkhead, createBulkhead, mostOfKind } from './bulkhead.js';
import { estimateRows } from './estimate.js';
import { readGrants } from './grants.js';
import { createLendingPool, type LendingPool } from './lending-pool.js';
import type { MysqlRows, MysqlRun } from './mysql-reading.js';
import { type MysqlSession, openMysqlSession } from './mysql-session.js';
import type { MysqlStreamRun } from './mysql-stream.js';
import { nameRows } from './name-rows.js';
import { type OpenStream, toResultStream, whileStreaming } from './open-stream.js';
import { nameAccount, type OpenedSource, type SourceAccount } from './opened-source.js';
import { proveServerFence } from './self-test.js';
import { toFixedOffset } from './server-time-zone.js';
import type { SessionPins } from './session-pins.js';
import type { SourceRequest } from './source.js';
import { SOURCE_RULES } from './source-rules.js';

/** How a MySQL or MariaDB source is opened. */
export interface MysqlSourceOptions {
  /** One account for each kind of principal; equal URLs share a pool. */
  readonly urls: Readonly<Record<PrincipalKind, string>>;
  /** The account that metadata is read with; it may be one of `urls`. */
  readonly catalogUrl: string;
  /** Connections of each pool at most; 1–200. */
  readonly size: number;
  /** Statements of one kind that may wait for a connection of one pool; one more is refused with `EXECUTE_BUSY`. */
  readonly queueLimit: number;
  /** What NOW() means: an IANA zone or an offset. */
  readonly timeZone: string;
  /** Rows that the optimiser may mean to visit before `EXECUTE_TOO_COSTLY`. */
  readonly maxEstimatedRows: number;
  /** Whether accounts that can do more than read are let through; the caller records it. */
  readonly allowWideGrants: boolean;
  /** How the server may be spoken to. */
  readonly transport: TransportRules;
  /** Makes the breaker of each account. */
  readonly makeGuard: MakeGuard;
  /** Told how long statements waited for their place, in milliseconds. */
  readonly onWait?: (ms: number) => void;
}

const INSPECT_TIMEOUT_MS = 30_000;
/** Share of the server's prepared statements that this process may keep. */
const PREPARED_SHARE = 0.8;
/** Prepared statements of one connection at most, however many the server would take. */
const PREPARED_PER_CONNECTION = 500;

/** The sessions of one account, its circuit, and the places of the kinds that share it. */
interface Pool extends LendingPool<MysqlSession> {
  readonly guard: Guarded;
  readonly bulkhead: Bulkhead;
}

interface ServerFacts {
  readonly dialect: 'mysql' | 'mariadb';
  readonly version: string;
  readonly database: string;
  readonly collation: string;
  readonly maxPrepared: number;
}

function toRecords({ names, rows }: MysqlRows): readonly Readonly<Record<string, ResultValue>>[] {
  return nameRows(names, rows);
}

function inspectRun(sql: string, parameters: readonly ParameterValue[] = []): MysqlRun {
  return { sql, parameters, timeoutMs: INSPECT_TIMEOUT_MS, maxRows: Infinity, maxBytes: Infinity };
}

/** Asks a server what it is, on a session of its own that is thrown away. */
async function readFacts(address: MysqlAddress): Promise<ServerFacts> {
  // Pins that every version takes: the real ones need the answers.
  const session = await openFirstSession(address);
  try {
    const [row] = toRecords(
      await session.run(
        inspectRun(
          'SELECT VERSION() AS version, DATABASE() AS db, COLLATION(_utf8mb4 0x61) AS collation, @@max_prepared_stmt_count AS prepared',
        ),
      ),
    );
    const version = String(row?.version);
    return {
      dialect: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
      version,
      database: String(row?.db),
      collation: String(row?.collation),
      maxPrepared: Number(row?.prepared),
    };
  } finally {
    session.kill();
  }
}

async function openFirstSession(address: MysqlAddress): Promise<MysqlSession> {
  const pins = { collation: 'utf8mb4_bin', timeZone: '+00:00' };
  try {
    return await openMysqlSession(address, { ...pins, dialect: 'mysql' }, 1);
  } catch (error) {
    // MariaDB does not know MySQL's variables; a server that cannot be reached fails the same way again.
    const cause = error instanceof SwaliError ? (error.cause as { errno?: number } | undefined) : undefined;
    if (cause?.errno !== 1193) throw error;
    return openMysqlSession(address, { ...pins, dialect: 'mariadb' }, 1);
  }
}

/** Runs on a session of the pool, where its server is not known to be away. */
function runOn(pool: Pool, request: MysqlRun, signal?: AbortSignal): Promise<MysqlRows> {
  return pool.guard.run(() => runOnSession(pool, request, signal));
}

/** Whether a connection had gone while it was idle: then another is to be tried, once. */
function isStale(error: unknown, wasUsed: boolean): boolean {
  return wasUsed && error instanceof SwaliError && error.code === 'SOURCE_UNAVAILABLE';
}

/** A connection that had gone stale while idle is replaced once. */
async function runOnSession(pool: Pool, request: MysqlRun, signal?: AbortSignal): Promise<MysqlRows> {
  const session = await pool.acquire(request.timeoutMs, signal);
  const wasUsed = session.isUsed();
  try {
    return await session.run(request, signal);
  } catch (error) {
    if (!isStale(error, wasUsed)) throw error;
  } finally {
    pool.release(session);
  }
  const fresh = await pool.acquire(request.timeoutMs, signal);
  try {
    return await fresh.run(request, signal);
  } finally {
    pool.release(fresh);
  }
}

/** A stream, and the session that it holds. */
interface HeldStream {
  readonly session: MysqlSession;
  readonly stream: OpenStream;
}

/** Opens a stream on a session of the pool, which is the caller's to release. A stale connection is replaced as above. */
async function openOnSession(pool: Pool, request: MysqlStreamRun, signal?: AbortSignal): Promise<HeldStream> {
  const open = async (session: MysqlSession): Promise<HeldStream> => {
    try {
      return { session, stream: await session.stream(request, signal) };
    } catch (error) {
      pool.release(session);
      throw error;
    }
  };
  const session = await pool.acquire(request.timeoutMs, signal);
  const wasUsed = session.isUsed();
  try {
    return await open(session);
  } catch (error) {
    if (!isStale(error, wasUsed)) throw error;
  }
  return open(await pool.acquire(request.timeoutMs, signal));
}

/**
 * Streams on a session of the pool until the stream has ended. The circuit learns at the opening whether the server is there,
 * so that a slow reader does not keep one that is tried again from closing, and of a failure after that when it comes.
 */
async function streamOn(
  pool: Pool,
  request: MysqlStreamRun,
  signal: AbortSignal | undefined,
  handOver: (stream: OpenStream) => void,
): Promise<void> {
  const { session, stream } = await pool.guard.run(() => openOnSession(pool, request, signal));
  try {
    handOver(stream);
    await stream.ended;
  } catch (error) {
    pool.guard.note(error);
    throw error;
  } finally {
    pool.release(session);
  }
}

/** EXPLAIN of a view asks for rights on the tables behind it, which an account that may only read the view does not have. */
const EXPLAIN_DENIED: ReadonlySet<unknown> = new Set([1345, 1142]);

/** Without the right to see the estimate the deadline bounds the statement alone. */
function isExplainDenied(error: unknown): boolean {
  const cause = error instanceof SwaliError ? error.cause : null;
  return EXPLAIN_DENIED.has((cause as { readonly errno?: unknown } | null)?.errno);
}

/** Only ever the plan: ANALYZE would run the statement, and other forms print what its values are. */
function printExplain(dialect: 'mysql' | 'mariadb', sql: string): string {
  return `${dialect === 'mariadb' ? 'EXPLAIN' : 'EXPLAIN FORMAT=TRADITIONAL'} ${sql}`;
}

async function assertAffordable(
  pool: Pool,
  dialect: 'mysql' | 'mariadb',
  request: SourceRequest,
  limit: number,
  signal?: AbortSignal,
): Promise<void> {
  const run = { ...inspectRun(printExplain(dialect, request.sql), request.parameters), timeoutMs: request.timeoutMs };
  try {
    if (estimateRows(toRecords(await runOn(pool, run, signal))) > limit) throw new SwaliError('EXECUTE_TOO_COSTLY');
  } catch (error) {
    if (!isExplainDenied(error)) throw error;
  }
}

/** What every account may do, and the faults of all, each line with the kinds that the account serves. */
async function judgeAccounts(
  pools: ReadonlyMap<string, Pool>,
  options: MysqlSourceOptions,
  facts: ServerFacts,
): Promise<{ readonly faults: readonly string[]; readonly accounts: readonly SourceAccount[] }> {
  const faults: string[] = [];
  const accounts: SourceAccount[] = [];
  for (const [url, pool] of pools) {
    const kinds = PRINCIPAL_KINDS.filter((kind) => options.urls[kind] === url);
    const inspect = async (sql: string) => toRecords(await runOn(pool, inspectRun(sql)));
    const grants = await readGrants(inspect, facts.dialect, facts.database);
    const account = { kinds, readsCatalog: url === options.catalogUrl, reads: grants.reads };
    accounts.push(account);
    for (const fault of grants.faults) faults.push(`${nameAccount(account)}: ${fault}`);
  }
  return { faults, accounts };
}

/** The pool of one account. Where an account has a kind to itself, the kind has all of the pool. */
function openPool(url: string, options: MysqlSourceOptions, start: () => Promise<MysqlSession>): Pool {
  const { size, queueLimit, catalogUrl, onWait } = options;
  const kinds = PRINCIPAL_KINDS.filter((kind) => options.urls[kind] === url);
  const name = url === catalogUrl ? 'source' : `source-${kinds.join('-')}`;
  const guard = options.makeGuard(name, SOURCE_RULES);
  const pool = createLendingPool<MysqlSession>({
    // Whoever waits for a connection may give up sooner than the server is found away: that is counted here.
    start: () =>
      start().catch((error: unknown) => {
        guard.note(error);
        throw error;
      }),
    size,
    queueLimit: queueLimit * PRINCIPAL_KINDS.length,
    replaceAtOnce: false,
  });
  const most = kinds.length > 1 ? mostOfKind(size) : size;
  const bulkhead = createBulkhead({
    size,
    mostOfKind: most,
    queueLimit,
    now: () => performance.now(),
    ...(onWait ? { onWait } : {}),
  });
  return { ...pool, guard, bulkhead };
}

/**
 * Opens a MySQL or MariaDB database: pinned sessions in one pool per account, its grants read and judged, the fence put
 * to the test.
 *
 * @throws SwaliError `SETTINGS_INVALID` for a URL or zone that cannot be used, `SOURCE_UNAVAILABLE` where a server cannot
 *   be reached or refuses a pin, `SOURCE_NOT_READ_ONLY` listing what an account may do beyond reading
 * @remarks A read-only session stops writes and DDL; it does not stop INTO OUTFILE, GET_LOCK or user variables. Grants
 *   stop the first, the seal all of them.
 */
export async function openMysqlSource(options: MysqlSourceOptions): Promise<OpenedSource> {
  const urls = [...PRINCIPAL_KINDS.map((kind) => options.urls[kind]), options.catalogUrl];
  const addresses = new Map(urls.map((url) => [url, parseMysqlUrl(url, options.transport)]));
  const timeZone = toFixedOffset(options.timeZone) ?? options.timeZone;
  const [first, ...others] = await Promise.all([...addresses.values()].map(readFacts));
  const facts = first!;
  if (others.some((other) => other.version !== facts.version || other.database !== facts.database))
    throw new SwaliError('SETTINGS_INVALID', { detail: 'the source URLs lead to different servers or databases' });

  const pins: SessionPins = { dialect: facts.dialect, collation: facts.collation, timeZone };
  const connections = addresses.size * options.size;
  const prepared = Math.min(PREPARED_PER_CONNECTION, Math.floor((PREPARED_SHARE * facts.maxPrepared) / connections));
  if (prepared < 1)
    throw new SwaliError('SOURCE_UNAVAILABLE', {
      detail: 'the server allows too few prepared statements for this many connections',
    });
  const pools = new Map(
    [...addresses].map(([url, address]) => [
      url,
      openPool(url, options, () => openMysqlSession(address, pins, prepared)),
    ]),
  );
  const poolOf = (kind: PrincipalKind): Pool => pools.get(options.urls[kind])!;
  const catalogPool = pools.get(options.catalogUrl)!;
  const closeAll = (): void => {
    for (const pool of pools.values()) pool.close();
  };
  const inspect = async (sql: string, parameters: readonly ParameterValue[] = []) =>
    toRecords(await runOn(catalogPool, inspectRun(sql, parameters)));

  try {
    const { faults: grantFaults, accounts } = await judgeAccounts(pools, options, facts);
    if (grantFaults.length > 0 && !options.allowWideGrants)
      throw new SwaliError('SOURCE_NOT_READ_ONLY', { detail: grantFaults.join('; ') });
    const fenceFaults = await proveServerFence(inspect, facts.dialect, facts.version);
    return {
      dialect: facts.dialect,
      serverVersion: facts.version,
      database: facts.database,
      fenceHolds: fenceFaults.length === 0,
      fenceFaults,
      grantFaults,
      accounts,
      async execute(request, signal) {
        const pool = poolOf(request.kind);
        const leave = await pool.bulkhead.enter(request.kind, request.timeoutMs, signal);
        try {
          const { mayEstimate } = request;
          if (mayEstimate) await assertAffordable(pool, facts.dialect, request, options.maxEstimatedRows, signal);
          const { types, rows, truncated } = await runOn(pool, request, signal);
          return { types, rows, truncated };
        } finally {
          leave();
        }
      },
      stream: (request, signal) =>
        whileStreaming(async (handOver) => {
          const pool = poolOf(request.kind);
          const leave = await pool.bulkhead.enter(request.kind, request.timeoutMs, signal);
          try {
            const { mayEstimate } = request;
            if (mayEstimate) await assertAffordable(pool, facts.dialect, request, options.maxEstimatedRows, signal);
            await streamOn(pool, request, signal, (stream) => handOver(toResultStream(stream)));
          } finally {
            leave();
          }
        }),
      async explain({ sql, parameters, kind, timeoutMs }) {
        const pool = poolOf(kind);
        const session = pool.takeIdle();
        if (!session) return null;
        try {
          const run = inspectRun(printExplain(facts.dialect, sql), parameters);
          return toRecords(await session.run({ ...run, timeoutMs }));
        } finally {
          pool.release(session);
        }
      },
      inspect,
      poolUse: () =>
        [...pools].map(([url, pool]) => {
          const kinds = PRINCIPAL_KINDS.filter((kind) => options.urls[kind] === url);
          return { name: `source ${kinds.join('+') || 'catalog'}`, ...pool.use() };
        }),
      async ping() {
        for (const pool of pools.values()) await runOn(pool, { ...inspectRun('SELECT 1 AS one'), timeoutMs: 5000 });
      },
      async close() {
        closeAll();
      },
    };
  } catch (error) {
    closeAll();
    throw error;
  }
}
