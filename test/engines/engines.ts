import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import type { Dialect } from '../../src/domain/dialect.js';
import './global-setup.js';

/** URL of a running server, with rights to create databases where it has any; null where the engine is not there. */
export function engineUrl(engine: 'mariadb' | 'mysql' | 'redis'): string | null {
  return inject('engineUrls')[engine];
}

/** One engine with a database of its own. `url` is there from `beforeAll` on. */
export interface EngineUnderTest {
  readonly dialect: Dialect;
  /** What `openSource` takes: `sqlite:/tmp/…`, `mysql://…/swali_…`, `mariadb://…/swali_…`. */
  readonly url: string;
  /** Runs statements as the owner of the database, past the gateway: several, separated by `;`. */
  runAsOwner(sql: string): Promise<void>;
  /** Rows of one statement as the owner: what the server's own client would see. */
  queryAsOwner(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** A script for every engine, or one for each. */
export type EngineScript = string | Readonly<Record<Dialect, string>>;

interface OwnedDatabase {
  readonly url: string;
  run(sql: string): Promise<void>;
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  drop(): Promise<void>;
}

async function createSqliteDatabase(): Promise<OwnedDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'swali-test-'));
  const path = join(folder, 'business.sqlite');
  const withDatabase = <T>(work: (database: InstanceType<typeof DatabaseSync>) => T): T => {
    const database = new DatabaseSync(path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  return {
    url: `sqlite:${path}`,
    run: async (sql) => withDatabase((database) => database.exec(sql)),
    query: async (sql) => withDatabase((database) => database.prepare(sql).all() as Record<string, unknown>[]),
    drop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function createServerDatabase(serverUrl: string): Promise<OwnedDatabase> {
  const name = `swali_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  const connect = (database?: string) =>
    createConnection({
      uri: serverUrl.replace(/^mariadb:/, 'mysql:'),
      multipleStatements: true,
      charset: 'utf8mb4',
      ...(database ? { database } : {}),
    });
  const withConnection = async (sql: string, database?: string): Promise<unknown> => {
    const connection = await connect(database);
    try {
      return (await connection.query(sql))[0];
    } finally {
      connection.destroy();
    }
  };
  await withConnection(`CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4`);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    run: async (sql) => {
      await withConnection(sql, name);
    },
    query: async (sql) => (await withConnection(sql, name)) as Record<string, unknown>[],
    drop: async () => {
      await withConnection(`DROP DATABASE IF EXISTS \`${name}\``);
    },
  };
}

/**
 * Declares a suite once per engine, each with a fresh database made from a script and dropped afterwards. The suite of
 * an engine that is not there is skipped and shows as skipped.
 *
 * @param name of the suite; the engine's name is added
 * @param script SQL that makes the database
 * @param suite declares the tests; `engine.url` may be read inside hooks and tests only
 * @param dialects which engines; all three by default
 */
export function describeEngines(
  name: string,
  script: EngineScript,
  suite: (engine: EngineUnderTest) => void,
  dialects: readonly Dialect[] = ['sqlite', 'mariadb', 'mysql'],
): void {
  for (const dialect of dialects) {
    const serverUrl = dialect === 'sqlite' ? null : engineUrl(dialect);
    describe.skipIf(dialect !== 'sqlite' && serverUrl === null)(`${name} on ${dialect}`, () => {
      let database: OwnedDatabase | undefined;
      const get = (): OwnedDatabase => {
        if (!database) throw new Error('the database is there inside hooks and tests only');
        return database;
      };
      beforeAll(async () => {
        database = serverUrl === null ? await createSqliteDatabase() : await createServerDatabase(serverUrl);
        await database.run(typeof script === 'string' ? script : script[dialect]);
      }, 120_000);
      // Declared before the suite's own, so that it runs after them.
      afterAll(async () => {
        await database?.drop();
      });
      suite({
        dialect,
        get url() {
          return get().url;
        },
        runAsOwner: (sql) => get().run(sql),
        queryAsOwner: (sql) => get().query(sql),
      });
    });
  }
}
