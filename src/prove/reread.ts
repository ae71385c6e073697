import type { Dialect } from '../domain/dialect.js';
import type { ParameterValue } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import { type MysqlSession, openMysqlSession } from '../source/mysql-session.js';
import { parseMysqlUrl } from '../transport/mysql-url.js';
import { TEXT_BYTES, TEXT_ROWS } from './observe.js';
import type { Outcome } from './outcome.js';
import type { OwnedDatabase } from './world.js';

/** Optimiser settings that change how a server runs a text and may not change what it gives. */
const SWITCHES: Readonly<Record<Exclude<Dialect, 'sqlite'>, readonly string[]>> = {
  mysql: [
    'derived_merge=off',
    'semijoin=off,materialization=off',
    'derived_condition_pushdown=off,condition_fanout_filter=off',
    'index_condition_pushdown=off,mrr=off,block_nested_loop=off',
  ],
  mariadb: [
    'derived_merge=off',
    'derived_merge=off,derived_with_keys=off',
    'semijoin=off,materialization=off',
    'semijoin=off,in_to_exists=off',
    'derived_merge=off,semijoin=off,materialization=off',
    'condition_pushdown_for_derived=off,split_materialized=off',
    'index_condition_pushdown=off,index_merge=off,extended_keys=off',
    'subquery_cache=off,optimize_join_buffer_size=off',
  ],
};

/** Runs one statement on one database of a server under each of some settings of its optimiser. */
export interface Rereader {
  reread(sql: string, parameters: readonly ParameterValue[], timeoutMs: number): Promise<readonly Outcome[]>;
  close(): void;
}

async function runOn(session: MysqlSession, sql: string, parameters: readonly ParameterValue[], timeoutMs: number) {
  try {
    const run = await session.run({ sql, parameters, timeoutMs, maxRows: TEXT_ROWS, maxBytes: TEXT_BYTES });
    return { kind: 'rows', ...run } as const;
  } catch (error) {
    if (error instanceof SwaliError) return { kind: 'error', code: error.code } as const;
    throw error;
  }
}

/** Sessions are opened at the first use: few statements are ever read again. */
export function createRereader(database: OwnedDatabase, dialect: Exclude<Dialect, 'sqlite'>): Rereader {
  let sessions: Promise<readonly MysqlSession[]> | null = null;
  const open = async (): Promise<readonly MysqlSession[]> => {
    const [[collation = null] = []] = await database.query('SELECT COLLATION(_utf8mb4 0x61)');
    const pins = { dialect, collation: String(collation), timeZone: '+00:00' };
    const address = parseMysqlUrl(database.url);
    return Promise.all(
      SWITCHES[dialect].map((optimizerSwitch) => openMysqlSession(address, { ...pins, optimizerSwitch }, 1)),
    );
  };
  return {
    reread: async (sql, parameters, timeoutMs) => {
      sessions ??= open();
      const outcomes: Outcome[] = [];
      for (const session of await sessions) outcomes.push(await runOn(session, sql, parameters, timeoutMs));
      return outcomes;
    },
    close: () => {
      void sessions?.then((all) => {
        for (const session of all) session.kill();
      });
    },
  };
}
