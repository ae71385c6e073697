import type { ResultValue } from '../domain/result-set.js';
import type { ParameterValue } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import { nameRows } from './name-rows.js';
import type { OpenedSource } from './opened-source.js';
import { type SqliteProcess, startSqliteProcess } from './sqlite-process.js';
import type { SqliteChildOptions, SqliteReply, SqliteRequest } from './sqlite-protocol.js';

/** How a SQLite source is opened. */
export interface SqliteSourceOptions {
  readonly path: string;
  /** Child processes, each with one statement at a time; 1–64. */
  readonly size: number;
  /** Statements that may wait for a child; one more is refused with `EXECUTE_BUSY`. */
  readonly queueLimit: number;
}

/** Longest read of metadata, in milliseconds. */
const INSPECT_TIMEOUT_MS = 30_000;
const MIB = 1024 * 1024;

interface Waiter {
  readonly give: (process: SqliteProcess) => void;
  readonly refuse: (error: unknown) => void;
}

/** Lends each child to one caller at a time, and replaces those that were killed. */
function createPool(options: SqliteChildOptions, size: number, queueLimit: number) {
  const idle: SqliteProcess[] = [];
  const all = new Set<SqliteProcess>();
  const waiting: Waiter[] = [];
  let starting = 0;
  let closed = false;

  const offer = (process: SqliteProcess): void => {
    if (closed || !process.isAlive()) {
      retire(process);
      return;
    }
    const waiter = waiting.shift();
    if (waiter) waiter.give(process);
    else idle.push(process);
  };
  const retire = (process: SqliteProcess): void => {
    process.kill();
    all.delete(process);
    if (!closed) void spawn();
  };
  const spawn = async (): Promise<void> => {
    if (closed || all.size + starting >= size) return;
    starting += 1;
    try {
      const process = await startSqliteProcess(options);
      starting -= 1;
      if (closed) {
        process.kill();
        return;
      }
      all.add(process);
      offer(process);
    } catch (error) {
      starting -= 1;
      // The file cannot be opened now: whoever waits is told, and the next caller tries again.
      if (all.size === 0 && starting === 0) for (const waiter of waiting.splice(0)) waiter.refuse(error);
    }
  };

  return {
    /** @throws SwaliError `EXECUTE_BUSY` where the queue is full or the wait too long, `SOURCE_UNAVAILABLE`, `EXECUTE_CANCELLED` */
    acquire(waitMs: number, signal?: AbortSignal): Promise<SqliteProcess> {
      if (closed) return Promise.reject(new SwaliError('SOURCE_UNAVAILABLE'));
      for (let found = idle.pop(); found; found = idle.pop()) {
        if (found.isAlive()) return Promise.resolve(found);
        retire(found);
      }
      if (waiting.length >= queueLimit) return Promise.reject(new SwaliError('EXECUTE_BUSY', { retryAfterS: 1 }));
      return new Promise((resolve, reject) => {
        const leave = (settle: () => void): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          const at = waiting.indexOf(waiter);
          if (at >= 0) waiting.splice(at, 1);
          settle();
        };
        const waiter: Waiter = {
          give: (process) => leave(() => resolve(process)),
          refuse: (error) => leave(() => reject(error)),
        };
        const onAbort = (): void => waiter.refuse(new SwaliError('EXECUTE_CANCELLED'));
        const timer = setTimeout(() => waiter.refuse(new SwaliError('EXECUTE_BUSY', { retryAfterS: 1 })), waitMs);
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.push(waiter);
        void spawn();
      });
    },
    release: offer,
    fill: (): Promise<unknown> => Promise.all(Array.from({ length: size }, spawn)),
    close(): void {
      closed = true;
      for (const process of all) process.kill();
      for (const waiter of waiting.splice(0)) waiter.refuse(new SwaliError('SOURCE_UNAVAILABLE'));
    },
  };
}

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
  const pool = createPool(child, options.size, options.queueLimit);
  const ask = async (request: SqliteRequest, timeoutMs: number, signal?: AbortSignal): Promise<SqliteReply> => {
    if (signal?.aborted) throw new SwaliError('EXECUTE_CANCELLED');
    const process = await pool.acquire(timeoutMs, signal);
    try {
      return await process.ask(request, timeoutMs, signal);
    } finally {
      pool.release(process);
    }
  };
  const askRows = async (request: SqliteRequest, timeoutMs: number, signal?: AbortSignal) => {
    const reply = await ask(request, timeoutMs, signal);
    if (reply.kind !== 'rows') throw new SwaliError('INTERNAL', { cause: new Error(`a child answered ${reply.kind}`) });
    return reply;
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
      async execute(request, signal) {
        const { sql, parameters, maxRows, maxBytes, timeoutMs } = request;
        const reply = await askRows({ kind: 'run', sql, parameters, maxRows, maxBytes }, timeoutMs, signal);
        return { types: reply.types, rows: reply.rows, truncated: reply.truncated };
      },
      async inspect(
        sql: string,
        parameters: readonly ParameterValue[] = [],
      ): Promise<readonly Readonly<Record<string, ResultValue>>[]> {
        const { names, rows } = await askRows({ kind: 'inspect', sql, parameters }, INSPECT_TIMEOUT_MS);
        return nameRows(names, rows);
      },
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
