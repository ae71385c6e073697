import { createServer } from 'node:net';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/operate/logger.js';
import { type MailServer, startMailServer } from '../support/mail-server.js';
import { keepWritten } from '../support/paper.js';
import { openTestGateway, PASSWORD, signIn, type TestGateway } from './open-test-gateway.js';

const FIRST = 'plum-otter-canyon-41';
const SECOND = 'brisk-lantern-fjord-77';
const THIRD = 'mossy-anchor-violin-93';
const ADA = 'ada@example.org';

let mail: MailServer;
let gateway: TestGateway;
let now = Date.now();
const written = keepWritten();
beforeAll(async () => {
  mail = await startMailServer();
  gateway = await openTestGateway(
    { SMTP_URL: mail.url, MAIL_FROM: 'Swali <no-reply@example.org>', PUBLIC_URL: 'https://ask.example.org' },
    { clock: () => now, logger: createLogger('debug', written.paper()) },
  );
}, 120_000);
afterAll(async () => {
  await gateway?.close();
  await mail?.close();
});

const post = async (path: string, body: object) => {
  const response = await request(gateway.app).post(path).send(body);
  written.lines.push(JSON.stringify([response.headers, response.text]));
  return response;
};
const accept = (token: string, password: string) => post('/v1/auth/invitations/accept', { token, password });
const reset = (token: string, password: string) => post('/v1/auth/password/reset', { token, password });
const forgot = (kind: string, identifier: string) => post('/v1/auth/password/forgot', { kind, identifier });
const events = async () => (await gateway.records()).map(({ event }) => event as Record<string, unknown>);

describe('an invitation', () => {
  it('is mailed, accepted by its link once, and the account then signs in', async () => {
    const details = { identifier: 'Newcomer@example.org', role: 'member', allow_tables: ['orders'] };
    const made = await gateway.post('/v1/admin/employees/invite', 'admin', details);
    expect([made.status, made.body.status, made.body.role]).toEqual([201, 'invited', 'member']);
    const { to, link, token, source } = await mail.waitFor(1);
    expect(to).toEqual(['newcomer@example.org']);
    expect(link).toBe(`https://ask.example.org/#invitation=${token}`);
    expect(source).toMatch(/^From: Swali <no-reply@example\.org>\r$/m);
    expect((await signIn(gateway.app, 'employee', 'newcomer@example.org', FIRST)).status).toBe(401);

    const weak = await accept(token, 'password1234');
    expect([weak.status, weak.body.code]).toEqual([400, 'IDENTITY_INPUT_INVALID']);
    const both = await Promise.all([accept(token, FIRST), accept(token, FIRST)]);
    expect(both.map(({ status }) => status).sort()).toEqual([204, 400]);
    expect(both.find(({ status }) => status === 400)?.body.code).toBe('AUTH_LINK_INVALID');
    expect(both.find(({ status }) => status === 204)?.text).toBe('');
    const { status, body } = await signIn(gateway.app, 'employee', 'newcomer@example.org', FIRST);
    expect(status).toBe(200);
    const schema = await request(gateway.app).get('/v1/schema').set('authorization', `Bearer ${body.access_token}`);
    expect(schema.body.relations.map(({ name }: { name: string }) => name)).toEqual(['orders']);
  });

  it('again is 200 with a new link, and 409 once it is accepted', async () => {
    const before = mail.mails.length;
    const invite = () => gateway.post('/v1/admin/customers/invite', 'admin', { identifier: 'cy@example.org' });
    expect((await invite()).status).toBe(201);
    expect((await invite()).status).toBe(200);
    const [first, second] = [await mail.waitFor(before + 1), await mail.waitFor(before + 2)];
    expect((await accept(first.token, FIRST)).body.code).toBe('AUTH_LINK_INVALID');
    expect((await accept(second.token, FIRST)).status).toBe(204);
    expect((await invite()).body.code).toBe('IDENTITY_EXISTS');
  });

  it('needs the right to manage users and an e-mail address, and takes no password', async () => {
    const invite = (as: 'employee' | 'admin' | null, body: object) =>
      gateway.post('/v1/admin/customers/invite', as, body).then(({ body: { code } }) => code);
    expect(await invite('employee', { identifier: 'x@example.org' })).toBe('AUTH_PERMISSION_MISSING');
    expect(await invite(null, { identifier: 'x@example.org' })).toBe('AUTH_REQUIRED');
    expect(await invite('admin', { identifier: '777' })).toBe('IDENTITY_INPUT_INVALID');
    expect(await invite('admin', { identifier: 'x@example.org', password: FIRST })).toBe('REQUEST_INVALID');
  });

  it('runs out', async () => {
    const before = mail.mails.length;
    await gateway.post('/v1/admin/admins/invite', 'admin', { identifier: 'late@example.org' });
    const { token } = await mail.waitFor(before + 1);
    now += 259_200_000;
    expect((await accept(token, FIRST)).body.code).toBe('AUTH_LINK_INVALID');
  });
});

