import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PrincipalKind } from '../../src/domain/principal.js';
import { OWN_NUMBER, openTestGateway, PASSWORD, type TestGateway } from './open-test-gateway.js';

/** By https behind a proxy, so that names and attributes are those of production. */
const ORIGIN = 'https://ask.example.com';
const NAMES = { access: '__Host-swali-access', refresh: '__Secure-swali-refresh', csrf: '__Host-swali-csrf' } as const;
const COMMON = 'HttpOnly; Secure; SameSite=Strict';

const clock = { now: Date.now() };
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await openTestGateway({ PUBLIC_URL: `${ORIGIN}/` }, { clock: () => clock.now });
}, 120_000);
afterAll(() => gateway?.close());

/** What a browser holds that has signed in. */
interface Browser {
  readonly access: string;
  readonly refresh: string;
  readonly csrfCookie: string;
  /** What the page keeps in memory. */
  readonly csrf: string;
}

const setCookies = (response: Response): string[] => (response.headers['set-cookie'] as unknown as string[]) ?? [];
const cookieIn = (response: Response, name: string): string | undefined =>
  setCookies(response)
    .map((line) => new RegExp(`^${name}=([^;]*)`).exec(line)?.[1])
    .find((value) => value !== undefined);
const outcome = ({ status, body }: Response) => [status, body.code];
const cookieOf = ({ access, refresh, csrfCookie }: Browser): string =>
  `${NAMES.access}=${access}; ${NAMES.refresh}=${refresh}; ${NAMES.csrf}=${csrfCookie}`;
const CLEARED = [
  `${NAMES.access}=; Path=/; ${COMMON}; Max-Age=0`,
  `${NAMES.refresh}=; Path=/v1/auth; ${COMMON}; Max-Age=0`,
  `${NAMES.csrf}=; Path=/; ${COMMON}; Max-Age=0`,
];

interface Sent {
  readonly cookie?: string;
  readonly csrf?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

async function send(method: 'get' | 'post' | 'patch' | 'delete', path: string, sent: Sent = {}): Promise<Response> {
  const call = request(gateway.app)[method](path);
  if (sent.cookie !== undefined) call.set('cookie', sent.cookie);
  if (sent.csrf !== undefined) call.set('x-csrf-token', sent.csrf);
  call.set(sent.headers ?? {});
  return method === 'post' || method === 'patch' ? call.send(sent.body ?? {}) : call;
}

const enter = (kind: PrincipalKind, identifier: string, sent: Sent = {}): Promise<Response> =>
  send('post', `/v1/auth/${kind}/login`, { ...sent, body: { identifier, password: PASSWORD, session: 'cookie' } });

function browserOf(response: Response): Browser {
  const [access, refresh, csrfCookie] = [NAMES.access, NAMES.refresh, NAMES.csrf].map((name) =>
    cookieIn(response, name),
  );
  return { access, refresh, csrfCookie, csrf: response.body.csrf_token } as Browser;
}

async function signIn(kind: PrincipalKind = 'employee', identifier = 'ada@example.org'): Promise<Browser> {
  const response = await enter(kind, identifier);
  expect(response.status).toBe(200);
  return browserOf(response);
}

const ask = (sent: Sent): Promise<Response> =>
  send('post', '/v1/sql', { body: { sql: 'SELECT COUNT(*) AS n FROM orders' }, ...sent });

describe('signing in with cookies', () => {
  it('puts the tokens into cookies that no script reads, and none into the body', async () => {
    const response = await enter('customer', String(OWN_NUMBER));
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      expires_in: 900,
      csrf_token: expect.stringMatching(/^[0-9a-f]{64}\.[0-9a-f]{64}$/),
    });
    const { access, refresh, csrfCookie, csrf } = browserOf(response);
    expect(setCookies(response)).toEqual([
      `${NAMES.access}=${access}; Path=/; ${COMMON}`,
      `${NAMES.refresh}=${refresh}; Path=/v1/auth; ${COMMON}`,
      `${NAMES.csrf}=${csrfCookie}; Path=/; ${COMMON}`,
    ]);
    expect(access).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(refresh).toMatch(/^[\w-]{43}$/);
    expect(csrfCookie).toBe(csrf);
    expect(response.text).not.toContain(access);
    expect(response.text).not.toContain(refresh);
  });

