import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseSettings } from '../../src/config/settings.js';
import { openCatalog } from '../../src/gateway.js';
import { describeEngines } from '../engines/engines.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-zone-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'shop.yaml'), 'version: 1\ndefaults: { time_zone: Africa/Nairobi }\n');

describeEngines(
  'NOW() on a server',
  'CREATE TABLE things (id INT PRIMARY KEY);',
  (engine) => {
    it.each([
      ['the default of the policy', {}, 10_800],
      ['the setting, where it is given', { TIME_ZONE: 'UTC' }, 0],
    ] as const)('is in the zone of %s', async (_name, env, expected) => {
      const settings = parseSettings({
        DATA_DIR: folder,
        POLICY_DIR: folder,
        SOURCE_NAME: 'shop',
        SOURCE_URL: engine.url,
        ALLOW_WIDE_GRANTS: 'on',
        ...env,
      });
      const logger = { debug() {}, info() {}, warn() {}, error() {} };
      const { source } = await openCatalog({ settings, clock: Date.now, logger });
      try {
        const [row] = await source.inspect('SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW()) AS ahead');
        expect(row?.ahead).toBe(expected);
      } finally {
        await source.close();
      }
    });
  },
  ['mariadb', 'mysql'],
);
