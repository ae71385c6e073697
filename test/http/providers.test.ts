import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Translation } from '../../src/domain/candidate.js';
import { NO_METRICS } from '../../src/domain/no-telemetry.js';
import type { Logger, ModelCost } from '../../src/domain/ports.js';
import { SwaliError } from '../../src/errors/swali-error.js';
import { createGuards } from '../../src/operate/guards.js';
import type { OpenAiSettings } from '../../src/translate/providers/complete.js';
import type { DataRules } from '../../src/translate/providers/data-rules.js';
import type { TranslateRequest } from '../../src/translate/request.js';
import { endlessBudget } from '../support/budgets.js';
import { type OpenTranslateDeps, openTranslate } from '../support/open-translate.js';
import { customer } from '../support/principals.js';
import { shopMetrics, shopView } from '../unit/translate/short-view.js';
import { BAD_REPLIES } from './bad-replies.js';
import { type ModelReply, type ModelServer, startModelServer } from './model-server.js';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const QUESTION = 'How many orders did I place last year?';
const GOOD: ModelReply = {
  kind: 'answer',
  answer: { kind: 'sql', sql: 'SELECT COUNT(*) FROM orders', message: null, choices: [] },
};
const TIMEOUT_MS = 1200;
/** Before an idle connection is closed, in milliseconds: the client keeps it for four seconds. */
const IDLE_MS = 15_000;

let first: ModelServer;
let second: ModelServer;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled);
  first = await startModelServer();
  second = await startModelServer();
});
afterAll(async () => {
  process.off('unhandledRejection', onUnhandled);
  await first.close();
  await second.close();
});

const settings = (server: ModelServer, name: string, changes: Partial<OpenAiSettings> = {}): OpenAiSettings => ({
  apiKey: 'sk-test',
  baseUrl: server.baseUrl,
  model: 'test-model',
  timeoutMs: TIMEOUT_MS,
  maxOutputTokens: 700,
  name,
  region: name === 'one' ? 'us' : 'eu',
  ...changes,
});

/** A translator over both servers, and what it counted. */
function open(changes: Partial<OpenTranslateDeps> = {}) {
  const counted: string[] = [];
  const guards = createGuards({ logger: silent, now: () => performance.now(), random: () => 0 });
  const translate = openTranslate({
    dialect: 'mysql',
    mode: 'openai',
    openai: settings(first, 'one'),
    fallback: settings(second, 'two'),
    verified: () => [],
    metrics: () => shopMetrics('mysql'),
    currency: null,
    clock: () => Date.parse('2026-03-15T10:00:00Z'),
    timeZone: 'UTC',
    budget: endlessBudget(),
    makeGuard: guards.make,
    backoff: () => 1,
    logger: silent,
    counts: {
      ...NO_METRICS,
      modelCall: (provider, outcome) => void counted.push(`${provider} ${outcome}`),
      modelTokens: (provider, prompt) => void counted.push(`${provider} ${prompt} tokens`),
      modelFallback: (to) => void counted.push(`to ${to}`),
    },
    ...changes,
  });
  return { translate, guards, counted };
}

const asked = (changes: Partial<TranslateRequest> = {}): TranslateRequest => ({
  question: QUESTION,
  view: shopView(true),
  principal: customer(1),
  turns: [],
  feedback: [],
  signal: new AbortController().signal,
  ...changes,
});

const traceOf = (found: Translation) => (found.kind === 'sql' ? found.candidate.model : found.model);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SwaliError);
  return (error as SwaliError).code;
}

describe('a provider that answers badly', () => {
  it('has many ways to', () => expect(BAD_REPLIES.length).toBeGreaterThanOrEqual(25));

  it.each(BAD_REPLIES)(
    'with %s: is told by its code, in time',
    async (_what, reply, code, times) => {
      first.reply(reply);
      const { translate, counted } = open({ fallback: null });
      const startedAt = performance.now();
      expect(await codeOf(translate(asked()))).toBe(code);
      // Generous: the machine may be busy. What hangs would take for ever.
      expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + 8000);
      expect(first.requests).toHaveLength(times);
      expect(counted.at(-1)).toBe(`one ${code === 'TRANSLATE_MODEL_UNUSABLE' ? 'unusable' : 'unavailable'}`);
    },
    30_000,
  );

  it.each(BAD_REPLIES)(
    'with %s: leaves the question to the second one',
    async (_what, reply, code) => {
      first.reply(reply);
      second.reply(GOOD);
      const { translate, counted } = open();
      const found = await translate(asked());
      expect(traceOf(found)).toEqual({ provider: 'two', failed: ['one'], cached: false, candidates: 1 });
      const outcome = code === 'TRANSLATE_MODEL_UNUSABLE' ? 'one unusable' : 'one unavailable';
      expect(counted.filter((each) => !each.includes('one ') || each === outcome)).toEqual([
        outcome,
        'to two',
        'two 123 tokens',
        'two answered',
      ]);
    },
    30_000,
  );

  it('leaves no connection open, and no promise that nobody waits for', async () => {
    await expect
      .poll(async () => (await first.connections()) + (await second.connections()), { timeout: IDLE_MS, interval: 200 })
      .toBe(0);
    expect(unhandled).toEqual([]);
  }, 30_000);
});

