import { type Connection, createConnection, type FieldPacket, type PrepareStatementInfo } from 'mysql2';
import type { ResultType, ResultValue } from '../domain/result-set.js';
import type { ParameterValue } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Lendable } from './lending-pool.js';
import { hasServerNumber, isConnectionLost, toSourceError } from './mysql-errors.js';
import type { MysqlAddress } from './mysql-url.js';
import { bindParameter, type MysqlColumn, readColumn } from './mysql-values.js';
import { printSessionPins, printTimeLimit, type SessionPins } from './session-pins.js';

const CONNECT_TIMEOUT_MS = 5000;
/** The server ends a statement at its deadline; after this much more, in milliseconds, it is killed from outside. */
const GRACE_MS = 200;
/** A result that passed its cap mostly ends with the next packet; else it is killed after this, in milliseconds. */
const CAP_PATIENCE_MS = 50;

/** What one statement gave. `names` are the server's column names. */
export interface MysqlRows {
  readonly names: readonly string[];
  readonly types: readonly ResultType[];
  readonly rows: readonly (readonly ResultValue[])[];
  readonly truncated: boolean;
}

export interface MysqlRun {
  readonly sql: string;
  readonly parameters: readonly ParameterValue[];
  readonly timeoutMs: number;
  readonly maxRows: number;
  readonly maxBytes: number;
}

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
}

function connect(address: MysqlAddress, maxPreparedStatements: number): Promise<Connection> {
  const connection = createConnection({
    ...address,
    charset: 'utf8mb4',
    connectTimeout: CONNECT_TIMEOUT_MS,
    multipleStatements: false,
    namedPlaceholders: false,
    supportBigNumbers: true,
    bigNumberStrings: false,
    decimalNumbers: false,
    dateStrings: true,
    jsonStrings: true,
    rowsAsArray: true,
    flags: ['-LOCAL_FILES'],
    maxPreparedStatements,
  });
  return new Promise((resolve, reject) => {
    connection.once('error', reject);
    connection.connect((error) => {
      connection.off('error', reject);
      if (error) {
        connection.destroy();
        reject(error);
      } else resolve(connection);
    });
  });
}

function send(connection: Connection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.query(sql, (error: unknown) => (error ? reject(error) : resolve()));
  });
}

/** Ends a running statement on the server, from a connection of its own: an account may always kill its own. */
async function killOnServer(address: MysqlAddress, threadId: number): Promise<void> {
  const connection = await connect(address, 1);
  try {
    await send(connection, `KILL QUERY ${threadId}`);
  } finally {
    connection.destroy();
  }
}

interface Reading {
  /** Settles when the server has said everything, or failed. */
  readonly done: Promise<void>;
  /** Resolves when a cap was passed. */
  readonly capped: Promise<void>;
  collect(): MysqlRows;
}

/** The driver's prepared statement; its typings leave the parameters out. */
type Prepared = PrepareStatementInfo & { readonly parameters: readonly unknown[] };

/** Prepares a text; the driver keeps it on the connection. It would send any number of values without a word. */
function prepare(connection: Connection, sql: string, parameterCount: number): Promise<Prepared> {
  return new Promise((resolve, reject) => {
    connection.prepare(sql, (error, statement) => {
      if (error) {
        reject(error);
        return;
      }
      const prepared = statement as Prepared;
      if (prepared.parameters.length === parameterCount) resolve(prepared);
      else reject(new RangeError(`${parameterCount} values for ${prepared.parameters.length} parameters`));
    });
  });
}

/** Reads rows as they come and keeps no more than the caps allow. */
function readRows(connection: Connection, { sql, parameters, maxRows, maxBytes }: MysqlRun): Reading {
  const names: string[] = [];
  let columns: readonly MysqlColumn[] = [];
  const rows: ResultValue[][] = [];
  let bytes = 2;
  let truncated = false;
  let passCap = (): void => undefined;
  const capped = new Promise<void>((resolve) => {
    passCap = resolve;
  });
  const read = (statement: Prepared): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      // Without a callback the driver hands over row by row and keeps none.
      const command = statement.execute(parameters.map(bindParameter));
      command.on('error', reject);
      command.on('fields', (fields: FieldPacket[] | undefined) => {
        if (!fields) return;
        columns = fields.map(readColumn);
        names.push(...fields.map((field) => field.name));
        // The driver compiles a row reader from the names after this event, and some (`__proto__`) break it.
        for (const [index, field] of fields.entries()) field.name = `c${index}`;
      });
      command.on('result', (row: unknown) => {
        if (!Array.isArray(row)) {
          reject(new Error('the statement gave no rows: it was not a SELECT'));
          return;
        }
        if (truncated) return;
        const values = row.map((value: unknown, index) => columns[index]!.toResult(value));
        bytes += Buffer.byteLength(JSON.stringify(values)) + 1;
        if (rows.length >= maxRows || bytes > maxBytes) {
          truncated = true;
          passCap();
        } else rows.push(values);
      });
      command.on('end', () => resolve());
    });
  const done = prepare(connection, sql, parameters.length).then(read);
  return { done, capped, collect: () => ({ names, types: columns.map((column) => column.type), rows, truncated }) };
}

/** Resolves with why a reading must stop before its end. */
function watch(reading: Reading, timeoutMs: number, signal: AbortSignal | undefined) {
  let release = (): void => undefined;
  const stopped = new Promise<'EXECUTE_TIMEOUT' | 'EXECUTE_CANCELLED' | 'capped'>((resolve) => {
    const timers = [setTimeout(() => resolve('EXECUTE_TIMEOUT'), timeoutMs + GRACE_MS)];
    const onAbort = (): void => resolve('EXECUTE_CANCELLED');
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    void reading.capped.then(() => timers.push(setTimeout(() => resolve('capped'), CAP_PATIENCE_MS)));
    release = () => {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
  });
  return { stopped, release };
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

  return {
    isAlive: () => alive,
    isUsed: () => used,
    kill,
    async run(request, signal) {
      let watching: ReturnType<typeof watch> | undefined;
      try {
        await setTimeLimit(request.timeoutMs);
        if (signal?.aborted) throw new SwaliError('EXECUTE_CANCELLED');
        const reading = readRows(connection, request);
        // A reading that is stopped fails later; that failure has no other listener.
        reading.done.catch(() => undefined);
        watching = watch(reading, request.timeoutMs, signal);
        const stopped = await Promise.race([reading.done.then(() => null), watching.stopped]);
        if (stopped !== null) {
          alive = false;
          const threadId = connection.threadId;
          if (threadId !== null && threadId !== undefined) await killOnServer(address, threadId).catch(() => undefined);
          kill();
          if (stopped !== 'capped') throw new SwaliError(stopped);
        }
        used = true;
        return reading.collect();
      } catch (error) {
        // Only an error that the server itself stated leaves the session as it was.
        if (isConnectionLost(error) || !(error instanceof SwaliError || hasServerNumber(error))) kill();
        const mapped = toSourceError(error);
        if (mapped.code === 'EXECUTE_TIMEOUT' && signal?.aborted)
          throw new SwaliError('EXECUTE_CANCELLED', { cause: error });
        throw mapped;
      } finally {
        watching?.release();
      }
    },
  };
}
