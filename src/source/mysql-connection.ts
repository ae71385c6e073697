import { type Connection, createConnection, type PrepareStatementInfo } from 'mysql2';
import { printMysqlTransport } from '../transport/mysql-transport.js';
import type { MysqlAddress } from '../transport/mysql-url.js';

const CONNECT_TIMEOUT_MS = 5000;
/** Longest wait for the answer to a setting or a KILL, in milliseconds. */
const COMMAND_TIMEOUT_MS = 3000;

/**
 * Connects; the connection is not pinned yet. Big integers and decimals arrive exact, dates and JSON as text.
 *
 * @param maxPreparedStatements prepared statements that this connection may keep on the server
 * @throws the driver's error, also where the server says nothing
 */
export function connect(address: MysqlAddress, maxPreparedStatements: number): Promise<Connection> {
  const { user, password, database, transport } = address;
  const connection = createConnection({
    ...printMysqlTransport(address, transport),
    user,
    password,
    database,
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

/**
 * Sends one command of ours and waits for its end. A driver's connection that was destroyed, or whose server has gone
 * silent, never answers, so the wait has an end of its own.
 *
 * @throws the driver's error, or one marked `fatal` where the time passed
 */
export function send(connection: Connection, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(Object.assign(new Error('the server does not answer'), { fatal: true })),
      COMMAND_TIMEOUT_MS,
    );
    connection.query(sql, (error: unknown) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Ends a running statement on the server, from a connection of its own: an account may always kill its own. */
export async function killOnServer(address: MysqlAddress, threadId: number): Promise<void> {
  const connection = await connect(address, 1);
  try {
    await send(connection, `KILL QUERY ${threadId}`);
  } finally {
    connection.destroy();
  }
}

/** The driver's prepared statement; its typings leave the parameters out. */
export type Prepared = PrepareStatementInfo & { readonly parameters: readonly unknown[] };

/** Prepares a text; the driver keeps it on the connection. It would send any number of values without a word. */
export function prepare(connection: Connection, sql: string, parameterCount: number): Promise<Prepared> {
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