describe('a forgotten password', () => {
  it('is answered alike for known and unknown accounts, and mailed to the known one alone', async () => {
    const before = mail.mails.length;
    const answers = [];
    for (const [kind, identifier] of [
      ['employee', ADA],
      ['employee', 'nobody@example.org'],
      ['admin', ADA],
      ['customer', '103'],
      ['customer', 'no such thing'],
    ] as const) {
      const { status, text, headers } = await forgot(kind, identifier);
      const { date: _, 'x-request-id': __, ...rest } = headers as Record<string, string>;
      answers.push(JSON.stringify({ status, text, rest }));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('"status":202,"text":"{}"');
    const { to, link, token } = await mail.waitFor(before + 1);
    expect([to, link]).toEqual([[ADA], `https://ask.example.org/#reset=${token}`]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(mail.mails).toHaveLength(before + 1);
  });

  it('is set by the link: sessions end, the old one is gone, the link too', async () => {
    const { body } = await signIn(gateway.app, 'employee', ADA);
    const isIn = async () =>
      (await request(gateway.app).get('/v1/schema').set('authorization', `Bearer ${body.access_token}`)).status;
    expect(await isIn()).toBe(200);
    const { token } = mail.mails.at(-1) ?? { token: '' };
    expect((await reset(token, 'password1234')).body.code).toBe('IDENTITY_INPUT_INVALID');
    expect((await accept(token, SECOND)).body.code).toBe('AUTH_LINK_INVALID');
    const both = await Promise.all([reset(token, SECOND), reset(token, SECOND)]);
    expect(both.map(({ status }) => status).sort()).toEqual([204, 400]);
    expect(await isIn()).toBe(401);
    expect((await signIn(gateway.app, 'employee', ADA)).status).toBe(401);
    expect((await signIn(gateway.app, 'employee', ADA, SECOND)).status).toBe(200);
  });

  it('is mailed three times an hour at most, and runs out', async () => {
    now += 7_200_000;
    const before = mail.mails.length;
    for (let n = 0; n < 5; n += 1) expect((await forgot('employee', ADA)).status).toBe(202);
    const { token } = await mail.waitFor(before + 3);
    now += 1_800_000;
    expect((await reset(token, THIRD)).body.code).toBe('AUTH_LINK_INVALID');
    expect(mail.mails).toHaveLength(before + 3);
  });

  it('names a kind, an identifier and nothing else', async () => {
    for (const body of [{ identifier: ADA }, { kind: 'robot', identifier: ADA }, { kind: 'admin', identifier: '' }])
      expect((await post('/v1/auth/password/forgot', body)).body.code).toBe('REQUEST_INVALID');
    expect((await post('/v1/auth/password/reset', { token: 'x' })).body.code).toBe('REQUEST_INVALID');
  });
});

it('writes no token and no password into the log, the audit log or an answer', async () => {
  const audit = await events();
  for (const [event, action] of [
    ['account', 'invite'],
    ['invitation', 'accept'],
    ['password', 'request'],
    ['password', 'reset'],
  ])
    expect(audit.filter((each) => each.event === event && each.action === action).length).toBeGreaterThan(1);
  expect(audit).toContainEqual(expect.objectContaining({ event: 'password', action: 'request', subject: null }));
  written.lines.push(JSON.stringify(audit));
  const all = written.lines.join('\n');
  expect(all).toContain('request refused');
  expect(mail.mails.length).toBeGreaterThan(7);
  const secrets = [PASSWORD, FIRST, SECOND, THIRD, 'password1234', ...mail.mails.map(({ token }) => token)];
  expect(secrets.filter((secret) => secret === '' || all.includes(secret))).toEqual([]);
});

describe('where the mail server', () => {
  it('is down, asking is answered as ever, and the failure is logged and on record without the address', async () => {
    const gone = await startMailServer();
    await gone.close();
    const log = keepWritten();
    const alone = await openTestGateway(
      { SMTP_URL: gone.url, MAIL_FROM: 'no-reply@example.org' },
      { logger: createLogger('debug', log.paper()) },
    );
    try {
      const ask = (identifier: string) =>
        alone.post('/v1/auth/password/forgot', null, { kind: 'employee', identifier });
      const [known, unknown] = [await ask(ADA), await ask('nobody@example.org')];
      expect([known.status, unknown.status, known.text]).toEqual([202, 202, unknown.text]);
      const failed = async () =>
        (await alone.records())
          .map(({ event }) => event as Record<string, unknown>)
          .filter(({ action }) => action === 'mail');
      await expect.poll(async () => (await failed()).length).toBe(1);
      expect(await failed()).toMatchObject([
        { event: 'password', subject: 'employee:1', decision: 'refused', code: 'MAIL_UNAVAILABLE' },
      ]);
      const invited = await alone.post('/v1/admin/admins/invite', 'admin', { identifier: 'new@example.org' });
      expect([invited.status, invited.body.code]).toEqual([503, 'MAIL_UNAVAILABLE']);
      expect(invited.body.detail).toContain('invite it again');
      const lines = log.lines.join('\n');
      expect(lines).toMatch(/ECONNREFUSED.*"msg":"a mail could not be sent"/);
      expect(lines).not.toMatch(/ada@|new@|#reset|#invitation/);
    } finally {
      await alone.close();
    }
  });

  it('says nothing, the answer does not wait for it', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const alone = await openTestGateway({ SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: 'no-reply@example.org' });
    try {
      const begun = performance.now();
      const body = { kind: 'employee', identifier: ADA };
      expect((await alone.post('/v1/auth/password/forgot', null, body)).status).toBe(202);
      // It waits ten seconds for a greeting.
      expect(performance.now() - begun).toBeLessThan(3000);
    } finally {
      silent.close();
      await alone.close();
    }
  });
});

describe('without a mail server', () => {
  it('writes the link into the log, in development', async () => {
    const log = keepWritten();
    const alone = await openTestGateway({}, { logger: createLogger('info', log.paper()) });
    await alone.post('/v1/auth/password/forgot', null, { kind: 'employee', identifier: ADA });
    await alone.close();
    expect(log.lines.join('')).toMatch(/http:\/\/127\.0\.0\.1:3000\/#reset=[A-Za-z0-9_-]{43}/);
  });
});