describe('two providers', () => {
  it('are asked in their order: the second not where the first answers', async () => {
    first.reply(GOOD);
    second.reply(GOOD);
    const { translate, counted } = open();
    expect(traceOf(await translate(asked()))).toEqual({ provider: 'one', failed: [], cached: false, candidates: 1 });
    expect(second.requests).toHaveLength(0);
    expect(counted).toEqual(['one 123 tokens', 'one answered']);
  });

  it('have a circuit each: while that of the first is open only the second is asked', async () => {
    first.reply({ kind: 'error', status: 429, headers: { 'retry-after': '17' } });
    second.reply(GOOD);
    const { translate, guards } = open();
    await translate(asked());
    expect(guards.states()).toEqual({ model: 'open', 'model second': 'closed' });
    expect(traceOf(await translate(asked()))?.provider).toBe('two');
    expect([first.requests.length, second.requests.length]).toEqual([1, 2]);
  });

  it('share one deadline: the first cannot use it up', async () => {
    first.reply({ kind: 'hang' });
    second.reply({ kind: 'hang' });
    const { translate } = open();
    const startedAt = performance.now();
    expect(await codeOf(translate(asked()))).toBe('TRANSLATE_MODEL_UNAVAILABLE');
    expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + 8000);
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
  }, 30_000);

  it('are followed by the offline translator in mode auto, which says who failed', async () => {
    first.reply({ kind: 'error', status: 500 });
    second.reply({ kind: 'error', status: 401 });
    const { translate, counted } = open({ mode: 'auto' });
    const found = await translate(asked());
    expect(found).toMatchObject({ kind: 'sql', candidate: { translator: 'offline' } });
    expect(traceOf(found)).toEqual({ provider: 'offline', failed: ['one', 'two'], cached: false, candidates: 1 });
    expect(counted).toEqual(['one unavailable', 'to two', 'two unavailable', 'to offline']);
  });

  it('are not both asked for somebody who has hung up', async () => {
    first.reply({ kind: 'hang' });
    second.reply(GOOD);
    const caller = new AbortController();
    const answer = open().translate(asked({ signal: caller.signal }));
    await expect.poll(() => first.requests.length).toBe(1);
    caller.abort();
    expect(await codeOf(answer)).toBe('EXECUTE_CANCELLED');
    expect(second.requests).toHaveLength(0);
  });

  it('cost what each of them charges', async () => {
    const costs: ModelCost[] = [];
    first.reply({ kind: 'body', type: 'text/html', body: '<html>' });
    second.reply(GOOD);
    const prices = { prompt: 1_000_000, cachedPrompt: 0, completion: 2_000_000 };
    const { translate } = open({ budget: endlessBudget(costs), fallback: settings(second, 'two', { prices }) });
    await translate(asked());
    // 123 tokens at 1 and 45 at 2 for each million.
    expect(costs).toEqual([expect.objectContaining({ money: 0 }), { tokens: 168, money: 213 }]);
  });
});

