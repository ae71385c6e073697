import { describe, expect, it } from 'vitest';
import { makeCatalogSet } from '../../../bench/linking/made-catalog.mjs';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { loadTokenCounter } from '../../../src/translate/link/count-tokens.js';
import { createLinkStep } from '../../../src/translate/link-step.js';
import { translateOffline } from '../../../src/translate/offline/translate-offline.js';
import type { ReadSharedValues, TranslateRequest } from '../../../src/translate/request.js';
import { writeSchema } from '../../../src/translate/write-schema.js';
import { LINKING_MODULES } from '../../support/linking-modules.js';
import { admin } from '../../support/principals.js';
import { shopMetrics, shopView, viewOf } from './short-view.js';

const made = makeCatalogSet(LINKING_MODULES);
const ask = (question: string, changes: Partial<TranslateRequest> = {}): TranslateRequest => ({
  question,
  view: made.view,
  principal: admin(),
  turns: [],
  feedback: [],
  signal: new AbortController().signal,
  ...changes,
});

describe('linking before the model is asked', () => {
  it('reads shared values of linked relations only, the likeliest first, and keeps within the budget with them', async () => {
    const read: string[] = [];
    const readSharedValues: ReadSharedValues = async (_request, relation, column) => {
      read.push(`${relation}.${column}`);
      return made.values.get(`${relation}.${column}`) ?? [];
    };
    const step = createLinkStep({ readSharedValues, tokens: 1500 });
    const { schema, sharedValues } = await step.forModel(ask('How many vehicles run on diesel?'), []);
    const shown = new Set(schema.relations.map((each) => each.obligation.relation.name));
    expect(read[0]).toBe('vehicles.fuel_type');
    expect(read.length).toBeLessThanOrEqual(20);
    expect(read.length).toBeLessThan(made.values.size);
    for (const key of sharedValues.keys()) expect(shown).toContain(key.split('.')[0]);
    expect(sharedValues.get('vehicles.fuel_type')).toEqual(['diesel', 'petrol', 'electric']);
    const count = await loadTokenCounter();
    expect(count(writeSchema(schema, sharedValues))).toBeLessThanOrEqual(1500);
  });

  it('ranks by a value as soon as it is read', async () => {
    const crowd = Array.from({ length: 80 }, (_, at) => ({
      name: `zz_bulk_${at}`,
      columns: ['zz_id integer *', 'alpha text', 'beta text', 'gamma text'],
    }));
    const view = viewOf(
      ...crowd,
      { name: 'beasts', columns: ['id integer *', 'size text'] },
      { name: 'aa_beasts', columns: ['id integer *', 'kind text ?'] },
    );
    const readSharedValues: ReadSharedValues = async () => ['Walrus'];
    const firsts = async (read: ReadSharedValues | null) => {
      const step = createLinkStep({ readSharedValues: read, tokens: 300 });
      const { schema } = await step.forModel(ask('beasts walrus', { view }), []);
      return schema.relations[0]!.obligation.relation.name;
    };
    expect(await firsts(null)).toBe('beasts');
    expect(await firsts(readSharedValues)).toBe('aa_beasts');
  });

  it('shows the figures over linked relations only', async () => {
    const step = createLinkStep({ readSharedValues: null, tokens: 1500 });
    const metrics = shopMetrics('mysql');
    expect((await step.forModel(ask('orders', { view: shopView() }), metrics)).metrics).toEqual(metrics);
    const { view } = ask('');
    expect((await step.forModel(ask('orders', { view }), metrics)).metrics).toEqual([]);
  });

  it('stops where the caller hangs up', async () => {
    const caller = new AbortController();
    const readSharedValues: ReadSharedValues = async () => {
      caller.abort();
      throw new Error('the source was told to stop');
    };
    const step = createLinkStep({ readSharedValues, tokens: 1500 });
    const asked = ask('orders', { view: shopView(), signal: caller.signal });
    await expect(step.forModel(asked, [])).rejects.toThrow(SwaliError);
    await expect(step.forModel(asked, [])).rejects.toMatchObject({ code: 'EXECUTE_CANCELLED' });
  });
});

describe('linking before the offline translator', () => {
  it('leaves a view of usual size as it is', async () => {
    const step = createLinkStep({ readSharedValues: null, tokens: 200 });
    const view = shopView();
    expect((await step.forOffline(ask('orders', { view }), [])).view).toBe(view);
  });

  it('hands on the part of a thousand relations that the question is about, and it is answered', {
    timeout: 60_000,
  }, async () => {
    const step = createLinkStep({ readSharedValues: null, tokens: 1500 });
    const question = 'How many guest feedbacks are there?';
    const known = await step.forOffline(ask(question), []);
    expect(known.view.relations.size).toBe(40);
    const today = { year: 2026, month: 3, day: 15 };
    const shared = { principal: admin(), dialect: 'mysql', currency: null, today, metrics: [] } as const;
    const found = translateOffline({ question, ...shared, ...known });
    expect(found).toMatchObject({ kind: 'sql' });
    expect(found.kind === 'sql' && found.candidate.sql).toContain('guest_feedbacks');
  });
});
