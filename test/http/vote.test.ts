import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDemo } from '../../src/demo/make-demo.js';
import { type ModelServer, startModelServer, USAGE } from './model-server.js';
import { ACCOUNTS, type Reply, type ServedGateway, serveGateway } from './served-gateway.js';

const OWN_NUMBER = 103;
/** No verified question, and nothing that repeats: a cache must not answer. */
let turn = 0;
const question = () => `Give me the thing number ${++turn} that we talked about, please.`;

let folder = '';
let database: InstanceType<typeof DatabaseSync>;
let model: ModelServer;
let gateway: ServedGateway<keyof typeof ACCOUNTS>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swali-vote-'));
  const path = join(folder, 'business.sqlite');
  await makeDemo({ target: `sqlite:${path}`, scale: 0.1, seed: 1, today: '2026-03-01' });
  database = new DatabaseSync(path);
  model = await startModelServer();
  gateway = await serveGateway(ACCOUNTS, {
    SOURCE_URL: `sqlite:${path}`,
    OPENAI_BASE_URL: model.baseUrl,
    OPENAI_API_KEY: 'sk-test',
    TRANSLATOR: 'openai',
    MODEL_CANDIDATES: '3',
    MODEL_REPAIR_ATTEMPTS: '1',
  });
  for (const name of ['customer', 'admin'] as const) expect((await gateway.signIn(name)).status).toBe(200);
}, 120_000);
afterAll(async () => {
  await gateway?.stop();
  await model?.close();
  database?.close();
  rmSync(folder, { recursive: true, force: true });
});

const count = (relation: string): number => {
  const row = database.prepare(`SELECT COUNT(*) AS n FROM ${relation} WHERE customer_number = ${OWN_NUMBER}`).get();
  return (row as { n: number }).n;
};
const statement = (sql: string) => ({ kind: 'sql', sql, message: null, choices: [] });
const answers = (...texts: readonly string[]) =>
  ({ kind: 'answers', answers: texts.map((sql) => statement(sql)) }) as const;
const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

async function lastRecord(): Promise<{ reasons: string[]; relations: string[]; sqlDigest: string }> {
  const { body } = (await gateway.call('GET', '/v1/audit?limit=1', 'admin')) as Reply;
  return body.records[0].event;
}

const ORDERS = 'SELECT COUNT(*) AS n FROM orders';
const SAME = 'SELECT COUNT(id) AS how_many FROM orders';
const OTHER = 'SELECT COUNT(*) + 1000 AS n FROM payments';

describe('a question that the model answers three times', () => {
  it('is answered with the result that two of them come to, from one call', async () => {
    model.reply(answers(OTHER, ORDERS, SAME));
    const reply = await gateway.ask('customer', question());
    expect([reply.status, reply.body.rows], reply.text).toEqual([200, [[count('orders')]]]);
    expect(reply.body.columns[0].name).toBe('n');
    expect(reply.body.provenance.relations).toEqual(['orders']);
    expect(reply.body.usage).toEqual({
      prompt_tokens: USAGE.prompt_tokens,
      completion_tokens: USAGE.completion_tokens,
    });
    expect(model.requests.map(({ body }) => body.n)).toEqual([3]);
    const record = await lastRecord();
    expect(record).toMatchObject({ sqlDigest: digest(ORDERS), relations: ['orders', 'payments'] });
    expect(record.reasons).toEqual([
      'model: openai',
      `ran for the vote: ${digest(OTHER)} over payments`,
      `ran for the vote: ${digest(ORDERS)} over orders`,
      `ran for the vote: ${digest(SAME)} over orders`,
      'vote by result: statements compared: 3; answers that agree: 2 of 3',
      'orders.rows.customer',
    ]);
  });

  it('runs a statement that is there twice once, and no other', async () => {
    model.reply(answers(OTHER, ORDERS, ORDERS));
    const reply = await gateway.ask('customer', question());
    expect(reply.body.rows).toEqual([[count('orders')]]);
    expect((await lastRecord()).reasons.filter((reason) => reason.startsWith('ran'))).toHaveLength(1);
  });

  it('is answered by those that may run', async () => {
    model.reply(answers('SELECT MAX(amount) FROM salaries', 'DELETE FROM orders', ORDERS));
    const reply = await gateway.ask('customer', question());
    expect([reply.status, reply.body.rows], reply.text).toEqual([200, [[count('orders')]]]);
    expect(model.requests).toHaveLength(1);
    expect((await lastRecord()).relations).toEqual(['orders']);
  });

  it('goes back with the first where none may, and is answered by one then', async () => {
    model.reply(answers('SELECT totl FROM orders', 'DELETE FROM orders'), answers(ORDERS));
    const reply = await gateway.ask('customer', question());
    expect([reply.status, reply.body.rows], reply.text).toEqual([200, [[count('orders')]]]);
    expect(model.requests.map(({ body }) => body.n)).toEqual([3, undefined]);
    const sentBack = model.requests[1]!.body.messages.slice(2).map(({ content }) => content);
    expect(JSON.parse(sentBack[0]!).sql).toBe('SELECT totl FROM orders');
    expect(sentBack[1]).toContain('The nearest names: orders.total');
    expect(reply.body.usage.prompt_tokens).toBe(2 * USAGE.prompt_tokens);
  });

  it('is refused with the first one’s code where none may run at all', async () => {
    model.reply(answers('SELECT MAX(amount) FROM salaries', 'DELETE FROM orders'));
    const reply = await gateway.ask('customer', question());
    expect([reply.status, reply.body.code]).toEqual([403, 'SEAL_RELATION_UNKNOWN']);
    expect(model.requests).toHaveLength(2);
  });

  it('is asked three times where the endpoint gives one at a time, and all are paid for', async () => {
    model.reply(...[OTHER, ORDERS, SAME].map((sql) => ({ kind: 'answer', answer: statement(sql) }) as const));
    const reply = await gateway.ask('customer', question());
    expect(reply.body.rows, reply.text).toEqual([[count('orders')]]);
    expect(model.requests).toHaveLength(3);
    expect(reply.body.usage.prompt_tokens).toBe(3 * USAGE.prompt_tokens);
  });

  it('is asked back where most answers ask back', async () => {
    const back = { kind: 'clarify', sql: null, message: 'Which?', choices: ['My orders?', 'My payments?'] };
    model.reply({ kind: 'answers', answers: [statement(ORDERS), back, back] });
    const reply = await gateway.ask('customer', question());
    expect(reply.body).toMatchObject({ status: 'clarify', choices: ['My orders?', 'My payments?'] });
  });
});