  it('has names without prefixes and no Secure by plain http, where browsers refuse them', async () => {
    const plain = await openTestGateway();
    try {
      const response = await request(plain.app)
        .post('/v1/auth/admin/login')
        .send({ identifier: 'root@example.org', password: PASSWORD, session: 'cookie' });
      expect(setCookies(response).map((line) => line.replace(/=[^;]+/, '='))).toEqual([
        'swali-access=; Path=/; HttpOnly; SameSite=Strict',
        'swali-refresh=; Path=/v1/auth; HttpOnly; SameSite=Strict',
        'swali-csrf=; Path=/; HttpOnly; SameSite=Strict',
      ]);
      const read = (name: string) =>
        request(plain.app)
          .get('/v1/auth/me')
          .set('cookie', `${name}=${cookieIn(response, 'swali-access')}`);
      expect((await read('swali-access')).body).toMatchObject({ kind: 'admin', identifier: 'root@example.org' });
      expect((await read('__Host-swali-access')).body.code).toBe('AUTH_REQUIRED');
    } finally {
      await plain.close();
    }
  }, 60_000);

  it('sets no cookie where tokens are asked for, and refuses any other form', async () => {
    const of = (session: unknown) =>
      send('post', '/v1/auth/admin/login', { body: { identifier: 'root@example.org', password: PASSWORD, session } });
    for (const session of ['token', undefined]) {
      const response = await of(session);
      expect([response.status, setCookies(response)]).toEqual([200, []]);
      expect(Object.keys(response.body)).toEqual(['access_token', 'token_type', 'expires_in', 'refresh_token']);
    }
    for (const session of ['both', '', null, true])
      expect(outcome(await of(session))).toEqual([400, 'REQUEST_INVALID']);
  });

  it('is asked for by no foreign page, and sets nothing where it fails', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const response = await enter('employee', 'ada@example.org', { headers });
      expect([...outcome(response), setCookies(response)]).toEqual([403, 'AUTH_CSRF_INVALID', []]);
    }
    const wrong = await send('post', '/v1/auth/admin/login', {
      body: { identifier: 'root@example.org', password: 'not this one', session: 'cookie' },
    });
    expect([...outcome(wrong), setCookies(wrong)]).toEqual([401, 'AUTH_CREDENTIALS_WRONG', []]);
  });

  it('replaces what the browser held, whose session ends', async () => {
    const before = await signIn('customer', String(OWN_NUMBER));
    const response = await enter('employee', 'ada@example.org', { cookie: cookieOf(before) });
    const after = browserOf(response);
    expect([after.access, after.refresh, after.csrf].filter((each) => Object.values(before).includes(each))).toEqual(
      [],
    );
    expect((await send('get', '/v1/auth/me', { cookie: cookieOf(after) })).body.kind).toBe('employee');
    expect(outcome(await send('get', '/v1/auth/me', { cookie: cookieOf(before) }))).toEqual([
      401,
      'AUTH_TOKEN_INVALID',
    ]);
    expect((await gateway.records()).map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ event: 'session', action: 'logout', subject: 'customer:1' }),
    );
  });
});

