import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import type { Dialect } from '../../src/domain/dialect.js';
import { engineUrl } from '../engines/engines.js';
import { readVersion } from '../engines/start-engines.js';

/** Where a gateway keeps its own tables in one test. */
export interface StoreDatabase {
  /** What it is, with its version. */
  readonly version: string;
  /** Settings that lead there; none for the file in the gateway's own folder. */
  readonly env: Readonly<Record<string, string>>;
  drop(): Promise<void>;
}

/** Makes an empty database on an engine of the run; on SQLite it is the file that the gateway makes itself. */
export async function makeStoreDatabase(dialect: Dialect): Promise<StoreDatabase> {
  if (dialect === 'sqlite') return { version: 'SQLite', env: {}, drop: async () => undefined };
  const address = engineUrl(dialect)!.replace(/^mariadb:/, 'mysql:');
  const name = `swali_${randomBytes(6).toString('hex')}`;
  const run = async (sql: string): Promise<void> => {
    const connection = await createConnection(address);
    try {
      await connection.query(sql);
    } finally {
      connection.destroy();
    }
  };
  await run(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const url = new URL(address);
  url.pathname = `/${name}`;
  return {
    version: `${dialect} ${await readVersion(address)}`,
    env: { STORE_URL: url.href },
    drop: () => run(`DROP DATABASE IF EXISTS ${name}`),
  };
}
