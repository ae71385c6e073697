import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';
import { serveTenants, type TenantGateway } from './tenant-gateway.js';

const RULES = `version: 1
channels:
  hook: { type: webhook, url: URL, secret_file: secret }
rules:
  - { name: login, kind: failed-logins, per: account, threshold: 3, window: 15m, severity: warning, cool_down: 1h }
  - { name: address, kind: failed-logins, per: address, threshold: 5, window: 15m, severity: warning, cool_down: 1h }
  - { name: refusals, kind: refusals-in-a-row, threshold: 3, window: 15m, severity: warning, cool_down: 1h }
  - { name: of-globex, kind: refusals-in-a-row, threshold: 2, window: 15m, severity: info, cool_down: 1h, tenants: [globex] }
`;

describe('alerts of several companies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'swali-alert-tenants-'));
  let hook: WebhookReceiver;
  let gateway: TenantGateway;
  beforeAll(async () => {
    // The whole program runs at one time of the past.
    hook = await startWebhookReceiver(undefined, () => Date.parse('2026-03-01T12:00:00Z') / 1000);
    const file = join(folder, 'alerts.yaml');
    writeFileSync(file, RULES.replace('URL', hook.url));
    writeFileSync(join(folder, 'secret'), `${hook.secret}\n`);
    gateway = await serveTenants({ ALERTS_FILE: file, ALERTS_ALLOW_PRIVATE: hook.place });
  });
  afterAll(async () => {
    await gateway?.stop();
    await hook.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('count each company by itself, and name it', async () => {
    // Ada of acme and Ada of globex sign in by the same name, from the same address.
    for (const name of ['acmeEmployee', 'acmeEmployee', 'globexEmployee', 'globexEmployee'] as const)
      expect((await gateway.signIn(name, 'wrong')).status).toBe(401);
    await gateway.signIn('acmeEmployee', 'wrong');
    const [told] = await hook.waitFor(1, 'login');
    expect(told).toMatchObject({ genuine: true, data: { tenant: 'acme', facts: { count: 3 } } });
    expect(hook.calls).toHaveLength(1);
  });

  it('go by the rules of a company where a rule is for one', async () => {
    const refuse = (name: 'acmeAdmin' | 'globexAdmin') => gateway.sql(name, 'SELECT * FROM nowhere');
    for (const name of ['acmeAdmin', 'globexAdmin', 'acmeAdmin', 'globexAdmin'] as const)
      expect((await refuse(name)).status).toBe(403);
    const [told] = await hook.waitFor(1, 'of-globex');
    expect(told?.data.tenant).toBe('globex');
    await refuse('acmeAdmin');
    const [other] = await hook.waitFor(1, 'refusals');
    expect(other?.data).toMatchObject({ tenant: 'acme', facts: { count: 3 } });
    expect(hook.taken('of-globex')).toHaveLength(1);
  });
});
