import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OTHER_NUMBER, OWN_NUMBER, openTestGateway, PASSWORD, signIn, type TestGateway } from './open-test-gateway.js';

const SHOP = 'https://shop.example.com';
const SECOND = 'https://www.example.com';
const EVIL = 'https://evil.example';

let now = Date.now();
let gateway: TestGateway;
let key = '';
let keyId = '';
beforeAll(async () => {
  gateway = await openTestGateway({ ACCESS_TOKEN_TTL_S: '86400', REQUIRE_TOTP_FOR: 'customer' }, { clock: () => now });
  ({ key, id: keyId } = await makeKey());
}, 120_000);
afterAll(() => gateway?.close());

async function makeKey(origins: readonly string[] = [SHOP, SECOND]): Promise<{ key: string; id: string }> {
  const wanted = { name: 'shop', scopes: ['widget:issue'], origins, password: PASSWORD };
  const made = await gateway.post('/v1/auth/keys', 'admin', wanted);
  expect([made.status, made.body.origins]).toEqual([201, origins]);
  return made.body;
}

interface Sent {
  readonly token?: string;
  readonly origin?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}
const send = (
  method: 'get' | 'post' | 'options' | 'patch' | 'delete',
  path: string,
  { token, origin, body, headers = {} }: Sent = {},
): Promise<Response> => {
  const call = request(gateway.app)[method](path).set(headers);
  if (token !== undefined) call.set('authorization', `Bearer ${token}`);
  if (origin !== undefined) call.set('origin', origin);
  return call.send(body).then((response) => response);
};

const exchange = (body: object = {}, token = key) =>
  send('post', '/v1/widget/tokens', { token, body: { customer_number: String(OWN_NUMBER), ...body } });
const tokenOf = async (body: object = {}): Promise<string> => (await exchange(body)).body.token;
const ask = (sent: Sent) => send('post', '/v1/ask', { body: { question: 'how many orders do I have' }, ...sent });
const crossOrigin = ({ headers }: Response) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));

