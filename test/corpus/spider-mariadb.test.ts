import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createConnection } from 'mysql2/promise';
import { afterAll, describe, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createSeal } from '../../src/seal/index.js';
import { createJudges } from '../../src/seal/judges.js';
import { openSource } from '../../src/source/open-source.js';
import { engineUrl } from '../engines/engines.js';
import { sameRows } from '../support/compare-rows.js';
import { everyNth } from '../support/corpus-share.js';
import { openWholeCatalog } from '../support/open-view.js';
import { admin } from '../support/principals.js';
import { callerSql } from '../support/seal-engine.js';
import { evaluationFolder, readSpider, type SpiderQuestion } from '../support/spider.js';
import { Tally } from '../support/tally.js';

const folder = evaluationFolder();
const server = engineUrl('mariadb');
/** One database in so many is tried. */
const EVERY = everyNth(4);
const EQUAL = 'sealed, rows equal';
const DIFFERENT = 'sealed, rows differ';
const GOLD_FAILS = 'the gold text itself does not run here';

describe.skipIf(folder === null || server === null)('Spider questions on MariaDB, sealed for an admin', () => {
  const judges = createJudges({ timeoutMs: 5_000, threads: 1 });
  afterAll(() => judges.close());

  it('seals at least 97 % of the MySQL texts with the gold’s rows', { timeout: 1_500_000 }, async () => {
    const tally = new Tally();
    const databases = [...readSpider(folder as string)].filter((_, at) => at % EVERY === 0);
    for (const [name, questions] of databases) {
      const url = await load(name);
      try {
        await sealAll(url, questions, tally);
      } finally {
        await asOwner(`DROP DATABASE \`${databaseOf(name)}\``);
      }
    }
    tally.print('spider-train, MySQL texts on MariaDB', [EQUAL]);
    expect(databases.length).toBe(Math.ceil(137 / EVERY));
    expect(tally.total).toBeGreaterThan(5_000 / EVERY);
    expect(tally.share(EQUAL) / (1 - tally.share(GOLD_FAILS))).toBeGreaterThanOrEqual(0.97);
    expect(tally.share(GOLD_FAILS)).toBeLessThan(0.01);
  });

  const databaseOf = (name: string) => `swali_spider_${name}`.toLowerCase();

  async function asOwner(sql: string, database?: string): Promise<void> {
    const uri = (server as string).replace(/^mariadb:/, 'mysql:');
    const connection = await createConnection({
      uri,
      multipleStatements: true,
      charset: 'utf8mb4',
      ...(database ? { database } : {}),
    });
    await connection.query(sql).finally(() => connection.destroy());
  }

  async function load(name: string): Promise<string> {
    const database = databaseOf(name);
    await asOwner(`DROP DATABASE IF EXISTS \`${database}\`; CREATE DATABASE \`${database}\` CHARACTER SET utf8mb4`);
    const dump = gunzipSync(readFileSync(join(folder as string, 'spider-train/mysql', `${name}.sql.gz`))).toString(
      'utf8',
    );
    await asOwner(dump, database);
    const url = new URL(server as string);
    url.pathname = `/${database}`;
    return url.href;
  }

  async function sealAll(url: string, questions: readonly SpiderQuestion[], tally: Tally): Promise<void> {
    const source = await openSource({ url, allowWideGrants: true });
    const catalog = await readCatalog(source);
    const seal = createSeal({ catalog, judges });
    const view = openWholeCatalog(catalog);
    const limits = {
      kind: 'admin' as const,
      timeoutMs: 60_000,
      maxRows: 100_000,
      maxBytes: 1 << 27,
      mayEstimate: false,
    };
    for (const { sql_mysql: sql } of questions) {
      if (!sql) continue;
      const gold = await source.execute({ sql, parameters: [], ...limits }).catch((error: SwaliError) => error);
      if (gold instanceof SwaliError) {
        tally.add(GOLD_FAILS, `${sql} ${String(gold.cause)}`);
        continue;
      }
      try {
        const sealed = await seal.seal(callerSql(sql), admin(), view);
        const parameters = sealed.parameters.map((parameter) => parameter.value);
        const ours = await source.execute({ sql: sealed.sql, parameters, ...limits });
        tally.add(
          sameRows(gold.rows, ours.rows) ? EQUAL : DIFFERENT,
          `${catalog.database}: ${sql}\n            ${sealed.sql}`,
        );
      } catch (error) {
        if (!(error instanceof SwaliError)) throw error;
        tally.add(
          `${error.code} ${error.detail?.replace(/\d+/g, 'N') ?? ''}`,
          `${catalog.database}: ${sql} (${String(error.cause ?? '')})`,
        );
      }
    }
    await source.close();
  }
});
