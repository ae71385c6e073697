import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelReply, type ModelServer, startModelServer } from './model-server.js';
import { openTestGateway, type TestGateway } from './open-test-gateway.js';

const FIRST = 'SELECT COUNT(*) AS first_statement FROM orders';
const SECOND = 'SELECT COUNT(*) AS second_statement FROM orders WHERE total > 5';
const sql = (text: string): ModelReply => ({
  kind: 'answer',
  answer: { kind: 'sql', sql: text, message: null, choices: [] },
});

let model: ModelServer;
let gateway: TestGateway;
const warnings: string[] = [];
beforeAll(async () => {
  model = await startModelServer();
  const warn = (fields: object, message: string) => void warnings.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { debug() {}, info() {}, warn, error: warn };
  const env = {
    OPENAI_BASE_URL: model.baseUrl,
    OPENAI_API_KEY: 'sk-test',
    TRANSLATOR: 'openai',
    ACCESS_TOKEN_TTL_S: '86400',
  };
  gateway = await openTestGateway(env, { logger });
}, 120_000);
afterAll(async () => {
  await gateway?.close();
  await model?.close();
});

type Who = keyof TestGateway['tokens'];
const ask = (as: Who, question: string, conversation_id?: string) =>
  gateway.post('/v1/ask', as, { question, ...(conversation_id === undefined ? {} : { conversation_id }) });

/** What the last request told the model before the question itself, and that question. */
function toldLast() {
  const messages = model.requests.at(-1)?.body.messages ?? [];
  return { before: messages.slice(0, -1), question: messages.at(-1)?.content ?? '' };
}

describe('a conversation with a model', () => {
  it('tells it the earlier questions and statements, as turns of theirs, and no row', async () => {
    model.reply(sql(FIRST), sql(SECOND));
    const first = await ask('employee', 'How about the thing?', 'new');
    const id = first.body.conversation_id;
    expect([first.body.status, first.body.rows[0][0] > 20]).toEqual(['answered', true]);
    const second = await ask('employee', 'And the others, by the way?', id);
    expect([second.body.status, second.body.conversation_id]).toEqual(['answered', id]);
    const { before, question } = toldLast();
    expect(question).toContain('And the others, by the way?');
    const asked = before.findIndex(({ role, content }) => role === 'user' && content.includes('How about the thing?'));
    expect(before[asked + 1]?.role).toBe('assistant');
    expect(before[asked + 1]?.content).toContain(FIRST);
    // What people asked is nothing that the gateway says.
    for (const { role, content } of before)
      if (role === 'system') expect(content).not.toContain('How about the thing?');
    expect(JSON.stringify(before)).not.toContain(`${first.body.rows[0][0]}`);
  });

  it('never tells it what another asked, nor another conversation, nor what was asked by itself', async () => {
    model.reply(sql(FIRST));
    await ask('admin', 'What of the admin’s thing?', 'new');
    await ask('employee', 'What of the other talk?', 'new');
    await ask('employee', 'What by itself?');
    const { body } = await ask('employee', 'What of this talk?', 'new');
    await ask('employee', 'And so on?', body.conversation_id);
    const { raw } = model.requests.at(-1)!;
    expect(raw).toContain('What of this talk?');
    for (const other of ['admin’s thing', 'other talk', 'by itself']) expect(raw).not.toContain(other);
    await ask('employee', 'And alone?');
    expect(model.requests.at(-1)?.raw).not.toContain('What of this talk?');
    // Another's id reaches no model.
    const count = model.requests.length;
    const refused = await ask('admin', 'And so on?', body.conversation_id);
    expect([refused.status, refused.body.code, model.requests.length]).toEqual([404, 'CONVERSATION_UNKNOWN', count]);
  });

  it('withholds statements of before the asker’s tables changed, from it and from the asker', async () => {
    model.reply(sql('SELECT COUNT(*) AS hidden_by_now FROM products'));
    const { body } = await ask('employee', 'How about those goods?', 'new');
    const id = body.conversation_id;
    expect(body.status).toBe('answered');
    const shown = () => gateway.get(`/v1/conversations/${id}`, 'employee').then(({ body }) => body.turns[0].sql);
    expect(await shown()).toContain('hidden_by_now');
    const accounts = await gateway.get('/v1/admin/employees?identifier=ada@example.org', 'admin');
    const { id: account, allow_tables: tables } = accounts.body.accounts[0];
    const allow = (allow_tables: readonly string[]) => {
      const store = new DatabaseSync(join(gateway.folder, 'store.sqlite'), { timeout: 5000 });
      store.prepare('UPDATE employees SET allow_tables = ? WHERE id = ?').run(JSON.stringify(allow_tables), account);
      store.close();
    };
    allow(['orders']);
    expect(await shown()).toBeNull();
    const history = await gateway.get('/v1/history?limit=1', 'employee');
    expect(history.body.questions[0]).toMatchObject({ question: 'How about those goods?', sql: null });
    model.reply(sql(FIRST));
    expect((await ask('employee', 'And now?', id)).body.status).toBe('answered');
    expect(model.requests.at(-1)?.raw).toContain('How about those goods?');
    expect(model.requests.at(-1)?.raw).not.toContain('hidden_by_now');
    allow(tables);
    expect(await shown()).toContain('hidden_by_now');
  });

  it('tells it no more than the last six questions', async () => {
    model.reply(sql(FIRST));
    const { body } = await ask('admin', 'Thing number 0?', 'new');
    for (let each = 1; each <= 7; each += 1) await ask('admin', `Thing number ${each}?`, body.conversation_id);
    const told = [...model.requests.at(-1)!.raw.matchAll(/Thing number (\d)/g)].map(([, number]) => number);
    expect([...new Set(told)]).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  });
});

describe('a question that cannot be kept', () => {
  it('is answered all the same, and the log says so without its words', async () => {
    model.reply(sql(FIRST));
    const { body } = await ask('admin', 'How about the kept thing?', 'new');
    const store = new DatabaseSync(join(gateway.folder, 'store.sqlite'), { timeout: 5000 });
    store.exec("CREATE TRIGGER no_turn BEFORE INSERT ON turns BEGIN SELECT RAISE(ABORT, 'full'); END");
    try {
      const begun = await ask('admin', 'How about the lost thing?', 'new');
      expect([begun.status, begun.body.status, begun.body.conversation_id]).toEqual([200, 'answered', null]);
      const gone = await ask('admin', 'How about the lost thing?', body.conversation_id);
      expect([gone.status, gone.body.status, gone.body.conversation_id]).toEqual([
        200,
        'answered',
        body.conversation_id,
      ]);
      const told = warnings.filter((line) => line.startsWith('a question could not be kept for its asker'));
      expect(told).toHaveLength(2);
      expect(told.join()).not.toMatch(/lost thing|SELECT/);
      const [latest] = await gateway.records();
      expect(latest?.event).toMatchObject({ question: 'How about the lost thing?', decision: 'answered' });
    } finally {
      store.exec('DROP TRIGGER no_turn');
      store.close();
    }
  });
});
