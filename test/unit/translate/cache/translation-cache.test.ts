import { describe, expect, it } from 'vitest';
import type { Candidate, Translation } from '../../../../src/domain/candidate.js';
import type { PrincipalView } from '../../../../src/policy/view.js';
import { createKeptTranslations } from '../../../../src/translate/cache/kept-translations.js';
import { createTranslationCache } from '../../../../src/translate/cache/translation-cache.js';
import type { TranslateRequest } from '../../../../src/translate/request.js';
import type { SchemaNotes } from '../../../../src/translate/write-prompt.js';
import { admin, customer } from '../../../support/principals.js';

const TODAY = { year: 2026, month: 3, day: 15 };
const KNOWN = {} as SchemaNotes;
const USAGE = { promptTokens: 100, completionTokens: 10 };

function asked(changes: Partial<TranslateRequest> = {}): TranslateRequest {
  return {
    question: 'How many orders?',
    view: { digest: 'v1', policyVersion: 'p1' } as PrincipalView,
    principal: admin(),
    turns: [],
    feedback: [],
    signal: new AbortController().signal,
    ...changes,
  };
}

/** A cache before a model that counts how often it is asked. */
function open(answer: (request: TranslateRequest) => Translation | Promise<Translation> = () => sqlOf('SELECT 1')) {
  const requests: TranslateRequest[] = [];
  const reads: [string, boolean][] = [];
  const cache = createTranslationCache({
    kept: createKeptTranslations({ ttlMs: 60_000, shared: null }),
    key: 'k'.repeat(32),
    setup: 'model-a',
    promptOf: ({ question, turns }, today) => JSON.stringify([question, turns, today]),
    metrics: { cacheRead: (name, hit) => reads.push([name, hit]) },
  });
  const wrapped = cache.wrap(async (request) => {
    requests.push(request);
    return answer(request);
  });
  const translate = (changes: Partial<TranslateRequest> = {}, today = TODAY) => wrapped(asked(changes), today, KNOWN);
  /** Translates, and says that it has run. */
  const answerOnce = async (changes: Partial<TranslateRequest> = {}) => {
    const translation = await translate(changes);
    if (translation.kind === 'sql') cache.settle(translation.candidate, true);
    return translation;
  };
  return { cache, translate, answerOnce, requests, reads };
}

function sqlOf(sql: string): Translation {
  const model = { provider: 'first', failed: ['other'], cached: false, candidates: 1 };
  return { kind: 'sql', candidate: { sql, translator: 'openai', slots: new Map(), usage: USAGE, model } };
}

function candidateOf(translation: Translation): Candidate {
  if (translation.kind !== 'sql') throw new Error('no statement');
  return translation.candidate;
}

