import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, PASSWORD, signIn, type TestGateway } from './open-test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway();
}, 120_000);
afterAll(() => gateway?.close());

type Method = 'get' | 'post' | 'patch' | 'delete';
const sendAs = (token: string, method: Method, path: string, body?: object): Promise<Response> =>
  request(gateway.app)
    [method](path)
    .set('authorization', `Bearer ${token}`)
    .send(body)
    .then((response) => response);
const send = (method: Method, path: string, as: keyof TestGateway['tokens'], body?: object) =>
  sendAs(gateway.tokens[as], method, path, body);

let made = 0;
async function hire(role: string, allow_tables: readonly string[] = []): Promise<{ subject: string; token: string }> {
  made += 1;
  const identifier = `hired${made}@example.org`;
  const account = { identifier, password: PASSWORD, role, allow_tables };
  const { body } = await gateway.post('/v1/admin/employees', 'admin', account);
  return {
    subject: body.subject,
    token: (await signIn(gateway.app, 'employee', identifier)).body.access_token,
  };
}

const QUESTION = 'how many products are there';
const askAs = async (token: string) => (await sendAs(token, 'post', '/v1/ask', { question: QUESTION })).body;
const relationsOf = async (token: string) =>
  (await sendAs(token, 'get', '/v1/schema')).body.relations.map((each: { name: string }) => each.name);

