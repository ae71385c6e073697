import type { Duplex } from 'node:stream';
import type { Connection } from 'mysql2';
import { SwaliError } from '../errors/swali-error.js';
import type { MysqlAddress } from '../transport/mysql-url.js';
import type { Lendable } from './lending-pool.js';
import { connect, killOnServer, send } from './mysql-connection.js';
import { hasServerNumber, isConnectionLost, toSourceError } from './mysql-errors.js';
import { type MysqlRows, type MysqlRun, readRows, watch } from './mysql-reading.js';
import { type MysqlStreamRun, streamRows } from './mysql-stream.js';
import type { OpenStream } from './open-stream.js';
import { printSessionPins, printTimeLimit, type SessionPins } from './session-pins.js';

/** Characters of text that a statement may have to stay prepared. */
const LONGEST_KEPT = 2048;

/** How long whoever waits for the end of a statement waits for its KILL, in milliseconds; that goes on by itself. */
const KILL_WAIT_MS = 500;

/** One pinned connection. */
export interface MysqlSession extends Lendable {
  /** True once a statement has run to its end on it. */
  isUsed(): boolean;
  /**
   * Runs one prepared statement. Where time or caller end it, the statement is killed on the server first and the
   * session is dead afterwards.
   *
   * @throws SwaliError `EXECUTE_TIMEOUT`, `EXECUTE_CANCELLED`, `EXECUTE_FAILED`, `EXECUTE_BUSY`, `SOURCE_UNAVAILABLE`
   */
  run(request: MysqlRun, signal?: AbortSignal): Promise<MysqlRows>;
  /** The same, handing over rows as they come; nothing else may run on the session before the stream has ended. @throws as `run` */
  stream(request: MysqlStreamRun, signal?: AbortSignal): Promise<OpenStream>;
}

/**
 * Connects and pins a session; it is handed out only when every pin holds.
 *
 * @param maxPreparedStatements prepared statements that this one connection may keep on the server
 * @throws SwaliError `SOURCE_UNAVAILABLE`, `EXECUTE_BUSY`
 */
export async function openMysqlSession(
  address: MysqlAddress,
  pins: SessionPins,
  maxPreparedStatements: number,
): Promise<MysqlSession> {
  let connection: Connection;
  try {
    connection = await connect(address, maxPreparedStatements);
  } catch (error) {
    throw toSourceError(error);
  }
  let alive = true;
  let used = false;
  let timeLimit = 0;
  const kill = (): void => {
    alive = false;
    connection.destroy();
    // The driver only says goodbye: what the server still sends would be read to its end.
    (connection as unknown as { readonly stream: Duplex }).stream.destroy();
  };
  const markDead = (): void => {
    alive = false;
  };
  connection.on('error', markDead);
  connection.on('end', markDead);
  try {
    for (const pin of printSessionPins(pins)) await send(connection, pin);
  } catch (cause) {
    kill();
    throw new SwaliError('SOURCE_UNAVAILABLE', { cause });
  }

  const setTimeLimit = async (timeoutMs: number): Promise<void> => {
    if (timeoutMs === timeLimit) return;
    await send(connection, printTimeLimit(pins.dialect, timeoutMs));
    timeLimit = timeoutMs;
  };

  const killRunning = async (): Promise<void> => {
    alive = false;
    const threadId = connection.threadId;
    if (threadId !== null && threadId !== undefined) await killFor(address, threadId, KILL_WAIT_MS);
    kill();
  };
  const judge = (error: unknown): SwaliError => {
    // Only an error that the server itself stated leaves the session as it was.
    if (isConnectionLost(error) || !(error instanceof SwaliError || hasServerNumber(error))) kill();
    return toSourceError(error);
  };
  const settle = (sql: string, failed: boolean): void => {
    if (!failed) used = true;
    const isKept = !failed && pins.dialect === 'mysql' && sql.length <= LONGEST_KEPT;
    // MariaDB runs some statements wrongly the second time that they are executed (MDEV-30073: EXISTS, NOT EXISTS and IN
    // over derived tables give errors or wrong rows), so there each is prepared anew.
    // MySQL keeps a hundred times a statement's length for as long as it is prepared: long ones are not kept. And it keeps
    // what it made of a statement that failed: with other values it fails again where it would not have by itself, which
    // tells one caller what happened to another.
    if (alive && !isKept) connection.unprepare(sql);
  };

  return {
    isAlive: () => alive,
    isUsed: () => used,
    kill,
    async run(request, signal) {
      let watching: ReturnType<typeof watch> | undefined;
      let failed = true;
      try {
        if (signal?.aborted) throw new SwaliError('EXECUTE_CANCELLED');
        const reading = readRows(connection, request, setTimeLimit(request.timeoutMs));
        watching = watch(reading, request.timeoutMs, signal);
        const stopped = await Promise.race([reading.done.then(() => null), watching.stopped]);
        if (stopped !== null) {
          await killRunning();
          if (stopped !== 'capped') throw new SwaliError(stopped);
        }
        const rows = reading.collect();
        failed = false;
        return rows;
      } catch (error) {
        const mapped = judge(error);
        if (mapped.code === 'EXECUTE_TIMEOUT' && signal?.aborted)
          throw new SwaliError('EXECUTE_CANCELLED', { cause: error });
        throw mapped;
      } finally {
        watching?.release();
        settle(request.sql, failed);
      }
    },
    stream: (request, signal) => streamRows({ connection, setTimeLimit, killRunning, judge, settle }, request, signal),
  };
}

/** Kills a statement on the server; resolves once it is done or failed, or after the wait. Never rejects. */
async function killFor(address: MysqlAddress, threadId: number, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, waitMs);
  });
  await Promise.race([killOnServer(address, threadId).catch(() => undefined), late]);
  clearTimeout(timer);
}
