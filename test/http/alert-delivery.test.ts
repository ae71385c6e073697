import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, afterEach, expect, it } from 'vitest';
import { openAlerting } from '../../src/alerting.js';
import type { AuditEvent } from '../../src/audit/record.js';
import { parseSettings } from '../../src/config/settings.js';
import { openRecords } from '../../src/gateway.js';
import { openLocalServer } from '../support/local-server.js';
import { startMailServer } from '../support/mail-server.js';
import { startWebhookReceiver, type WebhookAnswer, type WebhookReceiver } from '../support/webhook-receiver.js';
import { openTestGateway, signIn, type TestGateway } from './open-test-gateway.js';

const rulesFor = (channels: string, first = '5ms') => `version: 1
channels:
${channels}
rules:
  - { name: login, kind: failed-logins, per: account, threshold: 1, window: 15m, severity: warning, cool_down: 1s }
delivery: { attempts: 3, first_retry: ${first}, longest_retry: 1h, timeout: 1s }
`;
const HOOK = '  hook: { type: webhook, url: URL, secret_env: ALERTS_SECRET_HOOK }';

const folder = mkdtempSync(join(tmpdir(), 'swali-delivery-'));
const opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let offset = 0;
const lines: string[] = [];
const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const surround = {
  clock: () => Date.now() + offset,
  logger: { debug() {}, info: note, warn: note, error: note },
};

async function receive(answer?: (call: number) => WebhookAnswer): Promise<WebhookReceiver> {
  const receiver = await startWebhookReceiver(answer, () => surround.clock() / 1000);
  opened.push(receiver);
  return receiver;
}

let files = 0;
function settingsFor(receiver: Pick<WebhookReceiver, 'url' | 'place' | 'secret'>, text = rulesFor(HOOK)) {
  files += 1;
  const file = join(folder, `${files}.yaml`);
  writeFileSync(file, text.replace('URL', receiver.url));
  return { ALERTS_FILE: file, ALERTS_ALLOW_PRIVATE: receiver.place, ALERTS_SECRET_HOOK: receiver.secret };
}

async function open(env: Record<string, string>): Promise<TestGateway> {
  const gateway = await openTestGateway(env, surround);
  opened.push(gateway);
  return gateway;
}

/** A sign-in that was refused. */
const refused = (subject: string): AuditEvent => ({
  event: 'login',
  method: 'password',
  provider: null,
  requestId: 'r1',
  address: '192.0.2.9',
  userAgent: null,
  tenant: null,
  subject,
  kind: 'customer',
  decision: 'refused',
  code: 'AUTH_CREDENTIALS_WRONG',
});

/** The audit log and the alerts over it, without the rest. */
async function start(env: Record<string, string>) {
  const dataDir = env.DATA_DIR ?? mkdtempSync(join(folder, 'data-'));
  const surroundings = { settings: parseSettings({ ...env, DATA_DIR: dataDir }), ...surround };
  const records = await openRecords(surroundings, 'test');
  const alerting = openAlerting(surroundings, records, { pauseMs: 0, pollMs: 20 });
  let stopped: Promise<void> | null = null;
  const watched = {
    alerting,
    folder: dataDir,
    refuse: (subject = 'customer:1') => alerting.audit.append(refused(subject)),
    stop: () => (stopped ??= alerting.close().then(() => records.close())),
  };
  opened.push({ close: watched.stop });
  return watched;
}

const guess = (gateway: TestGateway) => signIn(gateway.app, 'employee', 'ada@example.org', 'wrong');
const rowsOf = (gateway: Pick<TestGateway, 'folder'>) => {
  const store = new DatabaseSync(join(gateway.folder, 'store.sqlite'), { readOnly: true });
  try {
    return store.prepare('SELECT channel, recipient, attempts, dead_at, fault FROM alert_deliveries').all() as Record<
      string,
      unknown
    >[];
  } finally {
    store.close();
  }
};

it('tries again what was not taken, with the same id and body and a signature of its own, and answers meanwhile', async () => {
  const hook = await receive((call) => ({ status: call <= 2 ? 503 : 204 }));
  const gateway = await open(settingsFor(hook));
  expect((await guess(gateway)).status).toBe(401);
  await hook.waitFor(1);
  expect(hook.calls.map(({ status, genuine }) => [status, genuine])).toEqual([
    [503, true],
    [503, true],
    [204, true],
  ]);
  expect(new Set(hook.calls.map(({ id }) => id)).size).toBe(1);
  expect(new Set(hook.calls.map(({ body }) => body)).size).toBe(1);
  expect(hook.calls[0]?.id).toBe(hook.calls[0]?.data.id);
  await expect.poll(() => gateway.alerting.counts()).toMatchObject({ delivered: 1, failed: 2, dead: 0 });
  expect(rowsOf(gateway)).toEqual([]);
});

