import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, PASSWORD, signIn, type TestGateway } from './open-test-gateway.js';

let gateway: TestGateway;
let manager: { readonly subject: string; readonly token: string };
beforeAll(async () => {
  gateway = await openTestGateway({ TRANSLATOR: 'offline' });
  const account = { identifier: 'mia@example.org', password: PASSWORD, role: 'manager', allow_tables: ['branches'] };
  const { body } = await gateway.post('/v1/admin/employees', 'admin', account);
  const { body: signedIn } = await signIn(gateway.app, 'employee', account.identifier);
  manager = { subject: body.subject, token: signedIn.access_token };
}, 120_000);
afterAll(() => gateway?.close());

type Method = 'get' | 'post' | 'delete';
const tokenOf = (as: keyof TestGateway['tokens'] | 'manager') =>
  as === 'manager' ? manager.token : gateway.tokens[as];
const send = (method: Method, path: string, as: keyof TestGateway['tokens'] | 'manager', body?: object) =>
  request(gateway.app)
    [method](path)
    .set('authorization', `Bearer ${tokenOf(as)}`)
    .send(body)
    .then((response: Response) => response);
const ask = async (as: keyof TestGateway['tokens'] | 'manager', question: string) =>
  (await send('post', '/v1/ask', as, { question })).body;

const BRANCHES = {
  question: 'Which branches are in the city {city}?',
  slots: { city: 'text' },
  sql: 'SELECT name FROM branches WHERE city = :city ORDER BY name',
  open_to: ['employee'],
};

