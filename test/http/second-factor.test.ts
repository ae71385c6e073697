import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/operate/logger.js';
import { listMountedRoutes } from '../support/bare-app.js';
import { codeAt, wrongCodeAt } from '../unit/identify/second-factor-contract.js';
import { OWN_NUMBER, openTestGateway, type TestGateway } from './open-test-gateway.js';

const PASSWORD = 'a long test password';
const PATH = '/v1/auth/second-factor';

const clock = { now: Date.now() };
const logged: string[] = [];
let gateway: TestGateway;
beforeAll(async () => {
  const lines = new PassThrough();
  lines.on('data', (chunk) => logged.push(String(chunk)));
  gateway = await openTestGateway(
    { REQUIRE_TOTP_FOR: 'admin,employee:member' },
    { clock: () => clock.now, logger: createLogger('debug', lines) },
  );
}, 120_000);
afterAll(() => gateway?.close());

const enter = (totp?: string): Promise<Response> =>
  request(gateway.app)
    .post('/v1/auth/customer/login')
    .send({ identifier: String(OWN_NUMBER), password: PASSWORD, ...(totp === undefined ? {} : { totp }) })
    .then((response) => response);
const outcome = ({ status, body }: Response) => [status, body.code];

/** Everything that was told once and must be nowhere afterwards. */
const secrets: string[] = [];
/** Codes of the app: six digits, so that they are looked for as words. */
const typed: string[] = [];
async function addFactor(as: 'customer' | 'admin'): Promise<{ secret: string; codes: string[] }> {
  const setup = await gateway.post(PATH, as, {});
  expect(setup.body).toEqual({
    secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
    uri: expect.stringMatching(/^otpauth:\/\/totp\/Swali:/),
    qr: expect.stringMatching(/^data:image\/svg\+xml;base64,/),
  });
  expect(setup.headers['cache-control']).toBe('no-store');
  const { secret, uri, qr } = setup.body;
  const code = codeAt(secret, clock.now);
  const confirmed = await gateway.post(`${PATH}/confirm`, as, { totp: code });
  expect([confirmed.status, confirmed.body.recovery_codes.length]).toEqual([200, 10]);
  typed.push(code);
  secrets.push(secret, uri, qr, ...confirmed.body.recovery_codes);
  clock.now += 90_000;
  return { secret, codes: confirmed.body.recovery_codes };
}

describe('a second factor over HTTP', () => {
  it('is set up, asked for at sign-in, changed with a code, and removed', async () => {
    expect((await gateway.get(PATH, 'customer')).body).toEqual({ confirmed: false, recovery_codes_left: 0 });
    const { secret, codes } = await addFactor('customer');
    expect((await gateway.get(PATH, 'customer')).body).toEqual({ confirmed: true, recovery_codes_left: 10 });

    const asked = await enter();
    expect(outcome(asked)).toEqual([401, 'AUTH_SECOND_FACTOR_REQUIRED']);
    expect(asked.text).not.toContain('token"');
    const code = codeAt(secret, clock.now);
    typed.push(code);
    expect((await enter(code)).body.access_token).toEqual(expect.any(String));
    expect(outcome(await enter(code))).toEqual([401, 'AUTH_CREDENTIALS_WRONG']);
    expect((await enter(codes[0])).status).toBe(200);

    expect(outcome(await gateway.post(PATH, 'customer', {}))).toEqual([401, 'AUTH_SECOND_FACTOR_REQUIRED']);
    expect(outcome(await gateway.post(PATH, 'customer', { totp: codes[0] }))).toEqual([
      403,
      'AUTH_SECOND_FACTOR_WRONG',
    ]);
    const drawn = await gateway.post(`${PATH}/recovery-codes`, 'customer', { totp: codes[1] });
    expect(drawn.body.recovery_codes).toHaveLength(10);
    secrets.push(...drawn.body.recovery_codes);
    expect(outcome(await enter(codes[2]))).toEqual([401, 'AUTH_CREDENTIALS_WRONG']);
    const replaced = await gateway.post(PATH, 'customer', { totp: drawn.body.recovery_codes[0] });
    expect(replaced.status).toBe(200);
    secrets.push(replaced.body.secret);
    const removed = await gateway.post(`${PATH}/remove`, 'customer', { totp: drawn.body.recovery_codes[1] });
    expect([removed.status, removed.text]).toEqual([204, '']);
    expect(outcome(await gateway.post(`${PATH}/remove`, 'customer', { totp: '123456' }))).toEqual([
      409,
      'AUTH_SECOND_FACTOR_ABSENT',
    ]);
    expect((await enter()).status).toBe(200);
  });

  it('makes wrong codes wait, with the time in Retry-After', async () => {
    const { secret, codes } = await addFactor('customer');
    const wrong = wrongCodeAt(secret, clock.now);
    for (let n = 0; n < 5; n += 1) expect(outcome(await enter(wrong))).toEqual([401, 'AUTH_CREDENTIALS_WRONG']);
    const limited = await enter(codeAt(secret, clock.now));
    expect([...outcome(limited), limited.headers['retry-after']]).toEqual([429, 'RATE_LIMITED', '30']);
    expect(outcome(await gateway.post(`${PATH}/remove`, 'customer', { totp: codes[0] }))).toEqual([
      429,
      'RATE_LIMITED',
    ]);
    clock.now += 30_000;
    expect((await enter(codeAt(secret, clock.now))).status).toBe(200);
    expect((await gateway.post(`${PATH}/remove`, 'customer', { totp: codes[0] })).status).toBe(204);
  });

  it.each([
    ['a code that is no text', { totp: 123456 }],
    ['an empty code', { totp: '' }],
    ['a long code', { totp: '1'.repeat(65) }],
    ['another key', { totp: '123456', kind: 'admin' }],
    ['nothing', {}],
  ])('refuses %s', async (_what, body) => {
    expect(outcome(await gateway.post(`${PATH}/confirm`, 'customer', body))).toEqual([400, 'REQUEST_INVALID']);
  });

  it('is nobody’s without a token', async () => {
    for (const path of [PATH, `${PATH}/confirm`, `${PATH}/recovery-codes`, `${PATH}/remove`]) {
      expect(outcome(await gateway.post(path, null, { totp: '123456' }))).toEqual([401, 'AUTH_REQUIRED']);
    }
    expect(outcome(await gateway.get(PATH, null))).toEqual([401, 'AUTH_REQUIRED']);
  });
});

