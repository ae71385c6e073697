import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { type Connection, createConnection, type FieldPacket } from 'mysql2';
import type { Dialect } from '../domain/dialect.js';
import { printMysqlTransport } from '../transport/mysql-transport.js';
import type { Cell, OwnedDatabase, WorldOptions } from './world.js';

/** A database that can be given up before its world is closed. */
export interface DroppableDatabase extends OwnedDatabase {
  /** As the server knows it; the file's path for SQLite. */
  readonly name: string;
  drop(): Promise<void>;
}

/** Makes databases and drops what is left of them at its end. */
export interface DatabaseMaker {
  readonly dialect: Dialect;
  create(): Promise<DroppableDatabase>;
  /** Drops every database that was made and not dropped. */
  close(): Promise<void>;
}

function freshName(): string {
  return `prove_${randomBytes(6).toString('hex')}`;
}

/** Runs work on an open file and closes it, so that no reader ever meets a lock. */
function withFile<T>(path: string, work: (database: InstanceType<typeof DatabaseSync>) => T): T {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF');
    return work(database);
  } finally {
    database.close();
  }
}

/** Rows of one statement of a SQLite file, exact: whole numbers are bigint, floating-point ones number. */
function querySqlite(path: string, sql: string): readonly (readonly Cell[])[] {
  return withFile(path, (database) => {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    return statement.all() as unknown as readonly (readonly Cell[])[];
  });
}

/** A SQLite file that was there before: it is read, and never dropped. */
export function openSqliteFile(path: string): Pick<OwnedDatabase, 'query'> {
  return {
    query: async (sql) => {
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        const statement = database.prepare(sql);
        statement.setReadBigInts(true);
        statement.setReturnArrays(true);
        return statement.all() as unknown as readonly (readonly Cell[])[];
      } finally {
        database.close();
      }
    },
  };
}

function makeSqliteDatabases(scratch: string): DatabaseMaker {
  const paths = new Set<string>();
  const drop = async (path: string): Promise<void> => {
    paths.delete(path);
    await rm(path, { force: true });
  };
  return {
    dialect: 'sqlite',
    create: async () => {
      const path = join(scratch, `${freshName()}.sqlite`);
      paths.add(path);
      return {
        url: `sqlite:${path}`,
        name: path,
        run: async (sql) => withFile(path, (database) => database.exec(sql)),
        query: async (sql) => querySqlite(path, sql),
        drop: () => drop(path),
      };
    },
    close: async () => {
      for (const path of [...paths]) await drop(path);
    },
  };
}

/** Column types of the wire protocol whose text is a whole number: TINY, SHORT, LONG, LONGLONG, INT24, YEAR. */
const INTEGER_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 8, 9, 13]);
/** FLOAT and DOUBLE. */
const FLOAT_TYPES: ReadonlySet<number> = new Set([4, 5]);
/** BIT and GEOMETRY: always bytes. */
const BYTE_TYPES: ReadonlySet<number> = new Set([16, 255]);
/** VARCHAR, the BLOBs, VAR_STRING and STRING: bytes where their character set is `binary`. */
const STRING_TYPES: ReadonlySet<number> = new Set([15, 249, 250, 251, 252, 253, 254]);
const BINARY_CHARSET = 63;

function readCell(bytes: Buffer | null, field: FieldPacket): Cell {
  if (bytes === null) return null;
  const type = field.columnType ?? -1;
  if (INTEGER_TYPES.has(type)) return BigInt(bytes.toString('latin1'));
  if (FLOAT_TYPES.has(type)) return Number(bytes.toString('latin1'));
  const isBytes = BYTE_TYPES.has(type) || (STRING_TYPES.has(type) && field.characterSet === BINARY_CHARSET);
  return isBytes ? new Uint8Array(bytes) : bytes.toString('utf8');
}

