import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../support/run-command.js';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-alerts-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('swali alerts', () => {
  let hook: WebhookReceiver;
  let status = 204;
  let env: Record<string, string>;
  beforeAll(async () => {
    hook = await startWebhookReceiver(() => ({ status }));
    const file = join(folder, 'alerts.yaml');
    writeFileSync(
      file,
      `version: 1
channels:
  hook: { type: webhook, url: "${hook.url}?token=hidden", secret_env: ALERTS_SECRET_HOOK }
  log: { type: log }
`,
    );
    env = {
      ...{ DATA_DIR: folder, LOG_LEVEL: 'silent', ALERTS_FILE: file },
      ...{ ALERTS_ALLOW_PRIVATE: hook.place, ALERTS_SECRET_HOOK: hook.secret },
    };
  });
  afterAll(() => hook.close());

  it('checks the file and prints what holds, without a secret', async () => {
    const { code, out, err } = await runCommand(env, ['alerts', 'check']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`channel hook: webhook to ${hook.place}\n`);
    expect(out).toContain('rule audit-gap: audit-gap, critical, to hook, log\n');
    expect(out).toContain('COUNTRY_HEADER is not set');
    expect(out).toMatch(/^10 rules, 2 channels: no fault\.$/m);
    expect(out).not.toMatch(/whsec_|hidden/);
  });

  it('refuses a file with faults, with their lines', async () => {
    const bad = join(folder, 'bad.yaml');
    writeFileSync(bad, 'version: 2\nchannels: {}\n');
    const { code, err } = await runCommand({ ...env, ALERTS_FILE: bad }, ['alerts', 'check']);
    expect(code).toBe(1);
    expect(err).toMatch(/SETTINGS_INVALID.*\n?.*bad\.yaml:1: .*version/);
    expect(err).toContain('bad.yaml:2: ');
  });

  it('sends a signed test to every channel, or to the one named', async () => {
    const all = await runCommand(env, ['alerts', 'test']);
    expect([all.code, all.out]).toEqual([0, 'hook: taken\nlog: taken\n']);
    expect(hook.calls).toMatchObject([{ genuine: true, data: { kind: 'test', rule: 'test' } }]);
    const one = await runCommand(env, ['alerts', 'test', '--channel', 'log']);
    expect([one.code, one.out]).toEqual([0, 'log: taken\n']);
    expect(hook.calls).toHaveLength(1);
    const none = await runCommand(env, ['alerts', 'test', '--channel', 'pigeon']);
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('ALERT_CHANNEL_UNKNOWN')]);
  });

  it('says who did not take it, and exits with 1', async () => {
    status = 500;
    const { code, out, err } = await runCommand(env, ['alerts', 'test']);
    expect([code, out]).toEqual([1, 'hook: NOT taken: the receiver answered 500\nlog: taken\n']);
    expect(err).toContain('ALERT_NOT_DELIVERED');
    status = 204;
  });

  it('is told of a chain that audit verify finds broken, before the command ends', async () => {
    const args = ['users', 'add', 'customer', '--identifier', '103', '--password-stdin'];
    expect((await runCommand({ ...env, BCRYPT_COST: '4' }, args, 'correct horse battery')).code).toBe(0);
    expect((await runCommand(env, ['audit', 'verify'])).code).toBe(0);
    const before = hook.calls.length;
    const store = new DatabaseSync(join(folder, 'store.sqlite'));
    store.exec('UPDATE audit_heads SET sequence = sequence + 1');
    store.close();
    expect((await runCommand(env, ['audit', 'verify'])).code).toBe(1);
    const told = hook.calls.slice(before);
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]).toMatchObject({
      genuine: true,
      data: { rule: 'audit-gap', severity: 'critical', facts: { reason: 'verify-failed' } },
    });
  });
});
