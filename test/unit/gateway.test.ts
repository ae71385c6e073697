import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/config/settings.js';
import { timeZoneOf } from '../../src/gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-zone-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the time zone of "today" and NOW()', () => {
  it.each([
    ['the default of the policy, where TIME_ZONE is not set', '{ time_zone: Africa/Nairobi }', {}, 'Africa/Nairobi'],
    ['TIME_ZONE, where it is set', '{ time_zone: Africa/Nairobi }', { TIME_ZONE: 'Europe/Berlin' }, 'Europe/Berlin'],
    ['TIME_ZONE, set to what would hold anyway', '{ time_zone: Africa/Nairobi }', { TIME_ZONE: 'UTC' }, 'UTC'],
    ['UTC, where nobody says otherwise', '{ currency: KES }', {}, 'UTC'],
  ] as const)('is %s', (_name, defaults, env, expected) => {
    writeFileSync(join(folder, 'demo.yaml'), `version: 1\ndefaults: ${defaults}\n`);
    expect(timeZoneOf(parseSettings({ POLICY_DIR: folder, ...env }))).toBe(expected);
  });
});
