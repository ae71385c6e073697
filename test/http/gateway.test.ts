import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Response } from 'supertest';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OTHER_NUMBER, OWN_NUMBER, openTestGateway, signIn, type TestGateway } from './open-test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway();
}, 120_000);
afterAll(() => gateway?.close());

const sql = (as: 'customer' | 'employee' | 'viewer' | 'admin', text: string) =>
  gateway.post('/v1/sql', as, { sql: text });

/** One value of an answer that has a single row and column. */
function single(response: Response): unknown {
  expect(response.body, JSON.stringify(response.body)).toMatchObject({ status: 'answered', row_count: 1 });
  return response.body.rows[0][0];
}

describe('signing in', () => {
  it('takes each kind on its own path, and hands out tokens that run out', async () => {
    const response = await signIn(gateway.app, 'customer', String(OWN_NUMBER));
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.any(String),
    });
    expect((await signIn(gateway.app, 'employee', 'ada@example.org')).status).toBe(200);
    expect((await signIn(gateway.app, 'admin', 'root@example.org')).status).toBe(200);
  });

  it('refuses a wrong password, an unknown account and another kind alike', async () => {
    const replies = [
      await signIn(gateway.app, 'admin', 'root@example.org', 'not the password'),
      await signIn(gateway.app, 'admin', 'nobody@example.org'),
      await signIn(gateway.app, 'admin', 'ada@example.org'),
      await signIn(gateway.app, 'employee', 'root@example.org'),
    ];
    for (const reply of replies) {
      expect(reply.status).toBe(401);
      expect({ ...reply.body, request_id: '' }).toEqual({ ...replies[0]?.body, request_id: '' });
      expect(reply.body.code).toBe('AUTH_CREDENTIALS_WRONG');
    }
  });

  it('exchanges a refresh token once, and ends the session with sign-out', async () => {
    const { body } = await signIn(gateway.app, 'customer', String(OWN_NUMBER));
    const refreshed = await gateway.post('/v1/auth/refresh', null, { refresh_token: body.refresh_token });
    expect(refreshed.status).toBe(200);
    const out = await gateway.post('/v1/auth/logout', null, { refresh_token: refreshed.body.refresh_token });
    expect(out.status).toBe(204);
    const late = await request(gateway.app)
      .get('/v1/schema')
      .set('authorization', `Bearer ${refreshed.body.access_token}`);
    expect(late.body.code).toBe('AUTH_TOKEN_INVALID');
  });

  it('begins a session that its account sees, with the life that is set, and can end', async () => {
    const { body } = await signIn(gateway.app, 'employee', 'vera@example.org');
    const send = (method: 'get' | 'delete', path: string) =>
      request(gateway.app)[method](path).set('authorization', `Bearer ${body.access_token}`);
    const { sessions } = (await send('get', '/v1/auth/sessions')).body;
    const current = sessions.find((session: { current: boolean }) => session.current);
    expect(Date.parse(current.expires_at) - Date.parse(current.created_at)).toBe(2_592_000_000);
    expect((await send('delete', `/v1/auth/sessions/${current.id}`)).status).toBe(204);
    expect((await send('get', '/v1/auth/sessions')).body.code).toBe('AUTH_TOKEN_INVALID');
    expect((await gateway.records())[0]?.event).toMatchObject({ action: 'end', subject: expect.any(String) });
  });
});

