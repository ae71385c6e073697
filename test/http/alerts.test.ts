import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../support/limits.js';
import { type MailServer, startMailServer } from '../support/mail-server.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';
import { startModelServer } from './model-server.js';
import { openTestGateway, PASSWORD, type TestGateway } from './open-test-gateway.js';

const MINUTE = 60_000;

const RULES = `version: 1
channels:
  hook: { type: webhook, url: URL, secret_env: ALERTS_SECRET_HOOK }
  mail: { type: email, to: [security@example.org, night@example.org] }
  log: { type: log }
rules:
  - { name: account, kind: failed-logins, per: account, threshold: 3, window: 15m, severity: warning, cool_down: 10m }
  - { name: address, kind: failed-logins, per: address, threshold: 4, window: 15m, severity: warning, cool_down: 10m, channels: [hook] }
  - { name: refusals, kind: refusals-in-a-row, threshold: 3, window: 1h, severity: warning, cool_down: 10m, channels: [hook] }
  - { name: functions, kind: refusals-in-a-row, threshold: 2, window: 1h, codes: [SEAL_FUNCTION_*], severity: info, cool_down: 10m, channels: [hook] }
  - { name: questions, kind: sudden-volume, measure: questions, minimum: 4, factor: 2, window: 10m, baseline: 2h, severity: warning, cool_down: 5m, channels: [hook] }
  - { name: rows, kind: sudden-volume, measure: rows, minimum: 30, factor: 2, window: 10m, baseline: 2h, severity: warning, cool_down: 5m, channels: [hook] }
  - { name: device, kind: new-device, remember: 30d, severity: info, cool_down: 1h, channels: [hook] }
  - { name: country, kind: new-country, remember: 30d, severity: warning, cool_down: 1h, channels: [hook] }
  - { name: gap, kind: audit-gap, severity: critical, cool_down: 10m, channels: [hook, log] }
  - { name: grants, kind: grant-too-wide, severity: warning, cool_down: 1d, channels: [hook] }
  - { name: budget, kind: budget-spent, severity: info, cool_down: 1d, channels: [hook] }
delivery: { attempts: 3, first_retry: 5ms, longest_retry: 20ms, timeout: 2s }
`;

const SMALL = 'SELECT COUNT(*) FROM orders';
const CLOSED = 'SELECT * FROM nowhere';
const FUNCTION = 'SELECT SLEEP(1) FROM orders';

