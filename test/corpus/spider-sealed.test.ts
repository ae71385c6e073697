import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createSeal } from '../../src/seal/index.js';
import { createJudges } from '../../src/seal/judges.js';
import { sameRows } from '../support/compare-rows.js';
import { everyNth } from '../support/corpus-share.js';
import { openWholeCatalog } from '../support/open-view.js';
import { admin } from '../support/principals.js';
import { readCatalogOf } from '../support/read-catalog-of.js';
import { evaluationFolder, readSpider, type SpiderQuestion } from '../support/spider.js';
import { Tally } from '../support/tally.js';

const folder = evaluationFolder();
/** One question in so many is tried. */
const EVERY = everyNth(2);
const EQUAL = 'sealed, rows equal';
const DIFFERENT = 'sealed, rows differ';

type Database = InstanceType<typeof DatabaseSync>;

function runText(database: Database, sql: string, parameters: readonly unknown[] = []): unknown[][] {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement.all(...(parameters as [])) as unknown as unknown[][];
}

describe.skipIf(folder === null)('Spider questions on SQLite, sealed for an admin', () => {
  const judges = createJudges({ timeoutMs: 5_000, threads: 1 });
  afterAll(() => judges.close());

  it('reads and seals at least 99 % of the gold statements, with the gold’s rows', { timeout: 900_000 }, async () => {
    const tally = new Tally();
    for (const [name, questions] of readSpider(folder as string))
      await sealAll(
        name,
        questions.filter((_, at) => at % EVERY === 0),
        tally,
      );
    tally.print('spider-train, SQLite', [EQUAL]);
    expect(tally.total).toBeGreaterThan(6_000 / EVERY);
    expect(tally.share(EQUAL, DIFFERENT)).toBeGreaterThanOrEqual(0.99);
    expect(tally.share(EQUAL)).toBeGreaterThanOrEqual(0.99);
  });

  async function sealAll(name: string, questions: readonly SpiderQuestion[], tally: Tally): Promise<void> {
    const path = join(folder as string, 'spider-train/sqlite', `${name}.sqlite`);
    const database = new DatabaseSync(path, { readOnly: true });
    const catalog = await readCatalogOf(database);
    const seal = createSeal({ catalog, judges });
    const view = openWholeCatalog(catalog);
    for (const { sql } of questions) {
      if (!sql) continue;
      try {
        const candidate = {
          sql,
          translator: 'caller' as const,
          slots: new Map(),
          usage: { promptTokens: 0, completionTokens: 0 },
        };
        const sealed = await seal.seal(candidate, admin(), view);
        const values = sealed.parameters.map((parameter) => parameter.value);
        const same = sameRows(runText(database, sql), runText(database, sealed.sql, values));
        tally.add(same ? EQUAL : DIFFERENT, `${name}: ${sql}\n            ${sealed.sql}`);
      } catch (error) {
        const reason =
          error instanceof SwaliError
            ? `${error.code} ${error.detail?.replace(/\d+/g, 'N') ?? ''}`
            : `not run: ${String(error)}`;
        const cause = error instanceof SwaliError && error.cause ? ` (${String(error.cause)})` : '';
        tally.add(reason, `${name}: ${sql}${cause}`);
      }
    }
    database.close();
  }
});