describe('figures of the policy', () => {
  const ask = (as: 'customer' | 'employee' | 'admin', question: string) => gateway.post('/v1/ask', as, { question });

  it('answer with the expression of the owner, joined to what it is grouped by', async () => {
    const { body } = await ask('admin', 'total revenue per branch');
    const gold = await sql(
      'admin',
      `SELECT b.name, SUM(i.quantity * i.unit_price) FROM order_items i JOIN orders o ON o.id = i.order_id
       JOIN branches b ON b.id = o.branch_id GROUP BY b.id, b.name`,
    );
    expect(body).toMatchObject({ status: 'answered', provenance: { translator: 'offline' } });
    expect(body.columns.map(({ name }: { name: string }) => name)).toEqual(['name', 'revenue']);
    expect([...body.rows].sort()).toEqual([...gold.body.rows].sort());
    expect(body.rows.length).toBeGreaterThan(1);
    const top = await ask('admin', 'top 5 products by mapato in 2025');
    expect(top.body).toMatchObject({ status: 'answered', row_count: 5 });
    expect(top.body.provenance.relations).toEqual(['order_items', 'orders', 'products']);
  });

  it('go through the seal: a customer gets the figure of their own rows', async () => {
    const { body } = await ask('customer', 'What is my revenue?');
    expect(body).toMatchObject({
      status: 'answered',
      provenance: { translator: 'offline', policies: ['order_items.rows.customer'] },
    });
    const [all, own] = await Promise.all([
      sql('admin', 'SELECT SUM(quantity * unit_price) FROM order_items'),
      sql(
        'admin',
        `SELECT SUM(quantity * unit_price) FROM order_items WHERE order_id IN
          (SELECT id FROM orders WHERE customer_number = ${OWN_NUMBER})`,
      ),
    ]);
    expect(body.rows).toEqual(own.body.rows);
    expect(body.rows).not.toEqual(all.body.rows);
  });

  it('are unknown to whom their relation is closed', async () => {
    expect((await ask('admin', 'payroll')).body.status).toBe('answered');
    for (const as of ['customer', 'employee'] as const) {
      const { body } = await ask(as, 'payroll');
      expect(body).toMatchObject({ status: 'refused', rows: [] });
      expect(body.message).toContain('I do not know what "payroll" means here.');
    }
  });
});

describe('questions', () => {
  it.each([
    ['customer', 'How many orders did I place in 2025?', 'verified', ['orders']],
    ['employee', 'How many orders were placed in 2025?', 'verified', ['orders']],
    ['admin', 'What was the revenue per branch in 2025?', 'verified', ['branches', 'orders']],
  ] as const)('are answered for a %s: %s', async (as, question, translator, relations) => {
    const response = await gateway.post('/v1/ask', as, { question });
    expect(response.body, response.text).toMatchObject({
      status: 'answered',
      question,
      provenance: { translator, relations, policy_version: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      receipt: {
        jws: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]{86}$/),
        salt: expect.stringMatching(/^[\w-]{43}$/),
      },
      truncated: false,
    });
    expect(response.status).toBe(200);
    expect(response.body.row_count).toBe(response.body.rows.length);
    expect(response.body.row_count).toBeGreaterThan(0);
    expect(response.body.text).not.toBe('');
    expect(response.body.explanation).not.toBe('');
  });

  it('show a customer their own rows alone: the same count as an admin filters by hand', async () => {
    const own = await gateway.post('/v1/ask', 'customer', { question: 'How many orders did I place in 2025?' });
    const all = await sql('admin', 'SELECT COUNT(*) FROM orders');
    const filtered = await sql(
      'admin',
      `SELECT COUNT(*) FROM orders WHERE customer_number = ${OWN_NUMBER} AND ordered_at >= '2025-01-01' AND ordered_at < '2026-01-01'`,
    );
    expect(single(own)).toBe(single(filtered));
    expect(Number(single(own))).toBeGreaterThan(0);
    expect(Number(single(all))).toBeGreaterThan(Number(single(own)));
    expect(own.body.provenance.policies).toEqual(['orders.rows.customer']);
    expect(own.body.sql).toBeNull();
  });

  it.each([
    ['an empty question', ''],
    ['a question of 3000 characters', 'why '.repeat(750)],
  ])('are refused: %s', async (_what, question) => {
    const response = await gateway.post('/v1/ask', 'customer', { question });
    expect([response.status, response.body.code]).toEqual([422, 'TRANSLATE_QUESTION_INVALID']);
  });

  it('that no table answers are refused or asked back in words, never guessed', async () => {
    const response = await gateway.post('/v1/ask', 'customer', { question: 'Will it rain in Nakuru tomorrow?' });
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({
      status: expect.stringMatching(/^(?:refused|clarify)$/),
      rows: [],
      sql: null,
    });
    expect(response.body.message).toEqual(expect.any(String));
  });
});