/**
 * What an owner's session is set to: it stores what it is given as far as the column can hold it, reads `\` in a string as
 * a character, and compares as the gateway's sessions do.
 */
const OWNER_SESSION = `SET NAMES utf8mb4; SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES',
  time_zone = '+00:00', foreign_key_checks = 0, autocommit = 1`;

/** One connection for all databases of a maker: statements follow one another. */
class ServerSession {
  private connection: Promise<Connection> | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly url: URL) {}

  private connect(): Promise<Connection> {
    const host = this.url.hostname.replace(/^\[|\]$/g, '');
    const connection = createConnection({
      ...printMysqlTransport({ host, port: this.url.port === '' ? 3306 : Number(this.url.port) }),
      user: decodeURIComponent(this.url.username),
      password: decodeURIComponent(this.url.password),
      charset: 'utf8mb4',
      multipleStatements: true,
      rowsAsArray: true,
      // The driver would round; the bytes are read here.
      typeCast: (field) => field.buffer(),
    });
    // A lost connection is told by the statement that runs on it; the next one gets another.
    connection.on('error', () => {
      this.connection = null;
    });
    return new Promise((resolve, reject) => {
      connection.query(OWNER_SESSION, (error: unknown) => (error ? reject(error) : resolve(connection)));
    });
  }

  /** Sends one text; with a database it is the current one. */
  send(sql: string, database: string | null): Promise<readonly (readonly Cell[])[]> {
    const done = this.last.then(async () => {
      this.connection ??= this.connect();
      const connection = await this.connection;
      if (database !== null) await this.ask(connection, `USE ${database}`);
      return this.ask(connection, sql);
    });
    this.last = done.catch(() => undefined);
    return done;
  }

  private ask(connection: Connection, sql: string): Promise<readonly (readonly Cell[])[]> {
    return new Promise((resolve, reject) => {
      connection.query(sql, (error: unknown, rows: unknown, fields: unknown) => {
        if (error) {
          reject(error);
          return;
        }
        const columns = fields as FieldPacket[] | undefined;
        const isRows = Array.isArray(rows) && columns !== undefined && !Array.isArray(columns[0]) && columns.length > 0;
        resolve(
          isRows && columns[0] !== undefined
            ? (rows as (Buffer | null)[][]).map((row) => row.map((cell, index) => readCell(cell, columns[index]!)))
            : [],
        );
      });
    });
  }

  async close(): Promise<void> {
    await this.last;
    const connection = await this.connection;
    connection?.destroy();
  }
}

function makeServerDatabases(dialect: 'mysql' | 'mariadb', serverUrl: string): DatabaseMaker {
  const server = new URL(serverUrl);
  const session = new ServerSession(server);
  const names = new Set<string>();
  const drop = async (name: string): Promise<void> => {
    names.delete(name);
    await session.send(`DROP DATABASE IF EXISTS ${name}`, null);
  };
  return {
    dialect,
    create: async () => {
      const name = freshName();
      await session.send(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`, null);
      names.add(name);
      const url = new URL(serverUrl);
      url.pathname = `/${name}`;
      return {
        url: url.href,
        name,
        run: async (sql) => {
          await session.send(sql, name);
        },
        query: (sql) => session.send(sql, name),
        drop: () => drop(name),
      };
    },
    close: async () => {
      for (const name of [...names]) await drop(name);
      await session.close();
    },
  };
}

/**
 * Makes databases where the options say. On a server one session serves them all: its strings take no backslash escapes,
 * keys to other tables are not checked, and values that a column cannot hold are fitted.
 *
 * @throws Error where a server's dialect is asked for without its URL
 */
export function makeDatabases(options: WorldOptions): DatabaseMaker {
  if (options.dialect === 'sqlite') return makeSqliteDatabases(options.scratch);
  if (options.serverUrl === null) throw new Error(`no URL of a ${options.dialect} server was given`);
  return makeServerDatabases(options.dialect, options.serverUrl);
}
