import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OWN_NUMBER, openTestGateway, PASSWORD, type TestGateway } from './open-test-gateway.js';

const TTL_S = 3600;
const SHOP = 'https://shop.example.com';

let now = Date.parse('2026-03-01T12:00:00Z');
let gateway: TestGateway;
beforeAll(async () => {
  const env = { CONVERSATION_TTL_S: String(TTL_S), HISTORY_DAYS: '1', ACCESS_TOKEN_TTL_S: '86400' };
  const life = { SESSION_IDLE_TTL_S: '7776000' };
  gateway = await openTestGateway({ ...env, ...life }, { clock: () => now });
}, 120_000);
afterAll(() => gateway?.close());

type Who = keyof TestGateway['tokens'];

const ask = (as: Who, question: string, conversation_id?: string | null) =>
  gateway.post('/v1/ask', as, { question, ...(conversation_id === undefined ? {} : { conversation_id }) });
const remove = (as: Who, path: string) =>
  request(gateway.app)
    .delete(path)
    .set({ authorization: `Bearer ${gateway.tokens[as]}` });
const refusal = ({ status, body }: Response) => [status, body.code];
const UNKNOWN = [404, 'CONVERSATION_UNKNOWN'];
const NOBODYS = 'f'.repeat(32);

/** A conversation of somebody's with one turn. */
async function begin(as: Who, question = 'How many orders were placed in 2025?'): Promise<string> {
  const { status, body } = await ask(as, question, 'new');
  expect([status, body.status, body.conversation_id]).toEqual([
    200,
    'answered',
    expect.stringMatching(/^[0-9a-f]{32}$/),
  ]);
  return body.conversation_id;
}