describe('SQL of an employee', () => {
  it.each([
    [
      'a join',
      'SELECT o.id, c.name FROM orders o JOIN customers c ON c.customer_number = o.customer_number ORDER BY o.id LIMIT 3',
      3,
    ],
    [
      'an outer join',
      'SELECT c.customer_number, o.id FROM customers c LEFT JOIN orders o ON o.customer_number = c.customer_number ORDER BY 1, 2 LIMIT 4',
      4,
    ],
    [
      'an aggregate',
      'SELECT status, COUNT(*) AS n, SUM(total) AS total FROM orders GROUP BY status HAVING COUNT(*) > 1 ORDER BY n DESC, status LIMIT 2',
      2,
    ],
    [
      'a subquery',
      'SELECT name FROM customers WHERE customer_number IN (SELECT customer_number FROM orders) ORDER BY customer_number LIMIT 2',
      2,
    ],
    [
      'a correlated subquery',
      'SELECT c.name, (SELECT COUNT(*) FROM orders o WHERE o.customer_number = c.customer_number) AS n FROM customers c ORDER BY n DESC, c.customer_number LIMIT 2',
      2,
    ],
    [
      'a union',
      "SELECT city FROM branches WHERE country = 'Kenya' UNION SELECT city FROM customers WHERE country = 'Kenya' ORDER BY 1 LIMIT 3",
      3,
    ],
    [
      'a common table',
      'WITH paid AS (SELECT order_id, SUM(amount) AS amount FROM payments GROUP BY order_id) SELECT COUNT(*) AS n FROM paid WHERE amount > 0',
      1,
    ],
    [
      'a window',
      'SELECT id, ROW_NUMBER() OVER (PARTITION BY customer_number ORDER BY id) AS nth FROM orders ORDER BY id LIMIT 5',
      5,
    ],
  ])('may hold %s', async (_what, text, rows) => {
    const response = await sql('employee', text);
    expect(response.body, response.text).toMatchObject({
      status: 'answered',
      row_count: rows,
      sql: text,
      question: null,
    });
    expect(response.body.provenance.translator).toBe('caller');
  });

  it('answers masked columns masked, and says so', async () => {
    const response = await sql(
      'employee',
      'SELECT phone FROM customers WHERE phone IS NOT NULL ORDER BY customer_number LIMIT 1',
    );
    expect(response.body).toMatchObject({ columns: [{ name: 'phone', masked: true }] });
    expect(response.body.provenance.masked_columns).toEqual(['customers.phone']);
    const open = await sql(
      'admin',
      'SELECT phone FROM customers WHERE phone IS NOT NULL ORDER BY customer_number LIMIT 1',
    );
    expect(String(single(response)).slice(-4)).toBe(String(single(open)).slice(-4));
    expect(single(response)).not.toBe(single(open));
  });

  it('runs nothing with dry_run, and shows what would run', async () => {
    const response = await gateway.post('/v1/sql', 'employee', { sql: 'SELECT id FROM orders LIMIT 1', dry_run: true });
    expect(response.body).toEqual({
      sealed_sql: expect.stringContaining('orders'),
      parameters: [],
      provenance: expect.objectContaining({ translator: 'caller', relations: ['orders'] }),
    });
  });

  it('is not for those without the right', async () => {
    for (const as of ['customer', 'viewer'] as const) {
      const response = await sql(as, 'SELECT 1');
      expect([response.status, response.body.code]).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    }
  });
});

