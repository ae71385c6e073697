import type { TestProject } from 'vitest/node';
import { type MissingEngine, type StartedEngine, startMariadb, startMysql, startRedis } from './start-engines.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL by engine; null where it is not there. */
    engineUrls: { readonly mariadb: string | null; readonly mysql: string | null; readonly redis: string | null };
  }
}

const isStarted = (engine: StartedEngine | MissingEngine): engine is StartedEngine => 'url' in engine;

/** Brings the engines up once for the whole run, hands their URLs to the tests, and takes down what it started. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const settings = {
    mariadbUrl: process.env.TEST_MARIADB_URL || undefined,
    mysqlUrl: process.env.TEST_MYSQL_URL || undefined,
    redisUrl: process.env.TEST_REDIS_URL || undefined,
    mayInstall: process.env.SWALI_TEST_INSTALL === '1',
  };
  const required = (process.env.REQUIRE_ENGINES ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const engines = {
    mariadb: await startMariadb(settings),
    mysql: await startMysql(settings),
    redis: await startRedis(settings),
  };
  const entries = Object.entries(engines);
  const stop = async (): Promise<void> => {
    for (const [, engine] of entries) if (isStarted(engine)) await engine.stop();
  };
  const missing = entries.filter(([, engine]) => !isStarted(engine)).map(([name]) => name);
  const unmet = required.filter((name) => name !== 'sqlite' && (missing.includes(name) || !(name in engines)));
  if (unmet.length > 0) {
    await stop();
    throw new Error(`REQUIRE_ENGINES names ${unmet.join(', ')}, which could not be had`);
  }
  const lines = entries.map(([name, engine]) =>
    isStarted(engine)
      ? `engine ${name}: ${engine.version}`
      : `engine ${name}: NOT THERE, its tests are skipped; ${engine.reason}`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
  project.provide('engineUrls', {
    mariadb: isStarted(engines.mariadb) ? engines.mariadb.url : null,
    mysql: isStarted(engines.mysql) ? engines.mysql.url : null,
    redis: isStarted(engines.redis) ? engines.redis.url : null,
  });
  return async () => {
    await stop();
    // Said again at the very end, where a reader looks first.
    process.stdout.write(`\n${lines.join('\n')}\n`);
  };
}