describe('a browser that is signed in', () => {
  it('reads without a CSRF token', async () => {
    const browser = await signIn();
    const { status, body } = await send('get', '/v1/auth/me', { cookie: cookieOf(browser) });
    expect([status, body]).toEqual([
      200,
      {
        kind: 'employee',
        subject: 'employee:1',
        identifier: 'ada@example.org',
        role: 'member',
        tenant: null,
        tier: 'standard',
        permissions: expect.arrayContaining(['ask', 'sql:write-own']),
        lacks_second_factor: false,
      },
    ]);
    const head = await request(gateway.app).head('/v1/schema').set('cookie', cookieOf(browser));
    expect(head.status).toBe(200);
  });

  it('asks with its CSRF token, and with no other', async () => {
    const [browser, same, other] = [await signIn(), await signIn(), await signIn('customer', String(OWN_NUMBER))];
    const cookie = cookieOf(browser);
    expect((await ask({ cookie, csrf: browser.csrf })).body.rows).toHaveLength(1);
    const [hmac, random] = browser.csrf.split('.') as [string, string];
    const forged = `${'0'.repeat(64)}.${random}`;
    const tries: readonly Sent[] = [
      // missing: the header, the cookie, both halves empty
      { cookie },
      { cookie: `${NAMES.access}=${browser.access}`, csrf: browser.csrf },
      { cookie: cookieOf({ ...browser, csrfCookie: '' }), csrf: '' },
      // forged, in one half and in both
      { cookie, csrf: forged },
      { cookie: cookieOf({ ...browser, csrfCookie: forged }), csrf: forged },
      { cookie: cookieOf({ ...browser, csrfCookie: hmac }), csrf: hmac },
      { cookie: cookieOf({ ...browser, csrfCookie: '.' }), csrf: '.' },
      { cookie: cookieOf({ ...browser, csrfCookie: 'undefined' }), csrf: 'undefined' },
      // of another session of the same account, and of another account
      { cookie: cookieOf({ ...browser, csrfCookie: same.csrf }), csrf: same.csrf },
      { cookie: cookieOf({ ...browser, csrfCookie: other.csrf }), csrf: other.csrf },
      // two that do not belong together
      { cookie, csrf: same.csrf },
    ];
    for (const sent of tries)
      expect([JSON.stringify(sent), ...outcome(await ask(sent))]).toEqual([
        JSON.stringify(sent),
        403,
        'AUTH_CSRF_INVALID',
      ]);
    expect(tries).toHaveLength(11);
    expect((await ask({ cookie, csrf: browser.csrf })).status).toBe(200);
  });

  it.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['no origin that it would name', { origin: 'null' }],
    ['its own name by plain http', { origin: 'http://ask.example.com' }],
    ['its own name on another port', { origin: `${ORIGIN}:8443` }],
    ['a name that begins as its own', { origin: `${ORIGIN}.evil.example` }],
    ['a foreign site', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['a word that nobody knows', { 'sec-fetch-site': 'Same-Origin' }],
    ['a neighbour that names the right origin', { 'sec-fetch-site': 'same-site', origin: ORIGIN }],
  ])('does nothing for a page of %s, even with the token', async (_what, headers) => {
    const browser = await signIn();
    const sent = { cookie: cookieOf(browser), csrf: browser.csrf, headers };
    expect(outcome(await ask(sent))).toEqual([403, 'AUTH_CSRF_INVALID']);
    expect(outcome(await send('post', '/v1/auth/refresh', sent))).toEqual([403, 'AUTH_CSRF_INVALID']);
    expect(outcome(await send('post', '/v1/auth/logout', sent))).toEqual([403, 'AUTH_CSRF_INVALID']);
    const own = { ...sent, headers: { origin: ORIGIN, 'sec-fetch-site': 'same-origin' } };
    expect((await ask(own)).status).toBe(200);
    expect((await ask({ ...own, headers: { 'sec-fetch-site': 'none' } })).status).toBe(200);
  });

  it('wants a CSRF token at every endpoint that changes anything, and at no other', async () => {
    interface Operation {
      readonly security: readonly object[];
    }
    const { body } = await send('get', '/openapi.json');
    expect(body.components.securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      cookie: { type: 'apiKey', in: 'cookie', name: NAMES.access },
      refreshCookie: { type: 'apiKey', in: 'cookie', name: NAMES.refresh },
      csrf: { type: 'apiKey', in: 'header', name: 'x-csrf-token' },
    });
    const cookie = cookieOf(await signIn('admin', 'root@example.org'));
    let [guarded, open] = [0, 0];
    for (const [path, operations] of Object.entries(body.paths as Record<string, Record<string, Operation>>))
      for (const [method, { security }] of Object.entries(operations)) {
        if (security.length === 0) continue;
        const wants = security.some((each) => 'csrf' in each);
        const response = await send(method as 'get', path.replace(/\{\w+\}/g, '1'), { cookie });
        expect([method, path, response.body.code === 'AUTH_CSRF_INVALID']).toEqual([method, path, method !== 'get']);
        expect([method, path, wants]).toEqual([method, path, method !== 'get']);
        if (wants) guarded += 1;
        else open += 1;
      }
    expect(guarded).toBeGreaterThanOrEqual(20);
    expect(open).toBeGreaterThanOrEqual(10);
  });

  it('changes nothing by reading', async () => {
    const cookie = cookieOf(await signIn('admin', 'root@example.org'));
    const before = dumpStore();
    expect(Object.keys(before).length).toBeGreaterThan(8);
    const { body } = await send('get', '/openapi.json');
    const paths = Object.entries(body.paths as Record<string, object>).filter(([, each]) => 'get' in each);
    for (const [path] of paths) await send('get', path.replace(/\{\w+\}/g, '1'), { cookie });
    expect(paths.length).toBeGreaterThan(12);
    expect(dumpStore()).toEqual(before);
  });
});