describe('refusals', () => {
  it.each([
    ['a write', 'DELETE FROM orders', 422, 'SEAL_NOT_SELECT'],
    ['a change of the schema', 'DROP TABLE orders', 422, 'SEAL_NOT_SELECT'],
    ['a write behind a select', 'SELECT 1; DELETE FROM orders', 422, 'SEAL_SEVERAL_STATEMENTS'],
    ['a pragma', 'PRAGMA table_info(orders)', 422, null],
    ['an attached file', "ATTACH DATABASE '/etc/passwd' AS x", 422, null],
    ['a function that reads files', "SELECT readfile('/etc/passwd')", 403, 'SEAL_FUNCTION_UNKNOWN'],
    ['an unknown construct', 'SELECT * FROM orders INDEXED BY orders_pk', 422, null],
    ['a table outside the list', 'SELECT * FROM salaries', 403, 'SEAL_RELATION_UNKNOWN'],
    ['the engine’s own tables', 'SELECT * FROM sqlite_master', 403, 'SEAL_RELATION_UNKNOWN'],
    ['a hidden column', 'SELECT national_id FROM employees', 403, 'SEAL_COLUMN_UNKNOWN'],
    ['broken text', 'SELECT FROM WHERE', 422, 'SEAL_SYNTAX'],
    ['too long a text', `SELECT ${'1 + '.repeat(6000)}1`, 422, 'SEAL_TOO_LONG'],
    ['nothing', '', 422, null],
  ])('answer %s with a problem document', async (_what, text, status, code) => {
    const before = await countRows();
    const response = await sql('employee', text);
    expect(response.status, response.text).toBe(status);
    if (code !== null) expect(response.body.code).toBe(code);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(Object.keys(response.body).sort()).toEqual(['code', 'detail', 'request_id', 'status', 'title', 'type']);
    expect(response.body.request_id).toBe(response.headers['x-request-id']);
    expect(await countRows()).toEqual(before);
  });

  async function countRows(): Promise<unknown> {
    return (await sql('admin', 'SELECT COUNT(*), SUM(total) FROM orders')).body.rows;
  }

  it('of a closed, a secret and an unknown table are the same, byte for byte', async () => {
    const strip = (response: Response): string => response.text.replace(response.body.request_id, 'ID');
    const [closed, secret, unknown] = await Promise.all(
      ['salaries', 'password_resets', 'no_such_table'].map((name) => sql('employee', `SELECT COUNT(*) FROM ${name}`)),
    );
    expect(strip(closed as Response)).toBe(strip(unknown as Response));
    expect(strip(secret as Response)).toBe(strip(unknown as Response));
    const [hidden, missing] = await Promise.all(
      ['national_id', 'no_such_thing'].map((name) => sql('employee', `SELECT ${name} FROM employees`)),
    );
    expect(strip(hidden as Response)).toBe(strip(missing as Response));
  });

  it('keep the store’s own file out of reach of every account', async () => {
    for (const table of ['admins', 'audit_records', 'sessions']) {
      expect((await sql('admin', `SELECT * FROM ${table}`)).body.code).toBe('SEAL_RELATION_UNKNOWN');
    }
  });
});

describe('the slice of a customer', () => {
  it('holds the same through every wording that a translator could choose', async () => {
    const other = await sql('admin', `SELECT COUNT(*) FROM orders WHERE customer_number = ${OTHER_NUMBER}`);
    expect(Number(single(other))).toBeGreaterThan(0);
    const schema = await gateway.get('/v1/schema', 'customer');
    const names = schema.body.relations.map((relation: { name: string }) => relation.name);
    expect(names).toEqual([
      'branches',
      'customers',
      'invoices',
      'order_items',
      'orders',
      'payments',
      'products',
      'support_tickets',
    ]);
    const orders = schema.body.relations.find((relation: { name: string }) => relation.name === 'orders');
    const columns = orders.columns.map((column: { name: string }) => column.name);
    expect(columns).toContain('total');
    expect(columns).not.toContain('internal_note');
  });

  it('is told of nothing else by the order of another customer', async () => {
    const foreign = await sql('admin', `SELECT MIN(id) FROM orders WHERE customer_number = ${OTHER_NUMBER}`);
    const hidden = await gateway.post('/v1/ask', 'customer', {
      question: `What is the status of order ${single(foreign)}?`,
    });
    const missing = await gateway.post('/v1/ask', 'customer', { question: 'What is the status of order 99999999?' });
    const facts = ({ body }: Response) => ({ ...body, id: '', question: '', timings_ms: {}, receipt: null });
    expect(hidden.body).toMatchObject({ status: 'answered', rows: [] });
    expect(facts(hidden)).toEqual(facts(missing));
  });
});

