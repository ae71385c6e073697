import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAlertPlan } from '../../src/alert-channels.js';
import { parseSettings } from '../../src/config/settings.js';
import { SwaliError } from '../../src/errors/swali-error.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-alert-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'alerts.yaml');
const SECRET = `whsec_${Buffer.from(Array.from({ length: 32 }, (_, n) => n * 5)).toString('base64')}`;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

function read(text: string, env: Record<string, string> = {}, production = false) {
  writeFileSync(file, text);
  const settings = parseSettings({ ALERTS_FILE: file, ALERTS_SECRET_HOOK: SECRET, ...env });
  return readAlertPlan({ ...settings, production }, silent);
}

/** The lines of the refusal, without the path of the file. */
function faultsOf(text: string, env: Record<string, string> = {}, production = false): readonly string[] {
  try {
    read(text, env, production);
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    expect(error.code).toBe('SETTINGS_INVALID');
    return (error.detail ?? '')
      .replaceAll(`${file}:`, '')
      .replace(/^ALERTS_FILE: /, '')
      .split('\n');
  }
  return [];
}

const rule = (fields: string) => `version: 1
channels: { log: { type: log } }
rules:
  - { name: one, severity: info, cool_down: 1h, ${fields} }
`;
const hook = (fields: string) => `version: 1
channels:
  hook: { type: webhook, ${fields} }
`;

describe('the file of alerts', () => {
  it('is not needed: the built-in rules are of every kind, and go into the log', () => {
    const { rules, channels } = readAlertPlan(parseSettings({}), silent);
    expect([...new Set(rules.map(({ kind }) => kind))].sort()).toEqual([
      ...['audit-gap', 'budget-spent', 'failed-logins', 'grant-too-wide', 'new-country', 'new-device'],
      ...['refusals-in-a-row', 'sudden-volume'],
    ]);
    expect([...channels.keys()]).toEqual(['log']);
  });

  it('may leave the rules out: then the built-in ones go to its channels', () => {
    const plan = read(hook('url: https://hooks.example.com/x, secret_env: ALERTS_SECRET_HOOK'));
    expect(plan.rules.length).toBeGreaterThanOrEqual(8);
    expect([...plan.described]).toEqual([['hook', 'webhook to hooks.example.com']]);
    expect(plan.delivery).toMatchObject({ attempts: 10, first_retry: 5000 });
  });

  it('tells every fault at once, each with its line', () => {
    const text = `version: 1
channels:
  hook: { type: webhook, url: "http://10.0.0.1/", secret_env: ALERTS_SECRET_NONE }
  mail: { type: email, to: ["a b@example.org"] }
  pigeon: { type: pigeon }
rules:
  - { name: one, kind: failed-logins, per: street, threshold: 0, window: 15, severity: loud, cool_down: 1h }
  - { name: two, kind: new-moon, severity: info, cool_down: 1h }
`;
    const faults = faultsOf(text);
    for (const [line, words] of [
      [4, 'expected one bare e-mail address'],
      [5, 'channels.pigeon'],
      [7, 'expected account or address'],
      [7, 'expected a whole number from 1 to 100000'],
      [7, 'expected a time such as 15m'],
      [7, 'expected one of info, warning, critical'],
      [8, 'rules.1.kind'],
    ] as const)
      expect(faults.some((fault) => fault.startsWith(`${line}: `) && fault.includes(words))).toBe(true);
  });

  it.each([
    [
      'a channel that is not there',
      rule('kind: audit-gap, channels: [pager]'),
      '4: rules.0.channels.0: there is no channel pager',
    ],
    [
      'two rules of one name',
      `${rule('kind: audit-gap')}  - { name: one, severity: info, cool_down: 1h, kind: audit-gap }\n`,
      '5: rules.1.name: another rule has this name',
    ],
    [
      'a key that is not in the format',
      rule('kind: audit-gap, thresh: 1'),
      '4: rules.0.thresh: is not a key of this format',
    ],
    [
      'a baseline shorter than two windows',
      rule('kind: sudden-volume, measure: rows, minimum: 1, factor: 2, window: 1h, baseline: 1h'),
      '4: rules.0.baseline: expected two windows or more',
    ],
    [
      'a webhook without a secret',
      hook('url: https://hooks.example.com/'),
      '3: channels.hook: expected either secret_env or secret_file: webhooks are signed',
    ],
    [
      'a secret that is not set',
      hook('url: https://hooks.example.com/, secret_env: ALERTS_SECRET_NONE'),
      '3: the secret is not set, or cannot be read',
    ],
    [
      'a secret of the gateway’s own',
      hook('url: https://hooks.example.com/, secret_env: STORE_KEY'),
      '3: channels.hook.secret_env: expected the name of a variable that begins with ALERTS_SECRET_',
    ],
    [
      'a file of a secret that is not there',
      hook('url: https://hooks.example.com/, secret_file: none'),
      '3: the secret is not set, or cannot be read',
    ],
    [
      'an internal address',
      hook('url: https://192.168.1.1/, secret_env: ALERTS_SECRET_HOOK'),
      '3: the address goes to an address that is private',
    ],
    [
      'a password in the address',
      hook('url: https://a:b@hooks.example.com/, secret_env: ALERTS_SECRET_HOOK'),
      '3: the address has a user or password in it',
    ],
    ['nothing', '', '1: Invalid input: expected object, received null'],
  ])('refuses %s', (_what, text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  it('never tells a secret', () => {
    const bad = `whsec_${'A'.repeat(32)}`;
    const faults = faultsOf(hook('url: https://hooks.example.com/, secret_env: ALERTS_SECRET_HOOK'), {
      ALERTS_SECRET_HOOK: bad,
    });
    expect(faults).toEqual(['3: the secret is not usable, expected whsec_ and 24 to 64 random bytes as base64']);
    expect(faults.join()).not.toContain(bad);
  });

  it('takes secrets from files beside it, and from those that the environment names', () => {
    writeFileSync(join(folder, 'secret'), `${SECRET}\n`);
    expect(read(hook('url: https://hooks.example.com/, secret_file: secret')).channels.size).toBe(1);
    const env = { ALERTS_SECRET_OTHER_FILE: join(folder, 'secret') };
    expect(read(hook('url: https://hooks.example.com/, secret_env: ALERTS_SECRET_OTHER'), env).channels.size).toBe(1);
  });

  it('is stricter in production: https, and mail that can be sent', () => {
    const plain = hook('url: http://hooks.example.com/, secret_env: ALERTS_SECRET_HOOK');
    expect(faultsOf(plain)).toEqual([]);
    expect(faultsOf(plain, {}, true)).toEqual(['3: the address is not https']);
    const mail = 'version: 1\nchannels:\n  mail: { type: email, to: [a@example.org] }\n';
    expect(faultsOf(mail)).toEqual([]);
    expect(faultsOf(mail, {}, true)).toEqual(['3: mail cannot be sent, as SMTP_URL is not set']);
  });
});
