import type { MakeGuard } from '../domain/ports.js';
import { PRINCIPAL_KINDS } from '../domain/principal.js';
import type { ResultValue } from '../domain/result-set.js';
import type { ParameterValue } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import { createBulkhead, mostOfKind } from './bulkhead.js';
import { createLendingPool } from './lending-pool.js';
import { nameRows } from './name-rows.js';
import { toResultStream, whileStreaming } from './open-stream.js';
import type { OpenedSource } from './opened-source.js';
import type { SourceStreamRequest } from './source.js';
import { SOURCE_RULES } from './source-rules.js';
import { type SqliteProcess, startSqliteProcess } from './sqlite-process.js';
import type { SqliteChildOptions, SqliteReply, SqliteRequest } from './sqlite-protocol.js';
import { streamFromChild } from './sqlite-stream.js';

/** How a SQLite source is opened. */
export interface SqliteSourceOptions {
  readonly path: string;
  /** Child processes, each with one statement at a time; 1–64. */
  readonly size: number;
  /** Statements of one kind that may wait for a child; one more is refused with `EXECUTE_BUSY`. */
  readonly queueLimit: number;
  readonly makeGuard: MakeGuard;
  /** Told how long statements waited for their place, in milliseconds. */
  readonly onWait?: (ms: number) => void;
}

/** Longest read of metadata, in milliseconds. */
const INSPECT_TIMEOUT_MS = 30_000;
const MIB = 1024 * 1024;

/**
 * Opens a SQLite file, read-only, in child processes that are killed at the deadline or when the caller leaves.
 *
 * @param options path of an existing database, number of children, length of the queue
 * @returns a source whose `fenceHolds` says what the self-test found on this build of SQLite
 * @throws SwaliError `SOURCE_UNAVAILABLE` where the file is not a readable database
 * @remarks `mayEstimate` is without effect: SQLite's planner gives no row estimate. What this does not stop: a process
 *   that is not the gateway may still write the file.
 */
export async function openSqliteSource(options: SqliteSourceOptions): Promise<OpenedSource> {
  const child: SqliteChildOptions = {
    path: options.path,
    busyTimeoutMs: 1000,
    maxValueBytes: 16 * MIB,
    maxMemoryBytes: 768 * MIB,
  };
  const { size, queueLimit, onWait } = options;
  const guard = options.makeGuard('source', SOURCE_RULES);
  const pool = createLendingPool<SqliteProcess>({
    start: () => startSqliteProcess(child),
    size,
    queueLimit: queueLimit * PRINCIPAL_KINDS.length,
    replaceAtOnce: true,
  });
  const bulkhead = createBulkhead({
    size,
    mostOfKind: mostOfKind(size),
    queueLimit,
    now: () => performance.now(),
    ...(onWait ? { onWait } : {}),
  });
  const askChild = async (request: SqliteRequest, timeoutMs: number, signal?: AbortSignal): Promise<SqliteReply> => {
    const process = await pool.acquire(timeoutMs, signal);
    try {
      return await process.ask(request, timeoutMs, signal);
    } finally {
      pool.release(process);
    }
  };
  const ask = (request: SqliteRequest, timeoutMs: number, signal?: AbortSignal): Promise<SqliteReply> =>
    guard.run(() => askChild(request, timeoutMs, signal));
  const askRows = async (request: SqliteRequest, timeoutMs: number, signal?: AbortSignal) => {
    const reply = await ask(request, timeoutMs, signal);
    if (reply.kind !== 'rows') throw new SwaliError('INTERNAL', { cause: new Error(`a child answered ${reply.kind}`) });
    return reply;
  };

  /** The child is the caller's to release. */
  const openInChild = async (request: SourceStreamRequest, signal?: AbortSignal) => {
    const process = await pool.acquire(request.timeoutMs, signal);
    try {
      return { process, stream: await streamFromChild(process, request, signal) };
    } catch (error) {
      pool.release(process);
      throw error;
    }
  };

  try {
    const first = await pool.acquire(INSPECT_TIMEOUT_MS);
    const { serverVersion } = first;
    pool.release(first);
    await pool.fill();
    const fence = await ask({ kind: 'prove-fence' }, INSPECT_TIMEOUT_MS);
    const fenceFaults = fence.kind === 'fence' ? fence.faults : ['the self-test did not run'];
    return {
      dialect: 'sqlite',
      serverVersion,
      database: 'main',
      fenceHolds: fenceFaults.length === 0,
      fenceFaults,
      grantFaults: [],
      accounts: [],
      async execute(request, signal) {
        const { sql, parameters, maxRows, maxBytes, timeoutMs, kind } = request;
        const leave = await bulkhead.enter(kind, timeoutMs, signal);
        try {
          const reply = await askRows({ kind: 'run', sql, parameters, maxRows, maxBytes }, timeoutMs, signal);
          return { types: reply.types, rows: reply.rows, truncated: reply.truncated };
        } finally {
          leave();
        }
      },
      stream: (request, signal) =>
        whileStreaming(async (handOver) => {
          const { kind, timeoutMs } = request;
          const leave = await bulkhead.enter(kind, timeoutMs, signal);
          try {
            // The circuit learns at the opening whether the file is there; a slow reader keeps it from nothing.
            const { process, stream } = await guard.run(() => openInChild(request, signal));
            try {
              handOver(toResultStream(stream));
              await stream.ended;
            } catch (error) {
              guard.note(error);
              throw error;
            } finally {
              pool.release(process);
            }
          } finally {
            leave();
          }
        }),
      async inspect(
        sql: string,
        parameters: readonly ParameterValue[] = [],
      ): Promise<readonly Readonly<Record<string, ResultValue>>[]> {
        const { names, rows } = await askRows({ kind: 'inspect', sql, parameters }, INSPECT_TIMEOUT_MS);
        return nameRows(names, rows);
      },
      async explain({ sql, parameters, timeoutMs }) {
        const process = pool.takeIdle();
        if (!process) return null;
        try {
          const reply = await process.ask({ kind: 'explain', sql, parameters }, timeoutMs);
          return reply.kind === 'rows' ? nameRows(reply.names, reply.rows) : [];
        } finally {
          pool.release(process);
        }
      },
      poolUse: () => [{ name: 'source children', ...pool.use() }],
      async ping() {
        await askRows({ kind: 'inspect', sql: 'SELECT count(*) AS n FROM sqlite_schema', parameters: [] }, 5000);
      },
      async close() {
        pool.close();
      },
    };
  } catch (error) {
    pool.close();
    throw error;
  }
}