/** Every row of the gateway's own tables, but for the audit log, which reading adds to as well, and what alerts count of it. */
function dumpStore(): Record<string, unknown[]> {
  const database = new DatabaseSync(join(gateway.folder, 'store.sqlite'));
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[];
    return Object.fromEntries(
      tables
        .filter(({ name }) => !/^(?:audit|alert|sqlite)/.test(name))
        .map(({ name }) => [name, database.prepare(`SELECT * FROM "${name}"`).all()]),
    );
  } finally {
    database.close();
  }
}

describe('a token in two places', () => {
  it('is refused, and so is a key of a server in a cookie', async () => {
    const browser = await signIn();
    const both = { cookie: cookieOf(browser), headers: { authorization: `Bearer ${gateway.tokens.employee}` } };
    for (const sent of [both, { ...both, csrf: browser.csrf }])
      expect(outcome(await ask(sent))).toEqual([400, 'REQUEST_INVALID']);
    expect(outcome(await send('get', '/v1/auth/me', both))).toEqual([400, 'REQUEST_INVALID']);

    const { body } = await gateway.post('/v1/auth/keys', 'employee', {
      name: 'server',
      scopes: ['ask'],
      password: PASSWORD,
    });
    expect((await send('get', '/v1/schema', { headers: { authorization: `Bearer ${body.key}` } })).status).toBe(200);
    const inCookie = await send('get', '/v1/schema', { cookie: `${NAMES.access}=${body.key}` });
    expect([...outcome(inCookie), setCookies(inCookie)]).toEqual([401, 'AUTH_TOKEN_INVALID', [CLEARED[0]]]);
  });

  it('is read from neither where a cookie of one name comes twice', async () => {
    const [browser, planted] = [await signIn(), await signIn('customer', String(OWN_NUMBER))];
    const mine = cookieOf(browser);
    for (const cookie of [
      `${NAMES.access}=${planted.access}; ${mine}`,
      `${mine}; ${NAMES.access}=${planted.access}`,
      `${mine};${NAMES.access} = ${planted.access}`,
    ]) {
      expect(outcome(await send('get', '/v1/auth/me', { cookie }))).toEqual([401, 'AUTH_REQUIRED']);
      expect(outcome(await ask({ cookie, csrf: browser.csrf }))).toEqual([401, 'AUTH_REQUIRED']);
    }
    const twoCsrf = { cookie: `${NAMES.csrf}=${planted.csrf}; ${mine}`, csrf: browser.csrf };
    expect(outcome(await ask(twoCsrf))).toEqual([403, 'AUTH_CSRF_INVALID']);
    const twoRefresh = { cookie: `${NAMES.refresh}=${planted.refresh}; ${mine}`, csrf: browser.csrf };
    expect(outcome(await send('post', '/v1/auth/refresh', twoRefresh))).toEqual([400, 'REQUEST_INVALID']);
    // A planted refresh token alone does not fit the CSRF token, which nobody else can plant.
    const alone = { cookie: cookieOf({ ...browser, refresh: planted.refresh }), csrf: browser.csrf };
    expect(outcome(await send('post', '/v1/auth/refresh', alone))).toEqual([403, 'AUTH_CSRF_INVALID']);
    for (const good of [browser, planted])
      expect((await send('get', '/v1/auth/me', { cookie: cookieOf(good) })).status).toBe(200);
  });
});

