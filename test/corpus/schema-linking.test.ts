import { describe, expect, it } from 'vitest';
import { makeCatalogSet } from '../../bench/linking/made-catalog.mjs';
import { measureLinking } from '../../bench/linking/measure.mjs';
import { mergeSpider } from '../../bench/linking/merged-spider.mjs';
import { everyNth } from '../support/corpus-share.js';
import { LINKING_MODULES } from '../support/linking-modules.js';
import { evaluationFolder } from '../support/spider.js';

const folder = evaluationFolder();
const TOKENS = 1500;
/** One question of Spider in so many is tried; `node bench/linking.mjs` tries all. */
const EVERY = everyNth(5);
const OPTIONS = { text: 'question', tokens: TOKENS } as const;

it('shows what questions to a thousand made relations need within the budget', { timeout: 300_000 }, async () => {
  const set = makeCatalogSet(LINKING_MODULES);
  expect(set.view.relations.size).toBe(1000);
  for (const withValues of [true, false]) {
    const found = await measureLinking(set, LINKING_MODULES, { ...OPTIONS, withValues });
    expect(found).toMatchObject({ questions: 1000, goldRelations: 1511, goldColumns: 2645 });
    expect(found.maxTokens).toBeLessThanOrEqual(TOKENS);
    expect(found.relationRecall).toBeGreaterThan(0.97);
    expect(found.columnRecall).toBeGreaterThan(0.975);
  }
});

describe.skipIf(folder === null)('all databases of Spider-train in one catalog', () => {
  it('shows what questions need within the budget', { timeout: 600_000 }, async () => {
    const whole = await mergeSpider(folder!, LINKING_MODULES);
    expect([whole.databases, whole.view.relations.size, whole.unread]).toEqual([137, 699, 2]);
    expect(whole.questions).toHaveLength(6713);
    const set = { ...whole, questions: whole.questions.filter((_: unknown, at: number) => at % EVERY === 0) };
    const counts = { questions: Math.ceil(6713 / EVERY) };
    const known = await measureLinking(set, LINKING_MODULES, { ...OPTIONS, withValues: true });
    expect(known).toMatchObject(counts);
    expect(known.maxTokens).toBeLessThanOrEqual(TOKENS);
    expect(known.relationRecall).toBeGreaterThan(0.98);
    expect(known.columnRecall).toBeGreaterThan(0.98);
    const unknown = await measureLinking(set, LINKING_MODULES, { ...OPTIONS, withValues: false });
    expect(unknown).toMatchObject(counts);
    expect(unknown.maxTokens).toBeLessThanOrEqual(TOKENS);
    expect(unknown.relationRecall).toBeGreaterThan(0.975);
    expect(unknown.columnRecall).toBeGreaterThan(0.97);
  });
});