describe('a token of a widget', () => {
  it('is answered in events too, readable on its page', async () => {
    const headers = { accept: 'text/event-stream' };
    const answer = await ask({ token: await tokenOf(), origin: SHOP, headers });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(crossOrigin(answer)['access-control-allow-origin']).toBe(SHOP);
    const events = [...String(answer.text).matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
    expect(events.at(-1)).toBe('answer');
    // A customer's answer does not show its SQL.
    expect(events).not.toContain('sql');
    const refused = await ask({ token: await tokenOf(), origin: EVIL, headers });
    expect([refused.status, refused.body.code]).toEqual([403, 'AUTH_ORIGIN_REFUSED']);
  });

  it('asks for its customer, from the origins of its key', async () => {
    const made = await exchange();
    expect(made.status).toBe(200);
    expect(made.body).toEqual({ token: expect.any(String), token_type: 'Bearer', expires_in: 900 });
    for (const origin of [SHOP, SECOND]) {
      const answer = await ask({ token: made.body.token, origin });
      expect([answer.status, answer.body.status]).toEqual([200, 'answered']);
      expect(crossOrigin(answer)).toEqual({
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'retry-after, x-request-id',
      });
      expect(answer.headers.vary).toBe('Origin');
      expect(answer.headers['cross-origin-resource-policy']).toBe('cross-origin');
    }
    const schema = await send('get', '/v1/schema', { token: made.body.token, origin: SHOP });
    expect([schema.status, schema.headers['access-control-allow-origin']]).toEqual([200, SHOP]);
    const events = (await gateway.records()).map(({ event }) => event as Record<string, unknown>);
    expect(events.find(({ event }) => event === 'widget-token')).toMatchObject({
      subject: 'admin:1',
      key: keyId,
      target: 'customer:1',
      origins: [SHOP, SECOND],
      decision: 'accepted',
    });
    expect(events.find(({ event }) => event === 'question')).toMatchObject({ subject: 'customer:1' });
  });

  it('lets a refused page read why, once its origin is known', async () => {
    const refused = await ask({ token: await tokenOf(), origin: SHOP, body: { question: '' } });
    expect([refused.status, refused.body.code]).toEqual([422, 'TRANSLATE_QUESTION_INVALID']);
    expect(refused.headers['access-control-allow-origin']).toBe(SHOP);
  });

  it.each([
    ['another origin', EVIL],
    ['a longer one', `${SHOP}.evil.example`],
    ['another scheme', 'http://shop.example.com'],
    ['another port', `${SHOP}:8443`],
    ['a page without one', 'null'],
    ['no origin', undefined],
  ])('is refused from %s, and says so to no page', async (_name, origin) => {
    for (const call of [ask, (sent: Sent) => send('get', '/v1/schema', sent)]) {
      const refused = await call({ token: await tokenOf(), ...(origin === undefined ? {} : { origin }) });
      expect([refused.status, refused.body.code]).toEqual([403, 'AUTH_ORIGIN_REFUSED']);
      expect(crossOrigin(refused)).toEqual({});
      expect(refused.headers['cross-origin-resource-policy']).toBe('same-origin');
    }
  });

  it('may be bound to one origin', async () => {
    const token = await tokenOf({ origin: SECOND });
    expect((await ask({ token, origin: SECOND })).status).toBe(200);
    expect((await ask({ token, origin: SHOP })).body.code).toBe('AUTH_ORIGIN_REFUSED');
    const other = await exchange({ origin: EVIL });
    expect([other.status, other.body.code]).toEqual([403, 'AUTH_ORIGIN_REFUSED']);
  });

  it('reaches nothing else, whatever the address', async () => {
    const token = await tokenOf();
    const { body } = await request(gateway.app).get('/openapi.json');
    type Operation = { readonly security: readonly object[]; readonly 'x-widget': boolean };
    const operations = Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(
      ([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
    );
    const open = operations.filter((each) => each['x-widget']).map(({ method, path }) => `${method} ${path}`);
    expect(open.sort()).toEqual([
      'delete /v1/conversations/{id}',
      'get /v1/conversations/{id}',
      'get /v1/schema',
      'post /v1/ask',
    ]);
    const closed = operations.filter((each) => each.security.some((way) => 'bearer' in way) && !each['x-widget']);
    expect(closed.length).toBeGreaterThanOrEqual(40);
    for (const { method, path } of closed) {
      const to = path.replace(/\{\w+\}/g, '1');
      const refused = await send(method as 'get', to, { token, origin: SHOP, body: {} });
      expect([`${method} ${to}`, refused.status, refused.body.code]).toEqual([
        `${method} ${to}`,
        403,
        'AUTH_PERMISSION_MISSING',
      ]);
      expect(crossOrigin(refused)).toEqual({});
    }
  });

  it('ends at its time by the clock', async () => {
    const token = await tokenOf({ ttl: 60 });
    now += 59_000;
    expect((await ask({ token, origin: SHOP })).status).toBe(200);
    now += 1000;
    const late = await ask({ token, origin: SHOP });
    expect([late.status, late.body.code]).toEqual([401, 'AUTH_TOKEN_INVALID']);
    expect(crossOrigin(late)).toEqual({});
  });

  it('ends with its key, at once', async () => {
    const other = await makeKey([SHOP]);
    const { token } = (await exchange({}, other.key)).body;
    expect((await ask({ token, origin: SHOP })).status).toBe(200);
    expect((await send('delete', `/v1/auth/keys/${other.id}`, { token: gateway.tokens.admin })).status).toBe(204);
    expect((await ask({ token, origin: SHOP })).body.code).toBe('AUTH_TOKEN_INVALID');
    expect((await exchange({}, other.key)).body.code).toBe('AUTH_TOKEN_INVALID');
  });

  it('ends with its customer’s account, at once', async () => {
    const account = { identifier: String(OTHER_NUMBER), password: PASSWORD };
    const { body } = await gateway.post('/v1/admin/customers', 'admin', account);
    const token = await tokenOf({ customer_number: String(OTHER_NUMBER) });
    expect((await ask({ token, origin: SHOP })).status).toBe(200);
    const path = `/v1/admin/customers/${body.id}`;
    await send('patch', path, { token: gateway.tokens.admin, body: { status: 'disabled' } });
    expect((await ask({ token, origin: SHOP })).body.code).toBe('AUTH_TOKEN_INVALID');
    const disabled = await exchange({ customer_number: String(OTHER_NUMBER) });
    const unknown = await exchange({ customer_number: '987654' });
    const { request_id: _one, ...told } = disabled.body;
    const { request_id: _two, ...same } = unknown.body;
    expect(told).toEqual(same);
    expect([disabled.status, told.code]).toEqual([404, 'AUTH_CUSTOMER_UNKNOWN']);
    const accounts = await gateway.get('/v1/admin/customers?identifier=987654', 'admin');
    expect(accounts.body.accounts).toEqual([]);
  });

  it('is no access token: neither passes as the other', async () => {
    const token = await tokenOf();
    const [header, payload, signature] = token.split('.');
    const [accessHeader] = gateway.tokens.customer.split('.');
    expect((await ask({ token: `${accessHeader}.${payload}.${signature}` })).body.code).toBe('AUTH_TOKEN_INVALID');
    const access = gateway.tokens.customer
      .split('.')
      .with(0, header ?? '')
      .join('.');
    expect((await ask({ token: access, origin: SHOP })).body.code).toBe('AUTH_TOKEN_INVALID');
    // One's own access token opens nothing to a page of another origin.
    const own = await send('get', '/v1/schema', { token: gateway.tokens.employee, origin: SHOP });
    expect([own.status, crossOrigin(own)]).toEqual([200, {}]);
    expect(own.headers['cross-origin-resource-policy']).toBe('same-origin');
  });
});

describe('the key of a site', () => {
  it('does nothing but make tokens', async () => {
    const { body } = await request(gateway.app).get('/openapi.json');
    type Operation = { readonly security: readonly object[] };
    let tried = 0;
    for (const [path, methods] of Object.entries(body.paths as Record<string, Record<string, Operation>>))
      for (const [method, { security }] of Object.entries(methods)) {
        if (!security.some((way) => 'bearer' in way) || path === '/v1/widget/tokens') continue;
        const refused = await send(method as 'get', path.replace(/\{\w+\}/g, '1'), { token: key, body: {} });
        expect([path, refused.status, refused.body.code]).toEqual([path, 403, 'AUTH_PERMISSION_MISSING']);
        tried += 1;
      }
    expect(tried).toBeGreaterThanOrEqual(40);
  });

  it.each<[string, object]>([
    ['sixteen minutes', { ttl: 960 }],
    ['a second over fifteen', { ttl: 901 }],
    ['less than a minute', { ttl: 59 }],
    ['a number for a customer number', { customer_number: 103 }],
    ['another key', { password: PASSWORD }],
  ])('is refused %s', async (_name, body) => {
    const refused = await exchange(body);
    expect([refused.status, refused.body.code]).toEqual([400, 'REQUEST_INVALID']);
  });

  it('is what no session and no other key stands in for', async () => {
    for (const as of ['customer', 'viewer', 'employee', 'admin'] as const) {
      const refused = await exchange({}, gateway.tokens[as]);
      // The customer must have a second factor here and has none.
      const code = as === 'customer' ? 'AUTH_SECOND_FACTOR_MISSING' : 'AUTH_PERMISSION_MISSING';
      expect([as, refused.status, refused.body.code]).toEqual([as, 403, code]);
    }
    const wanted = { name: 'n', scopes: ['ask', 'users:manage'], password: PASSWORD };
    const { body } = await gateway.post('/v1/auth/keys', 'admin', wanted);
    expect((await exchange({}, body.key)).body.code).toBe('AUTH_PERMISSION_MISSING');
    const token = await tokenOf();
    expect((await exchange({}, token)).body.code).toBe('AUTH_PERMISSION_MISSING');
    expect((await send('post', '/v1/widget/tokens', { body: {} })).body.code).toBe('AUTH_REQUIRED');
  });

  it('is made by admins alone', async () => {
    const delegate = { identifier: 'del@example.org', password: PASSWORD, role: 'admin-delegate' };
    await gateway.post('/v1/admin/employees', 'admin', delegate);
    const { body } = await signIn(gateway.app, 'employee', delegate.identifier);
    const wanted = { name: 'n', scopes: ['widget:issue'], origins: [SHOP], password: PASSWORD };
    const refused = await send('post', '/v1/auth/keys', { token: body.access_token, body: wanted });
    expect([refused.status, refused.body.code]).toEqual([403, 'AUTH_PERMISSION_MISSING']);
  });
});

describe('a preflight', () => {
  const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };
  const preflight = (path: string, origin: string) => send('options', path, { origin, headers: asked });

  it.each([
    ['/v1/ask', 'POST', 'POST, OPTIONS'],
    ['/v1/schema', 'GET', 'GET, HEAD, OPTIONS'],
  ])('of %s is answered to the origins of living keys alone', async (path, methods, allow) => {
    const open = await preflight(path, SHOP);
    expect([open.status, open.text, open.headers.allow, open.headers.vary]).toEqual([204, '', allow, 'Origin']);
    expect(crossOrigin(open)).toEqual({
      'access-control-allow-origin': SHOP,
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '600',
    });
    for (const origin of [EVIL, 'null', `${SHOP}/`]) {
      const refused = await preflight(path, origin);
      expect([refused.status, refused.body.code]).toEqual([403, 'AUTH_ORIGIN_REFUSED']);
      expect([crossOrigin(refused), refused.headers.vary]).toEqual([{}, 'Origin']);
    }
    const plain = await send('options', path);
    expect([plain.status, plain.headers.allow, crossOrigin(plain)]).toEqual([204, allow, {}]);
    const other = await send('patch', path, { origin: SHOP });
    expect([other.status, other.headers.allow]).toEqual([405, allow]);
  });

  it.each(['/v1/sql', '/v1/widget/tokens', '/v1/auth/keys', '/v1/auth/customer/login'])(
    'of %s is refused to everybody',
    async (path) => {
      const refused = await preflight(path, SHOP);
      expect([refused.status, refused.body.code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
      expect(refused.headers.allow).not.toContain('OPTIONS');
      expect(crossOrigin(refused)).toEqual({});
    },
  );

  it('is refused once the last key that lists the origin is revoked', async () => {
    const origin = 'https://soon-gone.example';
    const { id } = await makeKey([origin]);
    now += 1000;
    expect((await preflight('/v1/ask', origin)).status).toBe(204);
    await send('delete', `/v1/auth/keys/${id}`, { token: gateway.tokens.admin });
    now += 1000;
    expect((await preflight('/v1/ask', origin)).body.code).toBe('AUTH_ORIGIN_REFUSED');
  });
});