describe('refreshing with the cookie', () => {
  const refresh = (sent: Sent) => send('post', '/v1/auth/refresh', sent);

  it('rotates it, keeps the CSRF token, and puts nothing into the body', async () => {
    const browser = await signIn();
    const response = await refresh({ cookie: cookieOf(browser), csrf: browser.csrf });
    expect([response.status, response.body]).toEqual([200, { expires_in: 900, csrf_token: browser.csrf }]);
    const next = browserOf(response);
    expect(setCookies(response)).toEqual([
      `${NAMES.access}=${next.access}; Path=/; ${COMMON}`,
      `${NAMES.refresh}=${next.refresh}; Path=/v1/auth; ${COMMON}`,
      `${NAMES.csrf}=${browser.csrf}; Path=/; ${COMMON}`,
    ]);
    expect([next.access === browser.access, next.refresh === browser.refresh]).toEqual([false, false]);
    expect((await ask({ cookie: cookieOf(next), csrf: browser.csrf })).status).toBe(200);
  });

  it('is done for nobody without the CSRF token of that session; the refresh token is not used up by trying', async () => {
    const [browser, other] = [await signIn(), await signIn()];
    const cookie = cookieOf(browser);
    for (const sent of [
      { cookie },
      { cookie: cookieOf({ ...browser, csrfCookie: other.csrf }), csrf: other.csrf },
      { cookie: `${NAMES.refresh}=${browser.refresh}` },
    ])
      for (const path of ['/v1/auth/refresh', '/v1/auth/logout'])
        expect(outcome(await send('post', path, sent))).toEqual([403, 'AUTH_CSRF_INVALID']);
    expect((await refresh({ cookie, csrf: browser.csrf })).status).toBe(200);
  });

  it('takes a token from the body or from the cookie, not from both and not from neither', async () => {
    const browser = await signIn();
    const sent = { cookie: cookieOf(browser), csrf: browser.csrf };
    for (const path of ['/v1/auth/refresh', '/v1/auth/logout']) {
      const both = await send('post', path, { ...sent, body: { refresh_token: browser.refresh } });
      expect(outcome(both)).toEqual([400, 'REQUEST_INVALID']);
      expect(outcome(await send('post', path))).toEqual([400, 'REQUEST_INVALID']);
    }
    // A program may send in the body what a cookie held: it then has the answer in the body.
    const inBody = await refresh({ body: { refresh_token: browser.refresh } });
    expect([inBody.status, setCookies(inBody), typeof inBody.body.access_token]).toEqual([200, [], 'string']);
  });

  it('ends the session where a token comes a second time, and takes the cookies away', async () => {
    const browser = await signIn();
    const sent = { cookie: cookieOf(browser), csrf: browser.csrf };
    const next = browserOf(await refresh(sent));
    const again = await refresh(sent);
    expect([...outcome(again), setCookies(again)]).toEqual([401, 'AUTH_TOKEN_INVALID', CLEARED]);
    const dead = await refresh({ cookie: cookieOf(next), csrf: browser.csrf });
    expect([...outcome(dead), setCookies(dead)]).toEqual([401, 'AUTH_TOKEN_INVALID', CLEARED]);
    const inBody = await refresh({ body: { refresh_token: next.refresh } });
    expect([...outcome(inBody), setCookies(inBody)]).toEqual([401, 'AUTH_TOKEN_INVALID', []]);
  });
});

