import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OTHER_NUMBER, openTestGateway, signIn, type TestGateway } from './open-test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway();
}, 120_000);
afterAll(() => gateway?.close());

type Who = keyof TestGateway['tokens'];
const send = (method: 'patch' | 'delete', path: string, as: Who, body?: object): Promise<Response> =>
  request(gateway.app)
    [method](path)
    .set('authorization', `Bearer ${gateway.tokens[as]}`)
    .send(body)
    .then((response) => response);

const PASSWORD = 'another long test password';

describe('accounts over HTTP', () => {
  it('are made by an admin, sign in and see their own rows alone', async () => {
    const made = await gateway.post('/v1/admin/customers', 'admin', {
      identifier: String(OTHER_NUMBER),
      password: PASSWORD,
      tier: 'free',
    });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      subject: expect.stringMatching(/^customer:\d+$/),
      id: expect.any(Number),
      identifier: String(OTHER_NUMBER),
      status: 'active',
      tier: 'free',
      claims: {},
      role: null,
      allow_tables: null,
      customer_number: String(OTHER_NUMBER),
      created_at: expect.stringMatching(/^\d{4}-/),
    });
    const { body } = await signIn(gateway.app, 'customer', String(OTHER_NUMBER), PASSWORD);
    const answer = await request(gateway.app)
      .post('/v1/ask')
      .set('authorization', `Bearer ${body.access_token}`)
      .send({ question: 'how many orders do I have' });
    expect(answer.body.status).toBe('answered');
    const again = await gateway.post('/v1/admin/customers', 'admin', {
      identifier: String(OTHER_NUMBER),
      password: PASSWORD,
    });
    expect([again.status, again.body.code]).toEqual([409, 'IDENTITY_EXISTS']);
    const found = await gateway.get(`/v1/admin/customers?identifier=${OTHER_NUMBER}`, 'admin');
    expect(found.body).toEqual({ accounts: [made.body] });
    expect((await gateway.get(`/v1/admin/customers/${made.body.id}`, 'admin')).body).toEqual(made.body);
    expect((await gateway.get('/v1/admin/customers?limit=1&after=1', 'admin')).body.accounts).toEqual([made.body]);
  });

  it('have a changed list of tables from the next request on', async () => {
    const { body: made } = await gateway.post('/v1/admin/employees', 'admin', {
      identifier: 'new@example.org',
      password: PASSWORD,
      role: 'member',
      allow_tables: ['orders'],
    });
    const { body } = await signIn(gateway.app, 'employee', 'new@example.org', PASSWORD);
    const count = () =>
      request(gateway.app)
        .post('/v1/sql')
        .set('authorization', `Bearer ${body.access_token}`)
        .send({ sql: 'SELECT COUNT(*) AS n FROM orders' });
    expect((await count()).body.status).toBe('answered');
    const path = `/v1/admin/employees/${made.id}`;
    const changed = await send('patch', path, 'admin', { allow_tables: [], tier: 'professional' });
    expect([changed.status, changed.body.allow_tables, changed.body.tier]).toEqual([200, [], 'professional']);
    expect((await count()).body.code).toBe('SEAL_RELATION_UNKNOWN');
    const [record] = await gateway
      .records()
      .then((all) => all.filter(({ event }) => (event as { event: string }).event === 'account'));
    expect(record?.event).toMatchObject({
      action: 'change',
      before: { allowTables: ['orders'] },
      after: { allowTables: [] },
    });
    expect((await send('patch', path, 'admin', { role: 'viewer' })).status).toBe(200);
    expect((await count()).body.code).toBe('AUTH_PERMISSION_MISSING');
    expect((await send('patch', path, 'admin', { status: 'disabled' })).status).toBe(200);
    expect((await count()).body.code).toBe('AUTH_TOKEN_INVALID');
    const data = await gateway.get(`${path}/export`, 'admin');
    expect(data.body).toMatchObject({
      account: { id: made.id, status: 'disabled' },
      sessions: [{ ended_by: 'disabled' }],
    });
    expect((await send('delete', path, 'admin')).status).toBe(204);
    expect((await gateway.get(path, 'admin')).body.code).toBe('IDENTITY_UNKNOWN');
  });

  it('are nothing to those without the right, nor to those who are not signed in', async () => {
    for (const kind of ['customers', 'employees', 'admins'])
      for (const as of ['customer', 'viewer', 'employee', null] as const) {
        const code = as === null ? 'AUTH_REQUIRED' : 'AUTH_PERMISSION_MISSING';
        expect((await gateway.get(`/v1/admin/${kind}`, as)).body.code).toBe(code);
        expect((await gateway.get(`/v1/admin/${kind}/1`, as)).body.code).toBe(code);
        expect((await gateway.get(`/v1/admin/${kind}/1/export`, as)).body.code).toBe(code);
        const account = { identifier: 'z@example.org', password: PASSWORD };
        expect((await gateway.post(`/v1/admin/${kind}`, as, account)).body.code).toBe(code);
        if (as === null) continue;
        expect((await send('patch', `/v1/admin/${kind}/1`, as, { tier: 'free' })).body.code).toBe(code);
        expect((await send('delete', `/v1/admin/${kind}/1`, as)).body.code).toBe(code);
      }
  });

  it.each([
    ['an id that is none', '/v1/admin/customers/x'],
    ['an id with a sign', '/v1/admin/customers/-1'],
    ['a limit over the most', '/v1/admin/customers?limit=201'],
    ['a key that is none', '/v1/admin/customers?all=1'],
  ])('are refused %s', async (_name, path) => {
    expect((await gateway.get(path, 'admin')).body.code).toBe('REQUEST_INVALID');
  });

  it('keep the last admin', async () => {
    const { body } = await gateway.get('/v1/admin/admins', 'admin');
    expect(body.accounts.length).toBe(1);
    const own = await send('patch', `/v1/admin/admins/${body.accounts[0].id}`, 'admin', { status: 'disabled' });
    expect(own.body.code).toBe('AUTH_PERMISSION_MISSING');
  });
});