describe('an account that must have a second factor', () => {
  /** Those that need a token and are open without the factor. */
  const SESSIONS = '/v1/auth/sessions';
  const OPEN = [
    PATH,
    `${PATH}/confirm`,
    `${PATH}/recovery-codes`,
    `${PATH}/remove`,
    SESSIONS,
    `${SESSIONS}/:id`,
    '/v1/auth/password',
    '/v1/auth/me',
    '/v1/auth/csrf',
  ];

  it('is refused by everything that needs a token, but for what sets the factor up', async () => {
    const routes = listMountedRoutes(gateway.app)
      .map((route) => route.split(' ') as [string, string])
      .filter(([, path]) => path.startsWith('/v1/'));
    const closed: string[] = [];
    for (const [method, path] of routes) {
      // All sessions but this one, which is still needed.
      const to = path.replace(':id', '1') + (method === 'DELETE' && path === SESSIONS ? '?except=current' : '');
      const call = (as: 'admin' | null) => {
        const sent = request(gateway.app)[method.toLowerCase() as 'get'](to);
        if (as !== null) sent.set('authorization', `Bearer ${gateway.tokens[as]}`);
        return method === 'POST' || method === 'PATCH' ? sent.send({}) : sent;
      };
      if ((await call(null)).body.code !== 'AUTH_REQUIRED') continue;
      const { body } = await call('admin');
      if (body.code === 'AUTH_SECOND_FACTOR_MISSING') closed.push(path);
      else expect(OPEN).toContain(path);
    }
    expect(closed).toEqual(
      expect.arrayContaining([
        '/v1/ask',
        '/v1/sql',
        '/v1/schema',
        '/v1/audit',
        '/v1/auth/keys',
        '/v1/admin/admins/:id',
      ]),
    );
    expect(closed).not.toEqual(expect.arrayContaining([PATH]));
    for (const as of ['employee', 'admin'] as const) {
      expect(outcome(await gateway.post('/v1/ask', as, { question: 'How many orders?' }))).toEqual([
        403,
        'AUTH_SECOND_FACTOR_MISSING',
      ]);
    }
    expect((await gateway.get('/v1/schema', 'viewer')).status).toBe(200);
    expect((await gateway.get('/v1/schema', 'customer')).status).toBe(200);
  });

  it('may refresh and end its session, and do everything once the factor is confirmed', async () => {
    const { body } = await request(gateway.app)
      .post('/v1/auth/admin/login')
      .send({ identifier: 'root@example.org', password: PASSWORD });
    const refreshed = await gateway.post('/v1/auth/refresh', null, { refresh_token: body.refresh_token });
    expect(refreshed.status).toBe(200);
    const out = await gateway.post('/v1/auth/logout', null, { refresh_token: refreshed.body.refresh_token });
    expect(out.status).toBe(204);
    const { codes } = await addFactor('admin');
    expect((await gateway.get('/v1/audit', 'admin')).status).toBe(200);
    expect((await gateway.post(`${PATH}/remove`, 'admin', { totp: codes[0] })).status).toBe(204);
    expect(outcome(await gateway.get('/v1/audit', 'admin'))).toEqual([403, 'AUTH_SECOND_FACTOR_MISSING']);
  });
});

it('leaves no seed and no code in the log, in the audit records or in the files of the store', async () => {
  expect(secrets.length).toBeGreaterThan(40);
  expect(typed.length).toBeGreaterThan(3);
  const log = logged.join('');
  expect(log).toContain('AUTH_SECOND_FACTOR_WRONG');
  const records = JSON.stringify(await gateway.records());
  for (const action of ['enrol', 'confirm', 'verify', 'remove', 'recovery-codes']) {
    expect(records).toContain(`"action":"${action}"`);
  }
  const files = readdirSync(gateway.folder).filter((name) => name.startsWith('store.sqlite'));
  expect(files).toContain('store.sqlite');
  const bytes = Buffer.concat(files.map((name) => readFileSync(join(gateway.folder, name))));
  expect(bytes.includes('second-factor')).toBe(true);
  for (const text of [log, records, bytes.toString('latin1')]) {
    for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    for (const code of typed) expect(text).not.toMatch(new RegExp(`\\b${code}\\b`));
  }
});