describe('a conversation', () => {
  it('goes on from the questions before, and says how a follow-up was read', async () => {
    const id = await begin('admin');
    const { body } = await ask('admin', 'and last month?', id);
    const whole = await ask('admin', 'How many orders were placed last month?');
    expect([body.status, body.rows, body.conversation_id]).toEqual(['answered', whole.body.rows, id]);
    expect(body.explanation).toMatch(/^Read as: “How many orders were placed last month\?”\. /);
    expect(whole.body.explanation).not.toContain('Read as');
    expect(whole.body.conversation_id).toBeNull();
    // A question by itself is not read with anything.
    const alone = await ask('admin', 'and last month?');
    expect([alone.body.status, alone.body.conversation_id]).toEqual(['refused', null]);
    const found = await gateway.get(`/v1/conversations/${id}`, 'admin');
    expect(found.status).toBe(200);
    const time = new Date(now).toISOString();
    expect(found.body).toEqual({
      id,
      title: 'How many orders were placed in 2025?',
      created_at: time,
      last_used_at: time,
      expires_at: new Date(now + TTL_S * 1000).toISOString(),
      turns: [
        {
          question: 'How many orders were placed in 2025?',
          read_as: null,
          sql: expect.stringContaining('SELECT'),
          status: 'answered',
          code: null,
          translator: 'verified',
          asked_at: time,
        },
        {
          question: 'and last month?',
          read_as: 'How many orders were placed last month?',
          sql: expect.stringContaining('SELECT'),
          status: 'answered',
          code: null,
          translator: 'offline',
          asked_at: time,
        },
      ],
    });
  });

  it('matches a verified question with the whole of a follow-up', async () => {
    const id = await begin('customer', 'How many orders did I place in 2025?');
    const { body } = await ask('customer', 'and in 2024?', id);
    expect([body.provenance.translator, body.sql]).toEqual(['verified', null]);
    const whole = await ask('customer', 'How many orders did I place in 2024?');
    expect(body.rows).toEqual(whole.body.rows);
    expect(body.rows).not.toEqual((await ask('customer', 'How many orders did I place in 2025?')).body.rows);
  });

  it('is shared by the sessions of an account, and by nobody else', async () => {
    const id = await begin('employee');
    const again = await request(gateway.app)
      .post('/v1/auth/employee/login')
      .send({ identifier: 'ada@example.org', password: PASSWORD });
    const second = await request(gateway.app)
      .post('/v1/ask')
      .set({ authorization: `Bearer ${again.body.access_token}` })
      .send({ question: 'by month', conversation_id: id });
    expect([second.body.status, second.body.conversation_id]).toEqual(['answered', id]);
    for (const other of ['admin', 'viewer', 'customer'] as const) {
      const tries = [
        await ask(other, 'by month', id),
        await gateway.get(`/v1/conversations/${id}`, other),
        await remove(other, `/v1/conversations/${id}`),
      ];
      const nobodys = [
        await ask(other, 'by month', NOBODYS),
        await gateway.get(`/v1/conversations/${NOBODYS}`, other),
        await remove(other, `/v1/conversations/${NOBODYS}`),
      ];
      expect(tries.map(refusal)).toEqual([UNKNOWN, UNKNOWN, UNKNOWN]);
      expect(nobodys.map(({ body }) => body.detail)).toEqual(tries.map(({ body }) => body.detail));
    }
    expect((await gateway.get(`/v1/conversations/${id}`, 'employee')).body.turns).toHaveLength(2);
  });

  it.each([NOBODYS, 'NEW', 'f', `${'f'.repeat(31)} `, "' OR 1=1 --", '%', ''])(
    'is refused alike where it is %j',
    async (id) => {
      expect(refusal(await ask('admin', 'How many orders are there?', id))).toEqual(UNKNOWN);
    },
  );

  it('that was refused is on record with its question, and in no history', async () => {
    const question = 'How many orders are there, I wonder?';
    await ask('admin', question, NOBODYS);
    const [latest] = await gateway.records();
    expect(latest?.event).toMatchObject({
      event: 'question',
      question,
      decision: 'failed',
      code: 'CONVERSATION_UNKNOWN',
    });
    const { body } = await gateway.get('/v1/history', 'admin');
    expect(body.questions.map((each: { question: string }) => each.question)).not.toContain(question);
  });

  it('keeps what was refused, without a statement, and goes on from what was answered', async () => {
    const id = await begin('admin');
    expect((await ask('admin', 'How many unicorns are there?', id)).body.status).toBe('refused');
    expect((await ask('admin', 'Total of orders or payments by flavour', id)).body.conversation_id).toBe(id);
    const after = await ask('admin', 'by month', id);
    expect(after.body.explanation).toContain('“How many orders were placed in 2025 by month?”');
    const { body } = await gateway.get(`/v1/conversations/${id}`, 'admin');
    expect(body.turns[1]).toMatchObject({ status: 'refused', sql: null });
  });

  it('ends when it was not used for its time', async () => {
    const id = await begin('admin');
    now += TTL_S * 1000 - 1;
    expect((await ask('admin', 'by month', id)).body.conversation_id).toBe(id);
    now += TTL_S * 1000 - 1;
    expect((await gateway.get(`/v1/conversations/${id}`, 'admin')).status).toBe(200);
    now += 1;
    expect(refusal(await gateway.get(`/v1/conversations/${id}`, 'admin'))).toEqual(UNKNOWN);
    expect(refusal(await ask('admin', 'by month', id))).toEqual(UNKNOWN);
    expect(refusal(await remove('admin', `/v1/conversations/${id}`))).toEqual(UNKNOWN);
  });

  it('and its statements are shown to those who may see statements', async () => {
    const id = await begin('viewer');
    const { body } = await gateway.get(`/v1/conversations/${id}`, 'viewer');
    expect(body.turns[0]).toMatchObject({ sql: null, translator: 'verified' });
    const history = await gateway.get('/v1/history?limit=1', 'viewer');
    expect(history.body.questions[0]).toMatchObject({ sql: null, conversation_id: id });
  });

  it('stands in the store unreadable', async () => {
    await begin('admin', 'How many orders were placed in 2023?');
    const store = new DatabaseSync(join(gateway.folder, 'store.sqlite'), { readOnly: true });
    const rows = JSON.stringify(
      ['turns', 'conversations'].map((table) => store.prepare(`SELECT * FROM ${table}`).all()),
    );
    store.close();
    expect(rows).toContain('offline');
    expect(rows).not.toMatch(/SELECT|How many|orders/);
  });
});