describe('promotion over HTTP', () => {
  it('answers everyone it is open to with the promoted statement, in other words too, until it is retired', async () => {
    const made = await send('post', '/v1/verified', 'manager', BRANCHES);
    expect(made.status, made.text).toBe(201);
    expect(made.body).toEqual({
      ...BRANCHES,
      id: expect.any(Number),
      status: 'active',
      fault: null,
      created_by: manager.subject,
      created_at: expect.stringMatching(/^\d{4}-/),
    });
    expect((await send('get', '/v1/verified', 'manager')).body).toEqual({ verified: [made.body] });
    const exact = await ask('viewer', 'Which branches are in the city Nairobi?');
    expect([exact.status, exact.provenance.translator]).toEqual(['answered', 'verified']);
    expect(exact.explanation).not.toContain('Answered as');
    expect(exact.rows.length).toBeGreaterThan(0);
    const other = await ask('viewer', 'Please show me the shops in the city “Nairobi”');
    expect([other.provenance.translator, other.rows]).toEqual(['verified', exact.rows]);
    expect(other.explanation).toContain('Answered as: “Which branches are in the city Nairobi?”.');
    // That of the policy file takes a country: where two fit, nobody knows which is meant.
    const near = await send('post', '/v1/verified', 'manager', { ...BRANCHES, question: 'Branches in {city}' });
    expect((await ask('viewer', 'List the branches in Nairobi')).provenance.translator).toBe('offline');
    await send('delete', `/v1/verified/${near.body.id}`, 'manager');
    // Neither customers nor admins: it is open to employees.
    for (const who of ['customer', 'admin'] as const)
      expect((await ask(who, 'Which branches are in the city Nairobi?')).provenance.translator).toBe('offline');
    expect((await send('delete', `/v1/verified/${made.body.id}`, 'manager')).status).toBe(204);
    expect((await ask('viewer', 'Which branches are in the city Nairobi?')).provenance.translator).toBe('offline');
    expect((await send('get', '/v1/verified', 'admin')).body).toEqual({ verified: [] });
    const events = (await gateway.records()).map(({ event }) => event as Record<string, unknown>);
    const acts = events.filter(({ event }) => event === 'verified');
    const own = acts.filter(({ verified }) => verified === `verified:${made.body.id}`);
    expect(own.map(({ action, verified, subject }) => [action, verified, subject])).toEqual([
      ['retire', `verified:${made.body.id}`, manager.subject],
      ['promote', `verified:${made.body.id}`, manager.subject],
    ]);
    expect(own[1]).toMatchObject({ sqlDigest: expect.stringMatching(/^sha256:/), openTo: ['employee'] });
  });

  it('shows each asker their own slice alone', async () => {
    const everyone = {
      question: 'How big is my pile?',
      sql: 'SELECT COUNT(*) FROM orders',
      open_to: ['customer', 'admin'],
    };
    const made = await send('post', '/v1/verified', 'admin', everyone);
    expect(made.status, made.text).toBe(201);
    const [own, all] = [await ask('customer', 'how big is my pile'), await ask('admin', 'how big is my pile')];
    expect([own.provenance.translator, all.provenance.translator]).toEqual(['verified', 'verified']);
    expect(own.provenance.policies).toEqual(['orders.rows.customer']);
    expect(Number(own.rows[0][0])).toBeLessThan(Number(all.rows[0][0]));
    // An employee who does not see the table learns nothing of the question, nor may they end it.
    expect((await send('get', '/v1/verified', 'manager')).body).toEqual({ verified: [] });
    const gone = await send('delete', `/v1/verified/${made.body.id}`, 'manager');
    expect([gone.status, gone.body.code]).toEqual([404, 'VERIFIED_UNKNOWN']);
    const again = await send('post', '/v1/verified', 'admin', { ...everyone, question: 'HOW big is my pile' });
    expect([again.status, again.body.code]).toEqual([409, 'VERIFIED_EXISTS']);
  });

  it('is for those with the permission, and as wide as they may open', async () => {
    for (const who of ['customer', 'employee', 'viewer'] as const) {
      const answers = [
        await send('get', '/v1/verified', who),
        await send('post', '/v1/verified', who, BRANCHES),
        await send('delete', '/v1/verified/1', who),
      ];
      for (const { status, body } of answers)
        expect([who, status, body.code]).toEqual([who, 403, 'AUTH_PERMISSION_MISSING']);
    }
    for (const open_to of [['customer'], ['admin'], ['employee', 'customer']]) {
      const wide = await send('post', '/v1/verified', 'manager', { ...BRANCHES, open_to });
      expect([wide.status, wide.body.code]).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    }
    expect((await request(gateway.app).get('/v1/verified')).status).toBe(401);
  });

  it('tells alike of a table that is closed and of one that is not there', async () => {
    const refused = async (sql: string) => {
      const { status, body } = await send('post', '/v1/verified', 'manager', {
        question: 'Which?',
        sql,
        open_to: ['employee'],
      });
      return [status, body.code, body.detail];
    };
    const absent = await refused('SELECT name FROM nothing_like_it');
    expect(absent.slice(0, 2)).toEqual([403, 'SEAL_RELATION_UNKNOWN']);
    for (const table of ['orders', 'salaries', 'customers'])
      expect(await refused(`SELECT name FROM ${table}`)).toEqual(absent);
  });

  it.each([
    ['an SQL that is none', { sql: 'SELEKT' }, 422],
    ['a write', { sql: 'DELETE FROM branches' }, 422],
    ['a slot that is nowhere', { slots: { year: 'integer' } }, 422],
    ['a type that is none', { slots: { city: 'blob' } }, 400],
    ['an audience that is none', { open_to: ['everybody'] }, 400],
    ['no audience', { open_to: [] }, 400],
    ['a field too many', { created_by: 'admin:1' }, 400],
    ['a question too long', { question: 'x'.repeat(501) }, 400],
    ['SQL by dialect', { sql: { sqlite: 'SELECT 1' } }, 400],
  ])('refuses %s', async (_what, wrong, status) => {
    const refused = await send('post', '/v1/verified', 'admin', { ...BRANCHES, ...wrong });
    expect([refused.status, refused.body.code === 'INTERNAL']).toEqual([status, false]);
  });

  it('has what an employee promoted in the export of their account, and forgets them with it', async () => {
    const made = await send('post', '/v1/verified', 'manager', { ...BRANCHES, question: 'Shops of {city}?' });
    expect(made.status, made.text).toBe(201);
    const path = `/v1/admin/employees/${manager.subject.split(':')[1]}`;
    const { body } = await send('get', `${path}/export`, 'admin');
    expect(
      body.verified.map((each: { question: string; status: string }) => [each.question, each.status]),
    ).toContainEqual(['Shops of {city}?', 'active']);
    expect((await send('delete', path, 'admin')).status).toBe(204);
    const { body: left } = await send('get', '/v1/verified', 'admin');
    expect(left.verified.find(({ id }: { id: number }) => id === made.body.id)).toMatchObject({
      question: 'Shops of {city}?',
      created_by: null,
    });
    expect((await ask('viewer', 'Shops of Nairobi?')).provenance.translator).toBe('verified');
  });
});
