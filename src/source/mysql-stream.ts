import type { Connection } from 'mysql2';
import type { ResultType } from '../domain/result-set.js';
import { SwaliError } from '../errors/swali-error.js';
import { createBatchQueue } from './batch-queue.js';
import { CAP_PATIENCE_MS, type MysqlRun, receiveRows } from './mysql-reading.js';
import type { OpenStream } from './open-stream.js';
import { createStreamClock, type StreamLimits } from './stream-clock.js';

/** One statement that is read as its rows come. */
export type MysqlStreamRun = MysqlRun & StreamLimits;

/** What a session lends to the stream that runs on it. */
export interface StreamingSession {
  readonly connection: Connection;
  /** Sends the server's own time limit for the next statement. */
  setTimeLimit(timeoutMs: number): Promise<void>;
  /** Kills what runs on the server; the session is dead afterwards. Never rejects. */
  killRunning(): Promise<void>;
  /** An error as one of ours; where it leaves the session in doubt, the session is dead afterwards. */
  judge(error: unknown): SwaliError;
  /** The statement is over. */
  settle(sql: string, failed: boolean): void;
}

/** Why a stream stops before its end. */
type Stop = 'EXECUTE_TIMEOUT' | 'EXECUTE_CANCELLED' | 'capped' | 'left';

/**
 * Runs a statement and hands over its rows as they are asked for. While nobody asks the connection is not read, so the server
 * waits too: no more than a batch and what the sockets hold is on its way.
 *
 * @returns once the server has said which columns there are
 * @throws SwaliError as `Source.stream`
 * @remarks The server's own limit cannot tell whom it waits for, so it is the statement's time and its reader's together; the
 *   statement's own time is kept here, by killing it.
 */
export async function streamRows(
  session: StreamingSession,
  request: MysqlStreamRun,
  signal?: AbortSignal,
): Promise<OpenStream> {
  if (signal?.aborted) throw new SwaliError('EXECUTE_CANCELLED');
  const { connection } = session;
  let stop = (_reason: Stop): void => undefined;
  const stopped = new Promise<Stop>((resolve) => {
    stop = resolve;
  });
  let tellTypes = (_types: readonly ResultType[]): void => undefined;
  const columns = new Promise<readonly ResultType[]>((resolve) => {
    tellTypes = resolve;
  });
  const onAbort = (): void => stop('EXECUTE_CANCELLED');
  signal?.addEventListener('abort', onAbort, { once: true });
  let capTimer: NodeJS.Timeout | undefined;
  const clock = createStreamClock(request, () => stop('EXECUTE_TIMEOUT'));
  const queue = createBatchQueue({ hold: () => connection.pause(), goOn: () => connection.resume() });
  const receiving = receiveRows(connection, request, session.setTimeLimit(request.timeoutMs + request.readerMs), {
    columns: (_names, types) => tellTypes(types),
    row: (values, bytes) => queue.push(values, bytes),
  });
  void receiving.capped.then(() => {
    capTimer = setTimeout(() => stop('capped'), CAP_PATIENCE_MS);
  });

  async function run(): Promise<void> {
    let failed = true;
    try {
      const reason = await Promise.race([receiving.done.then(() => null), stopped]);
      if (reason !== null) await session.killRunning();
      if (reason === 'EXECUTE_TIMEOUT' || reason === 'EXECUTE_CANCELLED') throw new SwaliError(reason);
      failed = false;
      queue.end();
    } catch (error) {
      const judged = session.judge(error);
      const isAbandoned = judged.code === 'EXECUTE_TIMEOUT' && signal?.aborted;
      const told = isAbandoned ? new SwaliError('EXECUTE_CANCELLED', { cause: error }) : judged;
      queue.fail(told);
      throw told;
    } finally {
      clock.stop();
      clearTimeout(capTimer);
      signal?.removeEventListener('abort', onAbort);
      session.settle(request.sql, failed);
    }
  }

  const ended = run();
  ended.catch(() => undefined);
  const types = await Promise.race([
    columns,
    // Where the end comes before the columns, it is a failure.
    ended.then(() => Promise.reject(new SwaliError('EXECUTE_FAILED'))),
  ]);
  clock.forReader();
  return {
    types,
    isTruncated: receiving.isTruncated,
    ended,
    async next() {
      if (signal?.aborted) throw new SwaliError('EXECUTE_CANCELLED');
      clock.forSource();
      try {
        return await queue.next();
      } finally {
        clock.forReader();
      }
    },
    async leave() {
      stop('left');
      await ended.catch(() => undefined);
    },
  };
}
