import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeDemo } from '../../src/demo/make-demo.js';
import { describeEngines } from '../engines/engines.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';
import { ACCOUNTS, serveGateway } from './served-gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-alert-grants-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeEngines(
  'a gateway on an account that may write',
  'SELECT 1',
  (engine) => {
    it('tells of it when it starts, and not again at the next start', async () => {
      await makeDemo({ target: engine.url, scale: 0.2, seed: 1, today: '2026-03-01' });
      const hook = await startWebhookReceiver(undefined, () => Date.parse('2026-03-01T12:00:00Z') / 1000);
      const file = join(folder, 'alerts.yaml');
      const channel = `hook: { type: webhook, url: "${hook.url}", secret_env: ALERTS_SECRET_HOOK }`;
      writeFileSync(file, `version: 1\nchannels:\n  ${channel}\n`);
      const env = {
        ...{ SOURCE_URL: engine.url, ALLOW_WIDE_GRANTS: 'on', STORE_URL: `sqlite:${join(folder, 'store.sqlite')}` },
        ...{ ALERTS_FILE: file, ALERTS_ALLOW_PRIVATE: hook.place, ALERTS_SECRET_HOOK: hook.secret },
        STORE_KEY: 'Zt-0f1e2d3c4b5a69788796a5f4e3d2c1b0',
      };
      try {
        const first = await serveGateway(ACCOUNTS, env);
        const [told] = await hook.waitFor(1, 'grant-too-wide').finally(() => first.stop());
        expect(told).toMatchObject({ genuine: true, data: { tenant: null, subject: null } });
        expect(told?.data.facts.count).toBeGreaterThan(0);
        const second = await serveGateway({}, env);
        await second.stop();
        expect(hook.taken('grant-too-wide')).toHaveLength(1);
      } finally {
        await hook.close();
      }
    });
  },
  ['mariadb'],
);