describe('signing out with the cookie', () => {
  it('ends the session and takes the cookies away; what was kept of them is worth nothing', async () => {
    const browser = await signIn();
    const sent = { cookie: cookieOf(browser), csrf: browser.csrf };
    const out = await send('post', '/v1/auth/logout', sent);
    expect([out.status, out.text, setCookies(out)]).toEqual([204, '', CLEARED]);
    const replayed = await ask(sent);
    expect([...outcome(replayed), setCookies(replayed)]).toEqual([401, 'AUTH_TOKEN_INVALID', [CLEARED[0]]]);
    // The old CSRF token does not fit the next session.
    const next = await signIn();
    const mixed = { cookie: cookieOf({ ...next, csrfCookie: browser.csrf }), csrf: browser.csrf };
    expect(outcome(await ask(mixed))).toEqual([403, 'AUTH_CSRF_INVALID']);
    const again = await send('post', '/v1/auth/logout', sent);
    expect([again.status, setCookies(again)]).toEqual([204, CLEARED]);
  });
});

describe('a page that was loaded anew', () => {
  const csrf = (cookie?: string) => send('get', '/v1/auth/csrf', cookie === undefined ? {} : { cookie });

  it('is given the CSRF token of its session again, also after the access token has run out', async () => {
    const browser = await signIn();
    const response = await csrf(cookieOf(browser));
    expect([response.status, response.body]).toEqual([200, { csrf_token: browser.csrf }]);
    expect(setCookies(response)).toEqual([`${NAMES.csrf}=${browser.csrf}; Path=/; ${COMMON}`]);
    const [, other] = [await csrf(), await signIn('customer', String(OWN_NUMBER))];
    const foreign = await csrf(cookieOf({ ...browser, csrfCookie: other.csrf }));
    expect(foreign.body.csrf_token).not.toBe(other.csrf);
    const fresh = {
      cookie: cookieOf({ ...browser, csrfCookie: foreign.body.csrf_token }),
      csrf: foreign.body.csrf_token,
    };
    expect((await ask(fresh)).status).toBe(200);

    clock.now += 901_000;
    const late = await ask(fresh);
    expect([...outcome(late), setCookies(late)]).toEqual([401, 'AUTH_TOKEN_INVALID', [CLEARED[0]]]);
    expect((await csrf(cookieOf(browser))).status).toBe(200);
    expect((await send('post', '/v1/auth/refresh', fresh)).status).toBe(200);
  });

  it('is told that nobody is signed in', async () => {
    expect(outcome(await csrf())).toEqual([401, 'AUTH_REQUIRED']);
    const dead = await csrf(`${NAMES.refresh}=${'x'.repeat(43)}`);
    expect([...outcome(dead), setCookies(dead)]).toEqual([401, 'AUTH_TOKEN_INVALID', CLEARED]);
    expect(outcome(await send('get', '/v1/auth/me'))).toEqual([401, 'AUTH_REQUIRED']);
  });
});

it('leaves bearer tokens as they were: no CSRF token, no origin, no cookie', async () => {
  const { body } = await send('post', '/v1/auth/employee/login', {
    body: { identifier: 'ada@example.org', password: PASSWORD },
  });
  const headers = { authorization: `Bearer ${body.access_token}`, origin: 'https://elsewhere.example' };
  const response = await ask({ headers });
  expect([response.status, setCookies(response)]).toEqual([200, []]);
});