let offset = 0;
let marks = 0;
const lines: string[] = [];
const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const surround = {
  clock: () => Date.now() + offset,
  logger: { debug() {}, info: note, warn: note, error: note },
};
const folder = mkdtempSync(join(tmpdir(), 'swali-alerts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Settings of a gateway with rules whose webhooks go to a receiver. */
function settingsFor(receiver: WebhookReceiver, rules: string, name: string) {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, rules.replace('URL', receiver.url));
  return { ALERTS_FILE: file, ALERTS_ALLOW_PRIVATE: receiver.place, ALERTS_SECRET_HOOK: receiver.secret };
}

describe('alerts, over HTTP', () => {
  let hook: WebhookReceiver;
  let mail: MailServer;
  let gateway: TestGateway;
  beforeAll(async () => {
    hook = await startWebhookReceiver(undefined, () => surround.clock() / 1000);
    mail = await startMailServer();
    gateway = await openTestGateway(
      {
        ...settingsFor(hook, RULES, 'all'),
        ...{ SMTP_URL: mail.url, MAIL_FROM: 'Swali <no-reply@example.org>' },
        ...{ TRUST_PROXY: '1', COUNTRY_HEADER: 'CF-IPCountry' },
        // Time goes by in leaps here.
        ACCESS_TOKEN_TTL_S: '86400',
      },
      surround,
    );
  });
  afterAll(async () => {
    await gateway.close();
    await Promise.all([hook.close(), mail.close()]);
  });

  /** Waits until everything before it is decided over: reports are taken in order. */
  async function settle(): Promise<void> {
    marks += 1;
    gateway.alerting.reportGap({ reason: 'verify-failed', writer: `mark-${marks}`, detail: 'a mark of the test' });
    await expect.poll(() => hook.taken('gap').some(({ data }) => data.facts.writer === `mark-${marks}`)).toBe(true);
  }
  const raised = async (rule: string): Promise<number> => {
    await settle();
    return gateway.alerting.counts().raised[rule] ?? 0;
  };
  const signIn = async (identifier: string, password: string, headers: Record<string, string> = {}) => {
    const kind = identifier.startsWith('root') ? 'admin' : 'employee';
    const call = request(gateway.app).post(`/v1/auth/${kind}/login`).set(headers);
    return (await call.send({ identifier, password })).status;
  };
  const run = async (as: 'employee' | 'admin', sql: string) =>
    (await gateway.post('/v1/sql', as, { sql })).body.code ?? 'answered';

  it('tells of failed sign-ins of an account from its threshold on, once until it has cooled down', async () => {
    for (const n of [1, 2]) expect(await signIn('ada@example.org', `wrong ${n}`)).toBe(401);
    expect(await raised('account')).toBe(0);
    expect(await signIn('ada@example.org', 'wrong 3')).toBe(401);
    const [told] = await hook.waitFor(1, 'account');
    expect(told).toMatchObject({
      genuine: true,
      data: {
        kind: 'failed-logins',
        severity: 'warning',
        tenant: null,
        subject: 'employee:1',
        address: '127.0.0.x',
        facts: { count: 3, threshold: 3, window_s: 900 },
        suppressed: 0,
      },
    });
    const [record] = await gateway.records();
    expect(record?.event).toMatchObject({ requestId: told?.data.request_id });
    await signIn('ada@example.org', 'wrong 4');
    expect(await raised('account')).toBe(1);
    offset += 11 * MINUTE;
    await signIn('ada@example.org', 'wrong 5');
    const [, again] = await hook.waitFor(2, 'account');
    expect(again?.data).toMatchObject({ facts: { count: 5 }, suppressed: 1 });
    expect(again?.id).not.toBe(told?.id);
  });

  it('mails the same to each address, and writes it into the log', async () => {
    const last = await mail.waitFor(4);
    expect(last.text).toContain('failed sign-ins of employee:1 within 15 min');
    expect(last.source).toContain('Subject: [Swali] warning: account');
    expect(mail.mails.flatMap(({ to }) => to).sort()).toEqual([
      ...['night@example.org', 'night@example.org'],
      ...['security@example.org', 'security@example.org'],
    ]);
    const logged = lines.filter((line) => line.startsWith('alert: ') && line.includes('"rule":"account"'));
    expect(logged).toHaveLength(2);
  });

  it('tells of failed sign-ins from one address, whoever they name, and not of those of before the window', async () => {
    offset += 60 * MINUTE;
    const before = await raised('address');
    const from = { 'x-forwarded-for': '203.0.113.77' };
    for (const n of [1, 2, 3]) await signIn(`nobody${n}@example.org`, 'wrong', from);
    expect(await raised('address')).toBe(before);
    offset += 16 * MINUTE;
    await signIn('nobody4@example.org', 'wrong', from);
    await signIn('nobody5@example.org', 'wrong', { 'x-forwarded-for': '203.0.113.78' });
    expect(await raised('address')).toBe(before);
    for (const n of [6, 7, 8]) await signIn(`nobody${n}@example.org`, 'wrong', from);
    await expect.poll(() => hook.taken('address').at(-1)?.data.facts.count).toBe(4);
    const told = hook.taken('address').at(-1);
    expect(told?.data).toMatchObject({ subject: null, address: '203.0.113.x' });
    expect(told?.body).not.toContain('nobody');
    expect(told?.body).not.toContain('203.0.113.77');
  });

  it('does not take a missing second factor, or a password that is right, for a failure', async () => {
    const before = await raised('account');
    for (const _ of [1, 2, 3, 4]) expect(await signIn('root@example.org', PASSWORD)).toBe(200);
    expect(await raised('account')).toBe(before);
  });

  it('tells of refusals of one principal in a row, which an answer ends', async () => {
    for (const sql of [CLOSED, CLOSED, SMALL, CLOSED, CLOSED]) await run('employee', sql);
    await run('admin', CLOSED);
    expect(await raised('refusals')).toBe(0);
    expect(await run('employee', CLOSED)).toBe('SEAL_RELATION_UNKNOWN');
    const [told] = await hook.waitFor(1, 'refusals');
    expect(told).toMatchObject({ genuine: true, data: { subject: 'employee:1', facts: { count: 3, threshold: 3 } } });
    await run('employee', CLOSED);
    expect(await raised('refusals')).toBe(1);
    // A row that rests too long begins anew.
    offset += 61 * MINUTE;
    await run('employee', CLOSED);
    expect(await raised('refusals')).toBe(1);
  });

  it('looks at the codes that a rule names, and at no others', async () => {
    for (const sql of [FUNCTION, CLOSED]) await run('admin', sql);
    expect(await raised('functions')).toBe(0);
    expect(await run('admin', FUNCTION)).toBe('SEAL_FUNCTION_UNKNOWN');
    const [told] = await hook.waitFor(1, 'functions');
    expect(told?.data.facts).toMatchObject({ count: 2 });
  });

  it('tells of more questions than a principal is used to ask', async () => {
    offset += 300 * MINUTE;
    const before = await raised('questions');
    const ask = async (times: number) => {
      for (let n = 0; n < times; n += 1) expect(await run('employee', SMALL)).toBe('answered');
    };
    await ask(3);
    expect(await raised('questions')).toBe(before);
    offset += 20 * MINUTE;
    // Four would be told of without what came before; usual is three, so it takes six.
    await ask(5);
    expect(await raised('questions')).toBe(before);
    await ask(1);
    await expect
      .poll(() => hook.taken('questions').at(-1)?.data.facts)
      .toMatchObject({ count: 6, usual: 3, factor: 2 });
    expect(hook.taken('questions').at(-1)?.data.subject).toBe('employee:1');
  });

  it('tells of more rows than a principal is used to get', async () => {
    const take = async (rows: number) => {
      const { body } = await gateway.post('/v1/sql', 'admin', {
        sql: `SELECT id FROM orders ORDER BY id LIMIT ${rows}`,
      });
      expect(body.row_count).toBe(rows);
    };
    const before = await raised('rows');
    await take(29);
    expect(await raised('rows')).toBe(before);
    await take(1);
    await expect
      .poll(() => hook.taken('rows').at(-1)?.data)
      .toMatchObject({
        subject: 'admin:1',
        facts: { count: 30, usual: 0 },
      });
  });

  it('tells of a device that an account has not signed in with, and of no newer version of one', async () => {
    const from = (userAgent: string, address = '198.51.100.7') => ({
      'user-agent': userAgent,
      'x-forwarded-for': address,
    });
    const before = await raised('device');
    const signInWith = (headers: Record<string, string>) => signIn('vera@example.org', PASSWORD, headers);
    // Vera has signed in at the opening of the test, with a program without a name: that was learned.
    expect(await signInWith(from('Mozilla/5.0 (X11) Firefox/140.0'))).toBe(200);
    expect(await raised('device')).toBe(before + 1);
    expect(hook.taken('device').at(-1)).toMatchObject({
      genuine: true,
      data: { subject: 'employee:2', address: '198.51.100.x', facts: { compared: 'pair' } },
    });
    for (const headers of [
      from('Mozilla/5.0 (X11) Firefox/141.2', '198.51.100.200'),
      from('Mozilla/5.0 (X11) Firefox/9'),
    ])
      await signInWith(headers);
    await signIn('vera@example.org', 'wrong', from('curl/8'));
    expect(await raised('device')).toBe(before + 1);
    await signInWith(from('curl/8'));
    await signInWith(from('curl/8', '192.0.2.1'));
    expect(await raised('device')).toBe(before + 3);
    expect(
      hook
        .taken('device')
        .map(({ body }) => body)
        .join(),
    ).not.toMatch(/Mozilla|curl/);
  });

  it('tells of a country that an account has not signed in from, by the word of the proxy alone', async () => {
    const signInFrom = async (country: string | readonly string[]) => {
      const call = request(gateway.app)
        .post('/v1/auth/admin/login')
        .set('cf-ipcountry', country as string);
      expect((await call.send({ identifier: 'root@example.org', password: PASSWORD })).status).toBe(200);
    };
    const before = await raised('country');
    for (const country of ['KE', 'ke', 'XX', 'nowhere', '']) await signInFrom(country);
    expect(await raised('country')).toBe(before);
    await signInFrom('DE');
    expect(await raised('country')).toBe(before + 1);
    expect(hook.taken('country').at(-1)?.data).toMatchObject({ subject: 'admin:1', facts: { country: 'DE' } });
    await signInFrom('DE');
    await signInFrom(['FR', 'KE']);
    expect(await raised('country')).toBe(before + 1);
  });

  it('tells of rights that are too wide, and again once the list is another one', async () => {
    gateway.alerting.reportGrants([]);
    expect(await raised('grants')).toBe(0);
    gateway.alerting.reportGrants(['may write', 'may drop']);
    gateway.alerting.reportGrants(['may drop', 'may write']);
    const [told] = await hook.waitFor(1, 'grants');
    expect(told?.data.facts).toEqual({ count: 2, rights: ['may drop', 'may write'] });
    offset += 60 * MINUTE;
    gateway.alerting.reportGrants(['may write', 'may drop']);
    expect(await raised('grants')).toBe(1);
    gateway.alerting.reportGrants(['may write']);
    expect(await raised('grants')).toBe(2);
  });

  it('forgets the devices of an account that is erased', async () => {
    const count = () => {
      const store = new DatabaseSync(join(gateway.folder, 'store.sqlite'), { readOnly: true });
      try {
        return Number((store.prepare('SELECT COUNT(*) AS n FROM alert_known').get() as { n: number }).n);
      } finally {
        store.close();
      }
    };
    const before = count();
    const reply = await request(gateway.app)
      .delete('/v1/admin/employees/2')
      .set('authorization', `Bearer ${gateway.tokens.admin}`);
    expect(reply.status).toBeLessThan(300);
    await settle();
    // The first, Firefox, and curl from two networks.
    expect(count()).toBe(before - 4);
  });

  it('tells of an audit log that cannot be written, from memory where the store is what fails', async () => {
    const store = new DatabaseSync(join(gateway.folder, 'store.sqlite'), { timeout: 5000 });
    try {
      store.exec('ALTER TABLE audit_heads RENAME TO heads_away');
      expect(await run('employee', SMALL)).toBe('AUDIT_UNAVAILABLE');
      expect(await run('employee', SMALL)).toBe('AUDIT_UNAVAILABLE');
      const failing = () => hook.taken('gap').filter(({ data }) => data.facts.reason === 'append-failed');
      await expect.poll(() => failing().length).toBe(1);
      expect(failing()[0]).toMatchObject({ genuine: true, data: { severity: 'critical', suppressed: 0 } });
      await settle();
      store.exec('ALTER TABLE alert_cool_downs RENAME TO cool_downs_away');
      offset += 11 * MINUTE;
      for (const _ of [1, 2, 3]) expect(await run('employee', SMALL)).toBe('AUDIT_UNAVAILABLE');
      await expect.poll(() => failing().length).toBe(2);
      expect(lines.some((line) => line.startsWith('alerts cannot be decided over'))).toBe(true);
    } finally {
      for (const [name, away] of [
        ['audit_heads', 'heads_away'],
        ['alert_cool_downs', 'cool_downs_away'],
      ])
        if (store.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(away))
          store.exec(`ALTER TABLE ${away} RENAME TO ${name}`);
      store.close();
    }
    expect(await run('employee', SMALL)).toBe('answered');
    await settle();
  });

  it('sends nothing that is not signed, and nothing about anybody but their id', () => {
    expect(hook.calls.length).toBeGreaterThan(20);
    expect(hook.calls.every(({ genuine }) => genuine)).toBe(true);
    const everything = hook.calls.map(({ body }) => body).join('\n');
    expect(everything).not.toMatch(/@example\.org|SELECT|Mozilla|wrong \d/);
    expect(lines.join('\n')).not.toContain(hook.secret);
  });
});

it('tells of an account whose tokens of the model are spent, once a day', async () => {
  const hook = await startWebhookReceiver(undefined, () => surround.clock() / 1000);
  const model = await startModelServer();
  const tiers = join(folder, 'tiers.json');
  writeFileSync(tiers, JSON.stringify({ standard: { ...LIMITS, model_tokens_per_day: 1, over_budget: 'refuse' } }));
  const gateway = await openTestGateway(
    { ...settingsFor(hook, RULES, 'budget'), TIERS_FILE: tiers, OPENAI_BASE_URL: model.baseUrl },
    surround,
  );
  try {
    model.reply({ kind: 'answer', answer: { kind: 'sql', sql: SMALL, message: null, choices: [] } });
    const ask = async () =>
      (await gateway.post('/v1/ask', 'customer', { question: 'Give me the thing that we talked about.' })).status;
    expect(await ask()).toBe(200);
    expect(gateway.alerting.counts().raised.budget).toBeUndefined();
    for (const _ of [1, 2]) expect(await ask()).toBe(429);
    const [told] = await hook.waitFor(1, 'budget');
    expect(told?.data).toMatchObject({ subject: 'customer:1', severity: 'info', facts: { tier: 'standard' } });
    await expect.poll(() => gateway.alerting.counts().suppressed).toBeGreaterThan(0);
    expect(hook.taken('budget')).toHaveLength(1);
    offset += 24 * 60 * MINUTE;
    // Tokens of sessions have run out meanwhile; the budget of another day is another alert.
    const { body } = await request(gateway.app)
      .post('/v1/auth/customer/login')
      .send({ identifier: '103', password: PASSWORD });
    for (const expected of [200, 429]) {
      const reply = await request(gateway.app)
        .post('/v1/ask')
        .set('authorization', `Bearer ${body.access_token}`)
        .send({ question: 'Give me the thing that we talked about.' });
      expect(reply.status).toBe(expected);
    }
    await hook.waitFor(2, 'budget');
  } finally {
    await gateway.close();
    await Promise.all([hook.close(), model.close()]);
  }
});