describe('the list of conversations', () => {
  it('goes page by page, the one that was used last first, and counts own ones alone', async () => {
    await remove('admin', '/v1/conversations');
    await begin('employee');
    const ids: string[] = [];
    for (let each = 0; each < 5; each += 1) {
      now += 1000;
      ids.unshift(await begin('admin'));
    }
    now += 1000;
    await ask('admin', 'by month', ids[4]);
    const expected = [ids[4], ...ids.slice(0, 4)];
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Response = await gateway.get(
        `/v1/conversations?limit=2${cursor ? `&cursor=${cursor}` : ''}`,
        'admin',
      );
      expect(page.status).toBe(200);
      seen.push(...page.body.conversations.map(({ id }: { id: string }) => id));
      cursor = page.body.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(expected);
  });

  it.each(['/v1/conversations', '/v1/history'])('takes no cursor that %s did not give', async (path) => {
    const other = Buffer.from('audit:7').toString('base64url');
    for (const cursor of ['x', other, Buffer.from(`history:${NOBODYS}x`).toString('base64url'), '%00'])
      expect(refusal(await gateway.get(`${path}?cursor=${cursor}`, 'admin'))).toEqual([400, 'REQUEST_INVALID']);
  });

  it('loses one that is removed, on record, and all of them at once', async () => {
    const [one, two] = [await begin('customer'), await begin('customer')];
    expect((await remove('customer', `/v1/conversations/${one}`)).status).toBe(204);
    const [record] = await gateway.records();
    expect(record?.event).toMatchObject({ event: 'history', action: 'remove-conversation', decision: 'accepted' });
    expect(refusal(await remove('customer', `/v1/conversations/${one}`))).toEqual(UNKNOWN);
    const [refused] = await gateway.records();
    expect(refused?.event).toMatchObject({ event: 'history', decision: 'refused', code: 'CONVERSATION_UNKNOWN' });
    expect((await gateway.get(`/v1/conversations/${two}`, 'customer')).status).toBe(200);
    const others = await begin('employee');
    expect((await remove('customer', '/v1/conversations')).status).toBe(204);
    expect((await gateway.get('/v1/conversations', 'customer')).body).toEqual({ conversations: [], next_cursor: null });
    expect((await gateway.get(`/v1/conversations/${others}`, 'employee')).status).toBe(200);
  });
});

describe('one’s own history', () => {
  it('holds every question, in conversations and by itself, newest first, and nobody else’s', async () => {
    await remove('admin', '/v1/history');
    await ask('employee', 'How many products are there?');
    const first = await ask('admin', 'How many branches are there?');
    expect(first.body.conversation_id).toBeNull();
    const id = await begin('admin');
    await ask('admin', 'How many unicorns are there?');
    // No question at all: nothing to come back to.
    await ask('admin', ' ');
    const { body } = await gateway.get('/v1/history', 'admin');
    const told = body.questions.map((each: Record<string, unknown>) => [
      each.question,
      each.status,
      each.conversation_id,
    ]);
    expect(told).toEqual([
      ['How many unicorns are there?', 'refused', null],
      ['How many orders were placed in 2025?', 'answered', id],
      ['How many branches are there?', 'answered', null],
    ]);
    expect(body.next_cursor).toBeNull();
    const page = await gateway.get('/v1/history?limit=2', 'admin');
    const rest = await gateway.get(`/v1/history?limit=2&cursor=${page.body.next_cursor}`, 'admin');
    expect([...page.body.questions, ...rest.body.questions]).toEqual(body.questions);
    const { body: gone } = await gateway.get('/v1/history', 'employee');
    expect(gone.questions[0].question).toBe('How many products are there?');
  });

  it('is removed whole, on record', async () => {
    const id = await begin('admin');
    expect((await remove('admin', '/v1/history')).status).toBe(204);
    const [record] = await gateway.records();
    expect(record?.event).toMatchObject({ event: 'history', action: 'remove-all', decision: 'accepted' });
    expect((await gateway.get('/v1/history', 'admin')).body.questions).toEqual([]);
    expect(refusal(await gateway.get(`/v1/conversations/${id}`, 'admin'))).toEqual(UNKNOWN);
  });

  it('is part of what is kept of a person, and goes with the account', async () => {
    const question = 'How many branches are there?';
    const made = { identifier: 'leaver@example.org', password: PASSWORD, role: 'member', allow_tables: ['branches'] };
    const { body: account } = await gateway.post('/v1/admin/employees', 'admin', made);
    const { body: tokens } = await gateway.post('/v1/auth/employee/login', null, {
      ...made,
      role: undefined,
      allow_tables: undefined,
    });
    const asked = await request(gateway.app)
      .post('/v1/ask')
      .set({ authorization: `Bearer ${tokens.access_token}` })
      .send({ question, conversation_id: 'new' });
    const { body } = await gateway.get(`/v1/admin/employees/${account.id}/export`, 'admin');
    const { conversation_id } = asked.body;
    expect(body.questions).toEqual([
      { question, conversation_id, status: 'answered', asked_at: new Date(now).toISOString() },
    ]);
    const held = () => {
      const store = new DatabaseSync(join(gateway.folder, 'store.sqlite'), { readOnly: true });
      const count = (table: string) =>
        store.prepare(`SELECT COUNT(*) AS n FROM ${table} WHERE subject = ?`).get(account.subject);
      const counts = [count('turns'), count('conversations')];
      store.close();
      return counts;
    };
    expect(held()).toEqual([{ n: 1 }, { n: 1 }]);
    expect((await remove('admin', `/v1/admin/employees/${account.id}`)).status).toBe(204);
    expect(held()).toEqual([{ n: 0 }, { n: 0 }]);
  });
});