describe('groups over HTTP', () => {
  it('answer a question over a table that a group alone opens, and no longer after leaving', async () => {
    const eve = await hire('viewer', ['branches']);
    expect(await relationsOf(eve.token)).toEqual(['branches']);
    expect((await askAs(eve.token)).status).not.toBe('answered');
    const group = await send('post', '/v1/groups', 'admin', { name: 'shop floor', allow_tables: ['products'] });
    expect(group.status).toBe(201);
    expect(group.body).toEqual({
      id: expect.any(Number),
      name: 'shop floor',
      allow_tables: ['products'],
      members: [],
      created_at: expect.stringMatching(/^\d{4}-/),
    });
    const path = `/v1/groups/${group.body.id}`;
    const joined = await send('post', `${path}/members`, 'admin', { subject: eve.subject });
    expect([joined.status, joined.body.members]).toEqual([200, [eve.subject]]);
    expect(await relationsOf(eve.token)).toEqual(['branches', 'products']);
    const answer = await askAs(eve.token);
    expect([answer.status, answer.provenance.relations]).toEqual(['answered', ['products']]);
    expect((await send('delete', `${path}/members/${eve.subject}`, 'admin')).status).toBe(204);
    expect((await askAs(eve.token)).status).not.toBe('answered');
    expect(await relationsOf(eve.token)).toEqual(['branches']);

    await send('post', `${path}/members`, 'admin', { subject: eve.subject });
    expect((await askAs(eve.token)).status).toBe('answered');
    expect((await send('delete', path, 'admin')).status).toBe(204);
    expect((await askAs(eve.token)).status).not.toBe('answered');
    const events = (await gateway.records()).map(({ event }) => event as Record<string, unknown>);
    const acts = events.filter(({ event }) => event === 'group').map(({ action }) => action);
    expect(acts).toEqual(['remove', 'join', 'leave', 'join', 'create']);
  });

  it('are listed, read, changed and exported', async () => {
    const eve = await hire('member', ['orders']);
    const { body: made } = await send('post', '/v1/groups', 'admin', { name: 'empty' });
    expect(made.allow_tables).toEqual([]);
    const path = `/v1/groups/${made.id}`;
    await send('post', `${path}/members`, 'admin', { subject: eve.subject });
    const changed = await send('patch', path, 'admin', { name: 'Büro', allow_tables: ['payments'] });
    const group = { ...made, name: 'Büro', allow_tables: ['payments'], members: [eve.subject] };
    expect([changed.status, changed.body]).toEqual([200, group]);
    expect((await send('get', path, 'admin')).body).toEqual(group);
    const listed = await send('get', `/v1/groups?limit=1&after=${made.id - 1}`, 'admin');
    expect(listed.body).toEqual({ groups: [group] });
    const id = eve.subject.split(':')[1];
    const data = await send('get', `/v1/admin/employees/${id}/export`, 'admin');
    expect(data.body.groups).toEqual(['Büro']);
    const customer = await send('get', '/v1/admin/customers/1/export', 'admin');
    expect(customer.body.groups).toEqual([]);
  });

  it('let no admin-delegate widen their own list', async () => {
    const delegate = await hire('admin-delegate', ['branches']);
    const group = await sendAs(delegate.token, 'post', '/v1/groups', { name: 'mine', allow_tables: ['salaries'] });
    expect(group.status).toBe(201);
    const path = `/v1/groups/${group.body.id}`;
    const self = await sendAs(delegate.token, 'post', `${path}/members`, { subject: delegate.subject });
    expect([self.status, self.body.code]).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    await send('patch', path, 'admin', { allow_tables: [] });
    await send('post', `${path}/members`, 'admin', { subject: delegate.subject });
    const wider = await sendAs(delegate.token, 'patch', path, { allow_tables: ['salaries'] });
    expect([wider.status, wider.body.code]).toEqual([403, 'AUTH_PERMISSION_MISSING']);
    expect(await relationsOf(delegate.token)).toEqual(['branches']);
    const [record] = await gateway.records();
    expect(record?.event).toMatchObject({ event: 'group', decision: 'refused', code: 'AUTH_PERMISSION_MISSING' });
  });

  it('are nothing to those without the right', async () => {
    for (const as of ['customer', 'viewer', 'employee'] as const) {
      const refusals = await Promise.all([
        send('get', '/v1/groups', as),
        send('post', '/v1/groups', as, { name: 'x' }),
        send('get', '/v1/groups/1', as),
        send('patch', '/v1/groups/1', as, { name: 'x' }),
        send('delete', '/v1/groups/1', as),
        send('post', '/v1/groups/1/members', as, { subject: 'employee:1' }),
        send('delete', '/v1/groups/1/members/employee:1', as),
      ]);
      expect(new Set(refusals.map(({ body }) => body.code))).toEqual(new Set(['AUTH_PERMISSION_MISSING']));
    }
    expect((await gateway.get('/v1/groups', null)).body.code).toBe('AUTH_REQUIRED');
  });

  it.each<[string, Method, string, object | undefined, number, string]>([
    ['an unknown group', 'get', '/v1/groups/9999', undefined, 404, 'IDENTITY_GROUP_UNKNOWN'],
    ['a group that is none', 'get', '/v1/groups/x', undefined, 400, 'REQUEST_INVALID'],
    ['an unknown group to change', 'patch', '/v1/groups/9999', { name: 'x' }, 404, 'IDENTITY_GROUP_UNKNOWN'],
    ['an unknown group to remove', 'delete', '/v1/groups/9999', undefined, 404, 'IDENTITY_GROUP_UNKNOWN'],
    [
      'an unknown group to join',
      'post',
      '/v1/groups/9999/members',
      { subject: 'employee:1' },
      404,
      'IDENTITY_GROUP_UNKNOWN',
    ],
    ['a name that is none', 'post', '/v1/groups', { name: ' ' }, 400, 'IDENTITY_INPUT_INVALID'],
    ['another key', 'post', '/v1/groups', { name: 'x', members: [] }, 400, 'REQUEST_INVALID'],
  ])('refuse %s', async (_what, method, path, body, status, code) => {
    const refusal = await send(method, path, 'admin', body);
    expect([refusal.status, refusal.body.code]).toEqual([status, code]);
  });

  it('refuse members who are none', async () => {
    const { body } = await send('post', '/v1/groups', 'admin', { name: 'few' });
    const join = async (subject: string) =>
      (await send('post', `/v1/groups/${body.id}/members`, 'admin', { subject })).body.code;
    expect(await join('employee:9999')).toBe('IDENTITY_UNKNOWN');
    expect(await join('customer:1')).toBe('IDENTITY_INPUT_INVALID');
    const leave = await send('delete', `/v1/groups/${body.id}/members/employee:1`, 'admin');
    expect([leave.status, leave.body.code]).toEqual([404, 'IDENTITY_MEMBER_UNKNOWN']);
    expect((await send('post', '/v1/groups', 'admin', { name: 'few' })).body.code).toBe('IDENTITY_GROUP_EXISTS');
  });
});