describe('where a question may go', () => {
  const rules = (...each: readonly Partial<DataRules>[]) => ({
    dataRules: async () => each.map((rule) => ({ providers: null, regions: null, ...rule })),
  });
  const NOWHERE: readonly (readonly [string, readonly Partial<DataRules>[]])[] = [
    ['no provider', [{ providers: [] }]],
    ['no region', [{ regions: [] }]],
    ['another provider', [{ providers: ['three'] }]],
    ['two lists that have none in common', [{ providers: ['one'] }, { regions: ['eu'] }]],
  ];

  it.each([
    ['its name', { providers: ['two'] }],
    ['its region', { regions: ['eu', 'ch'] }],
  ])('is to the provider whose %s is listed, and to no other', async (_what, rule) => {
    first.reply(GOOD);
    second.reply(GOOD);
    const { translate } = open(rules(rule));
    expect(traceOf(await translate(asked()))).toEqual({ provider: 'two', failed: [], cached: false, candidates: 1 });
    expect(first.requests).toHaveLength(0);
  });

  it('is to nobody whose region is not stated, where regions are listed', async () => {
    first.reply(GOOD);
    const { translate } = open({ ...rules({ regions: ['us'] }), openai: settings(first, 'one', { region: null }) });
    expect(await codeOf(translate(asked()))).toBe('TRANSLATE_MODEL_UNAVAILABLE');
    expect(first.requests).toHaveLength(0);
  });

  it('stays one where the one that is allowed fails', async () => {
    first.reply({ kind: 'error', status: 500 });
    second.reply(GOOD);
    const { translate } = open({ ...rules({ providers: ['one'] }), mode: 'auto' });
    expect(traceOf(await translate(asked()))).toMatchObject({ provider: 'offline', failed: ['one'] });
    expect(second.requests).toHaveLength(0);
  });

  it.each(NOWHERE)('is nowhere with %s: offline in mode auto, else a refusal', async (_what, each) => {
    first.reply(GOOD);
    second.reply(GOOD);
    expect(await codeOf(open(rules(...each)).translate(asked()))).toBe('TRANSLATE_MODEL_UNAVAILABLE');
    const found = await open({ ...rules(...each), mode: 'auto' }).translate(asked());
    expect(found).toMatchObject({ kind: 'sql', candidate: { translator: 'offline' } });
    expect(traceOf(found)).toBeUndefined();
    expect([first.requests, second.requests]).toEqual([[], []]);
  });

  it('is nowhere where nobody can say', async () => {
    first.reply(GOOD);
    const dataRules = () => Promise.reject(new SwaliError('STORE_UNAVAILABLE'));
    expect(await codeOf(open({ dataRules, mode: 'auto' }).translate(asked()))).toBe('STORE_UNAVAILABLE');
    expect(first.requests).toHaveLength(0);
  });
});

describe('endpoints and store: false', () => {
  it.each([
    ['names it as OpenAI does', { kind: 'error', status: 400, param: 'store', message: 'Unknown parameter.' }],
    [
      'names it in a document of its own',
      {
        kind: 'body',
        status: 422,
        type: 'application/json',
        body: '{"detail":[{"type":"extra_forbidden","loc":["body","store"]}]}',
      },
    ],
  ] satisfies [string, ModelReply][])('go without where the endpoint %s, and remember it', async (_what, refused) => {
    first.reply((request) => ('store' in request.body ? refused : GOOD));
    const { translate } = open({ fallback: null });
    await translate(asked());
    await translate(asked());
    expect(first.requests.map(({ body }) => [body.store, body.response_format?.type])).toEqual([
      [false, 'json_schema'],
      [undefined, 'json_schema'],
      [undefined, 'json_schema'],
    ]);
  });

  it('never go without for another fault', async () => {
    first.reply({ kind: 'error', status: 400, message: 'The prompt is too long to be restored.' });
    const { translate } = open({ fallback: null });
    expect(await codeOf(translate(asked()))).toBe('TRANSLATE_MODEL_UNAVAILABLE');
    expect(first.requests.length).toBeGreaterThan(1);
    for (const { body } of first.requests) expect(body.store).toBe(false);
  });
});

describe('a question with personal data', () => {
  const question = 'How many orders did ada@example.org (0712 345 678) place?';
  it('leaves without, and its statement has them again', async () => {
    const sql = "SELECT COUNT(*) FROM customers WHERE email = 'WithheldEmail1' AND phone <> WithheldPhone2";
    first.reply({ kind: 'answer', answer: { kind: 'sql', sql, message: null, choices: [] } });
    const found = await open().translate(asked({ question }));
    expect(first.requests).toHaveLength(1);
    expect(first.requests[0]!.raw).not.toMatch(/ada@|0712/);
    expect(found).toMatchObject({
      candidate: {
        sql: "SELECT COUNT(*) FROM customers WHERE email = 'ada@example.org' AND phone <> '0712 345 678'",
      },
    });
  });

  it('leaves as it is where that is switched off', async () => {
    first.reply(GOOD);
    await open({ withholdPersonal: false }).translate(asked({ question }));
    expect(first.requests[0]!.raw).toContain(question);
  });
});
