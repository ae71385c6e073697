import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../support/limits.js';
import { type ModelReply, type ModelServer, startModelServer, USAGE } from './model-server.js';
import { openTestGateway, type TestGateway } from './open-test-gateway.js';

/** No verified question, and none that the offline translator knows: only the model can answer it. */
const QUESTION = 'Give me the thing that we talked about, please.';
/** The offline translator knows this one. */
const PLAIN_QUESTION = 'What is the total of my orders in 2025?';
const VERIFIED_QUESTION = 'How many orders did I place in 2025?';
/** Of one call. */
const COST = USAGE.prompt_tokens + USAGE.completion_tokens;
/** Ten seconds before midnight UTC. */
const EVENING = Date.parse('2026-03-01T23:59:50Z');

const sql = (text: string): ModelReply => ({
  kind: 'answer',
  answer: { kind: 'sql', sql: text, message: null, choices: [] },
});
const GOOD = sql('SELECT COUNT(*) AS n FROM orders');
const BAD = sql('SELECT internal_note FROM orders');

describe('the model’s tokens of a day', () => {
  const folder = mkdtempSync(join(tmpdir(), 'swali-budget-'));
  let model: ModelServer;
  let time = EVENING;
  const opened: TestGateway[] = [];
  /** A gateway whose accounts have tokens for so many calls, and one more token. */
  async function open(
    calls: number,
    overBudget: string,
    repairs = '2',
    more: { readonly limits?: object; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<TestGateway> {
    time = EVENING;
    const file = join(folder, `${opened.length}.json`);
    const standard = { ...LIMITS, model_tokens_per_day: calls * COST + 1, over_budget: overBudget, ...more.limits };
    writeFileSync(file, JSON.stringify({ standard }));
    const env = {
      ...more.env,
      TIERS_FILE: file,
      OPENAI_BASE_URL: model.baseUrl,
      MODEL_REPAIR_ATTEMPTS: repairs,
    };
    const gateway = await openTestGateway(env, { clock: () => time });
    opened.push(gateway);
    return gateway;
  }
  const ask = (gateway: TestGateway, question: string) => gateway.post('/v1/ask', 'customer', { question });

  beforeAll(async () => {
    model = await startModelServer();
  });
  afterAll(async () => {
    for (const gateway of opened) await gateway.close();
    await model.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('end with the call that spends the last one, for its account alone, until midnight UTC', async () => {
    const gateway = await open(1, 'refuse');
    model.reply(GOOD);
    for (const _ of [1, 2]) expect((await ask(gateway, QUESTION)).body.provenance.translator).toBe('openai');
    const refused = await ask(gateway, QUESTION);
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([429, 'RATE_LIMITED', '10']);
    expect(refused.body.detail).toContain(`are spent, ${2 * COST} of ${COST + 1}; new ones at 2026-03-02T00:00:00Z`);
    expect(model.requests).toHaveLength(2);
    expect((await gateway.post('/v1/ask', 'admin', { question: QUESTION })).status).toBe(200);
    // What the data owner has answered needs no model.
    expect((await ask(gateway, VERIFIED_QUESTION)).body).toMatchObject({
      status: 'answered',
      provenance: { translator: 'verified' },
    });
    time += 10_000;
    expect((await ask(gateway, QUESTION)).status).toBe(200);
  }, 60_000);

  it('leave the rest of the day to the offline translator where the tier says so', async () => {
    const gateway = await open(0, 'offline');
    model.reply(GOOD);
    expect((await ask(gateway, PLAIN_QUESTION)).body.provenance.translator).toBe('openai');
    expect((await ask(gateway, PLAIN_QUESTION)).body).toMatchObject({
      status: 'answered',
      provenance: { translator: 'offline' },
      usage: { prompt_tokens: 0 },
    });
    expect(model.requests).toHaveLength(1);
  }, 60_000);

  it('pay for mending a statement too', async () => {
    const gateway = await open(1, 'refuse');
    model.reply(BAD, BAD, GOOD);
    expect((await ask(gateway, QUESTION)).body.code).toBe('RATE_LIMITED');
    expect(model.requests).toHaveLength(2);
  }, 60_000);

  it('are counted for each of two questions at once', async () => {
    const gateway = await open(1000, 'refuse');
    model.reply(GOOD);
    const both = await Promise.all([ask(gateway, QUESTION), ask(gateway, QUESTION)]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    const { body } = await gateway.get('/v1/admin/customers/1/export', 'admin');
    expect(body.model_use).toEqual([{ day: '2026-03-01', model_tokens: 2 * COST, model_calls: 2, model_money: '0' }]);
  }, 60_000);

  it('are held for a question that runs, so that those beside it spend no more than there is', async () => {
    const gateway = await open(1, 'refuse');
    model.reply({ kind: 'late', ms: 400, reply: GOOD });
    const all = await Promise.all(Array.from({ length: 6 }, () => ask(gateway, QUESTION)));
    expect(all.map(({ status }) => status).sort()).toEqual([200, 429, 429, 429, 429, 429]);
    const refused = all.find(({ status }) => status === 429)!;
    expect(refused.headers['retry-after']).toBe('5');
    expect(refused.body.detail).toContain('held for your questions that are running');
    expect(model.requests).toHaveLength(1);
    expect((await ask(gateway, QUESTION)).status).toBe(200);
  }, 60_000);

  it('cost money, by the prices of the provider, until that is spent', async () => {
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 100,
      prompt_tokens_details: { cached_tokens: 400 },
    };
    const prices = { OPENAI_PRICE_PROMPT: '0.15', OPENAI_PRICE_CACHED_PROMPT: '0.075', OPENAI_PRICE_COMPLETION: '0.6' };
    // 600 × 0.15 + 400 × 0.075 + 100 × 0.6 = 180 millionths a call.
    const limits = { model_tokens_per_day: 1_000_000, model_money_per_day: '0.000181' };
    const gateway = await open(0, 'refuse', '2', { limits, env: prices });
    model.reply({ ...(GOOD as Extract<ModelReply, { kind: 'answer' }>), usage });
    for (const _ of [1, 2]) expect((await ask(gateway, QUESTION)).status).toBe(200);
    const refused = await ask(gateway, QUESTION);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '10']);
    expect(refused.body.detail).toContain('is spent, 0.00036 of 0.000181; more at 2026-03-02T00:00:00Z');
    const { body } = await gateway.get('/v1/admin/customers/1/export', 'admin');
    expect(body.model_use).toEqual([{ day: '2026-03-01', model_tokens: 2200, model_calls: 2, model_money: '0.00036' }]);
  }, 60_000);
});
