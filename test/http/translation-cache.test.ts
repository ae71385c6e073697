import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeDemo } from '../../src/demo/make-demo.js';
import { engineUrl } from '../engines/engines.js';
import { type ModelReply, type ModelServer, startModelServer, USAGE } from './model-server.js';
import { ACCOUNTS, type ServedGateway, serveGateway } from './served-gateway.js';

const redisUrl = engineUrl('redis');
const CUSTOMERS = {
  ...ACCOUNTS,
  other: { kind: 'customer', identifier: '104' },
} as const;
type Gateway = ServedGateway<keyof typeof CUSTOMERS>;

const COUNT: ModelReply = {
  kind: 'answer',
  answer: { kind: 'sql', sql: 'SELECT COUNT(*) AS n FROM orders', message: null, choices: [] },
};

let folder = '';
let database: InstanceType<typeof DatabaseSync>;
let model: ModelServer;
/** Asked where the other fails. */
let fallback: ModelServer;
/** Two replicas; they share Redis where there is one. */
let replicas: readonly [Gateway, Gateway];
/** No question was asked before by another test. */
let question = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swali-cache-'));
  const source = `sqlite:${join(folder, 'business.sqlite')}`;
  await makeDemo({ target: source, scale: 0.2, seed: 1, today: '2026-03-01' });
  database = new DatabaseSync(join(folder, 'business.sqlite'));
  // Without shared values, of which a busy machine reads more at one time than at another, equal questions are equal prompts.
  const policy = readFileSync(new URL('../../sql-policies/demo.yaml', import.meta.url), 'utf8');
  expect(policy).toContain('share_values: true');
  writeFileSync(join(folder, 'demo.yaml'), policy.replaceAll('share_values: true', 'share_values: false'));
  model = await startModelServer();
  fallback = await startModelServer();
  const env = {
    SOURCE_URL: source,
    POLICY_DIR: folder,
    OPENAI_BASE_URL: model.baseUrl,
    FALLBACK_OPENAI_BASE_URL: fallback.baseUrl,
    TRANSLATOR: 'openai',
    TRANSLATION_CACHE_TTL_S: '600',
    MAX_IN_FLIGHT: '100',
    STORE_KEY: `of these replicas: ${randomUUID()}`,
    ...(redisUrl === null ? {} : { REDIS_URL: `${redisUrl}/10` }),
  };
  replicas = [await serveGateway(CUSTOMERS, env), await serveGateway(CUSTOMERS, env)];
  for (const gateway of replicas)
    for (const name of ['customer', 'other', 'employee', 'admin'] as const)
      expect((await gateway.signIn(name)).status).toBe(200);
}, 120_000);
beforeEach(() => {
  question = `What is the number of things, ${randomUUID()}?`;
  model.reply(COUNT);
});
afterAll(async () => {
  for (const gateway of replicas ?? []) await gateway.stop();
  await model?.close();
  await fallback?.close();
  database?.close();
  rmSync(folder, { recursive: true, force: true });
});

const rowsOf = (where: string): unknown =>
  Object.values(database.prepare(`SELECT COUNT(*) FROM orders ${where}`).get() as object)[0];

describe('a question that was asked before', () => {
  it('is answered again without the model, with the rows of now, and says that it cost nothing', async () => {
    const first = await replicas[0].ask('admin', question);
    const again = await replicas[0].ask('admin', question);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body.rows).toEqual(first.body.rows);
    expect(first.body.usage).toEqual({
      prompt_tokens: USAGE.prompt_tokens,
      completion_tokens: USAGE.completion_tokens,
    });
    expect(again.body.usage).toEqual({ prompt_tokens: 0, completion_tokens: 0 });
    expect(again.body.receipt).not.toBeNull();
    expect(model.requests).toHaveLength(1);
  });

  it('is answered to everybody with their own rows, whoever asked it before', async () => {
    const counts: unknown[] = [];
    for (const name of ['customer', 'other', 'admin', 'customer', 'other', 'admin'] as const)
      counts.push((await replicas[0].ask(name, question)).body.rows[0][0]);
    const numbers = [CUSTOMERS.customer.identifier, CUSTOMERS.other.identifier];
    const own = numbers.map((number) => rowsOf(`WHERE customer_number = ${number}`));
    expect(counts).toEqual([...own, rowsOf(''), ...own, rowsOf('')]);
    // The two customers see the same tables by the same rules, so a model could not tell them apart.
    expect(model.requests).toHaveLength(2);
  });

  it('goes to the model again where the statement did not run', async () => {
    const wrong: ModelReply = {
      kind: 'answer',
      answer: { kind: 'sql', sql: 'SELECT COUNT(*) FROM absent', message: null, choices: [] },
    };
    model.reply(wrong);
    expect((await replicas[0].ask('admin', question)).body.code).toBe('SEAL_RELATION_UNKNOWN');
    model.reply(COUNT);
    expect((await replicas[0].ask('admin', question)).body.status).toBe('answered');
    expect(model.requests).toHaveLength(1);
  });

  it('is put to the model once where many ask it at the same time', async () => {
    const replies = await Promise.all(Array.from({ length: 8 }, () => replicas[0].ask('employee', question)));
    expect(replies.map(({ body }) => body.status)).toEqual(Array.from({ length: 8 }, () => 'answered'));
    expect(model.requests).toHaveLength(1);
    const paid = replies.filter(({ body }) => body.usage.prompt_tokens > 0);
    expect(paid).toHaveLength(1);
  });

  it('is answered to each with what was withheld of their own words, whichever provider wrote the statement', async () => {
    model.reply({ kind: 'tool' });
    const sql = "SELECT name FROM customers WHERE email = 'WithheldEmail1'";
    fallback.reply({ kind: 'answer', answer: { kind: 'sql', sql, message: null, choices: [] } });
    const people = database
      .prepare('SELECT name, email FROM customers WHERE email IS NOT NULL ORDER BY customer_number LIMIT 3')
      .all();
    expect(people).toHaveLength(3);
    const cached: unknown[] = [];
    for (const { name, email } of people as { name: string; email: string }[]) {
      const { body } = await replicas[0].ask('admin', `${question} Of ${email}, please.`);
      expect(body.rows).toEqual([[name]]);
      expect(body.sql).toContain(email);
      expect(body.provenance.model).toMatchObject({ provider: 'fallback' });
      cached.push(body.provenance.model.cached);
    }
    expect(cached).toEqual([false, true, true]);
    expect([model.requests.length, fallback.requests.length]).toEqual([1, 1]);
  });

  it.skipIf(redisUrl === null)('is answered by another replica without the model', async () => {
    await replicas[0].ask('admin', question);
    await expect.poll(async () => (await replicas[1].ask('admin', question)).body.usage.prompt_tokens).toBe(0);
    // The note in Redis may have come a moment after the answer.
    expect(model.requests.length).toBeLessThanOrEqual(2);
  });
});
