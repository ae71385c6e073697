import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import type { PrincipalView } from '../../src/policy/view.js';
import { translateOffline } from '../../src/translate/offline/translate-offline.js';
import { everyNth } from '../support/corpus-share.js';
import { openWholeCatalog } from '../support/open-view.js';
import { admin } from '../support/principals.js';
import { readCatalogOf } from '../support/read-catalog-of.js';
import { evaluationFolder, readSpider } from '../support/spider.js';

const folder = evaluationFolder();
const opened: DatabaseSyncInstance[] = [];
afterAll(() => {
  for (const database of opened) database.close();
});

/** Values to six digits, cells and rows as multisets: the order of columns and rows is not asked for. */
function digest(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const value = (cell: unknown) => {
    const text = String(cell);
    return /^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(text) ? Number(text).toPrecision(6) : text;
  };
  return JSON.stringify(rows.map((row) => JSON.stringify(Object.values(row).map(value).sort())).sort());
}

/** One question in so many is asked. */
const EVERY = everyNth(2);

describe.skipIf(folder === null)('questions of the Spider training set, answered without a model', () => {
  it('gives the rows of the gold query for most that it answers, and answers a fair share', {
    timeout: 300_000,
  }, async () => {
    let asked = 0;
    let answered = 0;
    let right = 0;
    for (const [name, questions] of readSpider(folder!)) {
      const database = new DatabaseSync(join(folder!, 'spider-train/sqlite', `${name}.sqlite`), { readOnly: true });
      opened.push(database);
      let view: PrincipalView;
      try {
        view = openWholeCatalog(await readCatalogOf(database));
      } catch {
        continue; // A catalog that is refused (names that collide) has its own tests.
      }
      for (const [at, { question, sql, rows }] of questions.entries()) {
        if (sql === null || rows === 0 || at % EVERY !== 0) continue;
        asked += 1;
        const today = { year: 2026, month: 3, day: 15 };
        const found = translateOffline({
          metrics: [],
          currency: null,
          question,
          view,
          principal: admin(),
          dialect: 'sqlite',
          today,
          sharedValues: new Map(),
        });
        if (found.kind !== 'sql') continue;
        answered += 1;
        const [ours, gold] = [found.candidate.sql, sql].map((text) => digest(database.prepare(text).all() as never));
        if (ours === gold) right += 1;
      }
    }
    console.info(
      `offline on Spider: ${asked} asked, ${answered} answered (${((100 * answered) / asked).toFixed(1)} %), ${((100 * right) / answered).toFixed(1)} % of them right`,
    );
    expect(asked).toBeGreaterThan(6000 / EVERY);
    expect(answered / asked).toBeGreaterThan(0.37);
    expect(right / answered).toBeGreaterThan(0.905);
  });
});