it('gives up a receiver that is down for ever, says so, and keeps what it could not deliver', async () => {
  const hook = await receive(() => ({ status: 500 }));
  const gateway = await open(settingsFor(hook));
  await guess(gateway);
  await expect.poll(() => gateway.alerting.counts().dead).toBe(1);
  expect(hook.calls).toHaveLength(3);
  expect(rowsOf(gateway)).toMatchObject([
    { channel: 'hook', attempts: 3, dead_at: expect.any(Number), fault: 'the receiver answered 500' },
  ]);
  const said = lines.findLast((line) => line.startsWith('an alert could not be delivered and is given up'));
  expect(said).toContain('"failures":3');
  expect(said).not.toContain(hook.secret);
  expect(said).not.toContain(hook.url);
});

it('gives up at once where the receiver says that it is gone for good', async () => {
  const hook = await receive(() => ({ status: 410 }));
  const gateway = await start(settingsFor(hook));
  await gateway.refuse();
  await expect.poll(() => gateway.alerting.counts().dead).toBe(1);
  expect(hook.calls).toHaveLength(1);
});

it('waits as long as the receiver asks for', async () => {
  const hook = await receive((call) =>
    call === 1 ? { status: 429, headers: { 'retry-after': '3600' } } : { status: 200 },
  );
  const gateway = await start(settingsFor(hook));
  await gateway.refuse();
  await expect.poll(() => gateway.alerting.counts().failed).toBe(1);
  offset += 3_500_000;
  // Another alert goes through while the first still waits.
  await gateway.refuse('customer:2');
  const [second] = await hook.waitFor(1);
  expect(hook.calls.map(({ id }) => id)).toEqual([hook.calls[0]?.id, second?.id]);
  expect(second?.id).not.toBe(hook.calls[0]?.id);
  offset += 200_000;
  const [, first] = await hook.waitFor(2);
  expect(first?.id).toBe(hook.calls[0]?.id);
});

it('follows no redirect, and calls nobody at an address that is not opened', async () => {
  const inner = await openLocalServer();
  opened.push(inner);
  let reached = 0;
  inner.answerWith((_request, response) => {
    reached += 1;
    response.end();
  });
  const hook = await receive(() => ({ status: 302, headers: { location: `${inner.address}/` } }));
  const gateway = await start(settingsFor(hook));
  await gateway.refuse();
  await expect.poll(() => gateway.alerting.counts().dead).toBe(1);
  // A name that leads to this machine is met when it is resolved, at each try.
  const named = {
    ...hook,
    url: `http://localhost:${new URL(inner.address).port}/`,
    place: `10.0.0.5:${new URL(inner.address).port}`,
  };
  const other = await start(settingsFor(named));
  await other.refuse();
  await expect.poll(() => other.alerting.counts().dead).toBe(1);
  expect(rowsOf(other)[0]?.fault).toMatch(/^OUTGOING_REFUSED, the name goes to an address that is loopback/);
  expect(reached).toBe(0);
});

it('mails to each address by itself, again only to whom the mail did not go', async () => {
  const mail = await startMailServer({
    onRcptTo({ address }, _session, done) {
      done(address === 'away@example.org' ? new Error('no such box') : null);
    },
  });
  opened.push(mail);
  const text = rulesFor('  mail: { type: email, to: [here@example.org, away@example.org] }');
  const gateway = await start({
    ...settingsFor({ url: '', place: '127.0.0.1:1', secret: '' }, text),
    ...{ SMTP_URL: mail.url, MAIL_FROM: 'no-reply@example.org' },
  });
  await gateway.refuse();
  await expect.poll(() => gateway.alerting.counts()).toMatchObject({ delivered: 1, failed: 3, dead: 1 });
  expect(mail.mails.map(({ to }) => to)).toEqual([['here@example.org']]);
  expect(rowsOf(gateway)).toMatchObject([{ recipient: 'away@example.org', attempts: 3 }]);
});

it('loses no alert over a restart, and gives up what has no channel any more', async () => {
  let down = true;
  const hook = await receive(() => ({ status: down ? 503 : 204 }));
  const dataDir = mkdtempSync(join(folder, 'data-'));
  const env = { DATA_DIR: dataDir, ...settingsFor(hook, rulesFor(HOOK, '1h')) };
  const first = await start(env);
  await first.refuse('customer:1');
  await first.refuse('customer:2');
  await expect.poll(() => first.alerting.counts().failed).toBe(2);
  await first.stop();
  down = false;
  offset += 3_600_000;
  const second = await start(env);
  const taken = await hook.waitFor(2);
  expect(taken.map(({ data }) => data.subject).sort()).toEqual(['customer:1', 'customer:2']);
  expect(new Set(hook.calls.map(({ id }) => id)).size).toBe(2);
  down = true;
  await second.refuse('customer:3');
  await expect.poll(() => second.alerting.counts().failed).toBe(1);
  await second.stop();
  offset += 3_600_000;
  const { ALERTS_FILE: _none, ...without } = env;
  const third = await start(without);
  await expect.poll(() => third.alerting.counts().dead).toBe(1);
  await third.stop();
});