describe('the audit log', () => {
  it('holds who asked what and what came of it, chained, before the answer is out', async () => {
    const text = 'SELECT COUNT(*) AS n FROM products';
    const response = await sql('employee', text);
    const [record] = await gateway.records();
    expect(record?.event).toMatchObject({
      event: 'sql',
      requestId: response.headers['x-request-id'],
      kind: 'employee',
      decision: 'answered',
      code: null,
      sqlDigest: `sha256:${createHash('sha256').update(text).digest('hex')}`,
      relations: ['products'],
      rowCount: 1,
    });
  });

  it('holds refusals with their code, and neither rows nor passwords anywhere', async () => {
    const response = await sql('employee', 'SELECT * FROM salaries');
    const records = await gateway.records();
    expect(records[0]?.event).toMatchObject({
      requestId: response.headers['x-request-id'],
      decision: 'refused',
      code: 'SEAL_RELATION_UNKNOWN',
      rowCount: null,
    });
    expect(JSON.stringify(records)).not.toContain('a long test password');
    expect(records.some((record) => (record.event as { event: string }).event === 'login')).toBe(true);
  });

  it('is on the disk, not in the process', async () => {
    const response = await sql('employee', 'SELECT COUNT(*) FROM branches');
    const id = response.headers['x-request-id'] ?? '';
    const files = ['store.sqlite', 'store.sqlite-wal'].map((name) => {
      try {
        return readFileSync(join(gateway.folder, name));
      } catch {
        return Buffer.alloc(0);
      }
    });
    expect(Buffer.concat(files).includes(id)).toBe(true);
  });

  it('is read by those with the right alone', async () => {
    const read = await gateway.get('/v1/audit?limit=2', 'admin');
    expect(read.status).toBe(200);
    expect(read.body.records).toHaveLength(2);
    expect((await gateway.get('/v1/audit', 'employee')).body.code).toBe('AUTH_PERMISSION_MISSING');
    expect((await gateway.get('/v1/audit?limit=0', 'admin')).body.code).toBe('REQUEST_INVALID');
  });
});

describe('the door', () => {
  it('says that it lives and is ready', async () => {
    expect((await gateway.get('/livez', null)).body).toEqual({ status: 'ok' });
    expect((await gateway.get('/readyz', null)).body).toEqual({ status: 'ready', checks: { source: 'ok' } });
  });

  it('serves the page with its own script and style, under a strict policy', async () => {
    const page = await gateway.get('/', null);
    expect(page.status).toBe(200);
    const policy = page.headers['content-security-policy'] ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    for (const [, path] of page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      expect((await gateway.get(path as string, null)).status).toBe(200);
    }
    expect(page.text).not.toMatch(/<script(?![^>]*src=)|\son\w+=|style=/);
    expect(page.headers['x-powered-by']).toBeUndefined();
    expect(page.headers['x-content-type-options']).toBe('nosniff');
  });

  it.each(['/nowhere', '/v1', '/v1/sql/extra', '/../etc/passwd', '/console/..%2f..%2f..%2fpackage.json'])(
    'has nothing at %s',
    async (path) => {
      const response = await gateway.get(path, 'admin');
      expect([response.status, response.body.code]).toEqual([404, 'ROUTE_NOT_FOUND']);
    },
  );

  it.each([
    ['no JSON', 'not json', 'REQUEST_INVALID', 400],
    ['a key twice', '{"sql":"SELECT 1","sql":"DELETE FROM orders"}', 'REQUEST_INVALID', 400],
    ['a prototype key', '{"sql":"SELECT 1","__proto__":{"dry_run":true}}', 'REQUEST_INVALID', 400],
    ['an array', '["SELECT 1"]', 'REQUEST_INVALID', 400],
    ['an unknown key', '{"sql":"SELECT 1","role":"admin"}', 'REQUEST_INVALID', 400],
    ['a large body', JSON.stringify({ sql: 'x'.repeat(70_000) }), 'REQUEST_TOO_LARGE', 413],
  ])('refuses a body with %s', async (_what, body, code, status) => {
    const response = await request(gateway.app)
      .post('/v1/sql')
      .set('authorization', `Bearer ${gateway.tokens.employee}`)
      .set('content-type', 'application/json')
      .send(body);
    expect([response.status, response.body.code]).toEqual([status, code]);
  });
});