describe('the cache of translations', () => {
  it('answers a question whose statement has run without asking the model, and says so', async () => {
    const { translate, answerOnce, requests, reads } = open();
    expect(candidateOf(await answerOnce())).toMatchObject({ usage: USAGE, model: { cached: false } });
    const again = candidateOf(await translate());
    expect(again).toMatchObject({
      sql: 'SELECT 1',
      translator: 'openai',
      usage: { promptTokens: 0, completionTokens: 0 },
      model: { provider: 'first', failed: [], cached: true },
    });
    expect(requests).toHaveLength(1);
    expect(reads).toEqual([
      ['translations', false],
      ['translations', true],
    ]);
  });

  it('keeps nothing that did not run', async () => {
    const { cache, translate, requests } = open();
    cache.settle(candidateOf(await translate()), false);
    await translate();
    expect(requests).toHaveLength(2);
  });

  it('shares what is about to run with who asks meanwhile, who pay nothing', async () => {
    const { translate, requests } = open();
    await translate();
    expect(candidateOf(await translate())).toMatchObject({ usage: { promptTokens: 0 }, model: { cached: true } });
    expect(requests).toHaveLength(1);
  });

  it('keeps the one of several statements that was the answer', async () => {
    const { cache, translate, requests } = open(() => {
      const [first, second] = ['SELECT 1', 'SELECT 2'].map((text) => candidateOf(sqlOf(text)));
      return { kind: 'sql', candidate: first!, alternatives: [second!] };
    });
    const translation = await translate();
    if (translation.kind !== 'sql') throw new Error('no statement');
    cache.settle(translation.alternatives![0]!, true);
    expect(candidateOf(await translate()).sql).toBe('SELECT 2');
    expect(requests).toHaveLength(1);
  });

  it('takes the word of nobody for another’s statement', async () => {
    const { cache, translate, requests } = open();
    const first = candidateOf(await translate());
    cache.settle({ ...first, ticket: `${first.ticket?.slice(0, -1)}9` }, false);
    const { ticket: _, ...without } = first;
    cache.settle(without, false);
    await translate();
    expect(requests).toHaveLength(1);
  });

  it('keeps no question back and no refusal', async () => {
    const { answerOnce, requests } = open(() => ({
      kind: 'clarify',
      message: 'Which?',
      choices: ['a', 'b'],
      translator: 'openai',
      usage: USAGE,
    }));
    await answerOnce();
    await answerOnce();
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['question', { question: 'How many customers?' }],
    ['view', { view: { digest: 'v2', policyVersion: 'p1' } as PrincipalView }],
    ['version of the policy', { view: { digest: 'v1', policyVersion: 'p2' } as PrincipalView }],
    ['conversation', { turns: [{ question: 'And before?', sql: 'SELECT 2' }] }],
    ['tenant', { principal: { ...admin(), tenant: 'acme' } }],
  ])('asks the model anew where the %s is another', async (_what, changes) => {
    const { translate, answerOnce, requests } = open();
    await answerOnce();
    await translate(changes);
    expect(requests).toHaveLength(2);
  });

  it('asks the model anew on another day', async () => {
    const { translate, answerOnce, requests } = open();
    await answerOnce();
    await translate({}, { ...TODAY, day: 16 });
    expect(requests).toHaveLength(2);
  });

  it('answers two askers whom the model could not tell apart from one statement', async () => {
    const { answerOnce, translate, requests } = open();
    await answerOnce({ principal: customer(103) });
    expect(candidateOf(await translate({ principal: customer(104) }))).toMatchObject({ model: { cached: true } });
    expect(requests).toHaveLength(1);
  });

  it('keeps a mended statement as the answer to the question as it was first put', async () => {
    const { cache, translate, answerOnce, requests } = open(({ feedback }) =>
      sqlOf(feedback.length === 0 ? 'SELECT wrong' : 'SELECT right'),
    );
    cache.settle(candidateOf(await translate()), false);
    await answerOnce({ feedback: [{ sql: 'SELECT wrong', code: 'SEAL_COLUMN_UNKNOWN', message: 'no' }] });
    expect(candidateOf(await translate()).sql).toBe('SELECT right');
    expect(requests).toHaveLength(2);
  });

  it('forgets a statement that does not run any more', async () => {
    let sql = 'SELECT old';
    const { translate, answerOnce, requests } = open(() => sqlOf(sql));
    await answerOnce();
    sql = 'SELECT new';
    const feedback = [{ sql: 'SELECT old', code: 'EXECUTE_FAILED', message: 'no' }];
    expect(candidateOf(await answerOnce({ feedback })).sql).toBe('SELECT new');
    expect(candidateOf(await translate()).sql).toBe('SELECT new');
    expect(requests).toHaveLength(2);
  });

  it('asks once for equal questions at the same time, and one asker pays', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { translate, requests } = open(async () => {
      await gate;
      return sqlOf('SELECT 1');
    });
    const all = [1, 2, 3].map(() => translate());
    await expect.poll(() => requests.length).toBe(1);
    release();
    const candidates = (await Promise.all(all)).map(candidateOf);
    expect(candidates.map(({ usage }) => usage.promptTokens).sort()).toEqual([0, 0, 100]);
    expect(candidates.map(({ model }) => model?.cached).sort()).toEqual([false, true, true]);
    expect(requests).toHaveLength(1);
  });

  it('keeps what a follower ran', async () => {
    const { cache, translate, requests } = open();
    const [, second] = await Promise.all([translate(), translate()]);
    cache.settle(candidateOf(second!), true);
    await translate();
    expect(requests).toHaveLength(1);
  });
});