describe('a widget', () => {
  it('holds a conversation, reads and removes it, and lists nothing', async () => {
    const wanted = { name: 'shop', scopes: ['widget:issue'], origins: [SHOP], password: PASSWORD };
    const { body: key } = await gateway.post('/v1/auth/keys', 'admin', wanted);
    const { body: made } = await request(gateway.app)
      .post('/v1/widget/tokens')
      .set({ authorization: `Bearer ${key.key}` })
      .send({ customer_number: String(OWN_NUMBER) });
    const call = (method: 'get' | 'post' | 'delete', path: string, body?: object) =>
      request(gateway.app)
        [method](path)
        .set({ authorization: `Bearer ${made.token}`, origin: SHOP })
        .send(body);
    const first = await call('post', '/v1/ask', {
      question: 'How many orders did I place in 2025?',
      conversation_id: 'new',
    });
    const id = first.body.conversation_id;
    const second = await call('post', '/v1/ask', { question: 'and in 2024?', conversation_id: id });
    expect([second.body.status, second.body.conversation_id]).toEqual(['answered', id]);
    const read = await call('get', `/v1/conversations/${id}`);
    expect([read.status, read.body.turns.length]).toEqual([200, 2]);
    expect(read.headers['access-control-allow-origin']).toBe(SHOP);
    for (const [method, path] of [
      ['get', '/v1/conversations'],
      ['delete', '/v1/conversations'],
      ['get', '/v1/history'],
      ['delete', '/v1/history'],
    ] as const)
      expect(refusal(await call(method, path))).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    expect((await call('delete', `/v1/conversations/${id}`)).status).toBe(204);
    expect(refusal(await call('get', `/v1/conversations/${id}`))).toEqual(UNKNOWN);
  });
});

describe('a question that is old', () => {
  it('is forgotten when its days are over', async () => {
    await ask('admin', 'How many branches are there?');
    const { body: latest } = await gateway.get('/v1/history?limit=1', 'admin');
    const askedAt = Date.parse(latest.questions[0].asked_at);
    const countAt = async (time: number) => {
      now = time;
      const credentials = { identifier: 'root@example.org', password: PASSWORD };
      const { body: tokens } = await gateway.post('/v1/auth/admin/login', null, credentials);
      const { body } = await request(gateway.app)
        .get('/v1/history?limit=200')
        .set({ authorization: `Bearer ${tokens.access_token}` });
      return body.questions.length;
    };
    expect(await countAt(askedAt + 86_400_000 - 1)).toBe(1);
    expect(await countAt(askedAt + 86_400_000)).toBe(0);
  });
});

describe('where no question is to be kept', () => {
  it('there is no conversation and no history', async () => {
    const closed = await openTestGateway({ AUDIT_QUESTIONS: 'digest' });
    try {
      const question = 'How many branches are there?';
      const refused = await closed.post('/v1/ask', 'admin', { question, conversation_id: 'new' });
      expect(refusal(refused)).toEqual([403, 'CONVERSATION_OFF']);
      expect(refusal(await closed.post('/v1/ask', 'admin', { question, conversation_id: NOBODYS }))).toEqual([
        403,
        'CONVERSATION_OFF',
      ]);
      expect((await closed.post('/v1/ask', 'admin', { question })).body.status).toBe('answered');
      expect((await closed.get('/v1/history', 'admin')).body).toEqual({ questions: [], next_cursor: null });
      const store = new DatabaseSync(join(closed.folder, 'store.sqlite'), { readOnly: true });
      expect(store.prepare('SELECT COUNT(*) AS n FROM turns').get()).toEqual({ n: 0 });
      store.close();
    } finally {
      await closed.close();
    }
  }, 60_000);
});
