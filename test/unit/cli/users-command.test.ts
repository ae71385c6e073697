import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDigestKey } from '../../../src/audit/alerts/digest-key.js';
import { accountKey } from '../../../src/audit/alerts/observation.js';
import { parseSettings } from '../../../src/config/settings.js';
import { openRecords } from '../../../src/gateway.js';
import { openSignInAttempts, readStoreKey } from '../../../src/store-key.js';
import { runCommand } from '../../support/run-command.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const PASSWORD = 'correct horse battery';

let env: Readonly<Record<string, string>>;
beforeEach(() => {
  env = { DATA_DIR: mkdtempSync(join(tmpdir(), 'swali-users-')), BCRYPT_COST: '4' };
});
afterEach(() => rmSync(env.DATA_DIR ?? '', { recursive: true, force: true }));

const run = (args: readonly string[], input = '') => runCommand(env, args, input);

/** Opens the gateway's own side over the same store. */
async function open() {
  const surroundings = { settings: parseSettings(env), clock: Date.now, logger: silent };
  const records = await openRecords(surroundings, 'test');
  return { ...records, attempts: openSignInAttempts(surroundings, records.store) };
}

const addCustomer = () =>
  run(
    ['users', 'add', 'customer', '--identifier', 'cy@example.org', '--customer-number', '103', '--password-stdin'],
    PASSWORD,
  );

describe('users add', () => {
  it('refuses a password made of the customer’s number, in words that say what to change', async () => {
    const args = ['users', 'add', 'customer', '--identifier', 'KX-77-31-0045', '--password-stdin'];
    const refused = await run(args, 'kx-77-31-0045');
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toMatch(/^IDENTITY_INPUT_INVALID: .*Add more words that are less common\./);
    expect((await run(args, PASSWORD)).out).toBe('Added customer:1.\n');
  });
});

describe('users unlock', () => {
  it('ends the wait of an account from everywhere, under either name, and puts that on record', async () => {
    await addCustomer();
    const { attempts, audit, close } = await open();
    const fail = async (identifier: string, address: string) =>
      (await attempts.begin({ tenant: null, kind: 'customer' }, identifier, address)).fail();
    for (let each = 0; each < 12; each += 1) await fail('cy@example.org', '203.0.113.9');
    for (let each = 0; each < 12; each += 1) await fail('103', `198.51.100.${each}`);
    const waitS = async (identifier: string, address: string) =>
      (await attempts.begin({ tenant: null, kind: 'customer' }, identifier, address)).waitS;
    expect(await waitS('cy@example.org', '203.0.113.9')).toBeGreaterThan(0);
    expect(await waitS('103', '192.0.2.77')).toBeGreaterThan(0);

    expect(await run(['users', 'unlock', 'customer', ' CY@example.org'])).toEqual({
      code: 0,
      out: 'Cleared 13 counts of failed sign-ins of customer:1.\n',
      err: '',
    });
    expect(await waitS('cy@example.org', '203.0.113.9')).toBe(0);
    expect(await waitS('103', '192.0.2.77')).toBe(0);
    const events = (await audit.list({ limit: 10 })).map(({ event }) => event);
    expect(events[0]).toMatchObject({ event: 'operator', action: 'users unlock customer', reasons: ['customer:1'] });
    await close();
  });

  it('refuses an unknown kind and an account that is not there, and records nothing', async () => {
    await addCustomer();
    const unknown = await run(['users', 'unlock', 'customer', '104']);
    expect([unknown.code, unknown.err]).toEqual([
      1,
      expect.stringContaining('(there is no customer with that identifier)'),
    ]);
    const misnamed = await run(['users', 'unlock', 'client', '103']);
    expect([misnamed.code, misnamed.err]).toEqual([1, expect.stringContaining('(the kind is one of')]);
    expect((await run(['users', 'unlock', 'customer'])).code).toBe(2);
    const { audit, close } = await open();
    expect(await audit.list({ limit: 10 })).toHaveLength(1);
    await close();
  });
});

it('users erase forgets the devices that alerts know of the account, and of nobody else', async () => {
  await addCustomer();
  const { store, close } = await open();
  const digestOf = createDigestKey(readStoreKey({ settings: parseSettings(env) }));
  const rows = ['customer:1', 'customer:2'].map((subject) => ({
    digest: digestOf('known', 'new-device', subject),
    account_digest: digestOf('account', ...accountKey(null, subject)),
    tenant: '',
    rule: 'new-device',
    first_at: 1,
    expires_at: 2,
  }));
  await store.run((db) => db.insertInto('alert_known').values(rows).execute());
  expect((await run(['users', 'erase', 'customer', '103'])).out).toBe('Erased customer:1.\n');
  const left = await store.run((db) => db.selectFrom('alert_known').select('account_digest').execute());
  expect(left).toEqual([{ account_digest: rows[1]?.account_digest }]);
  await close();
});

describe('users list, change and erase', () => {
  it('show, change and remove accounts, on record', async () => {
    await addCustomer();
    await run(
      ['users', 'add', 'employee', '--identifier', 'ada@example.org', '--role', 'member', '--password-stdin'],
      PASSWORD,
    );
    expect((await run(['users', 'list', 'customer'])).out).toBe(
      'customer:1  cy@example.org  active  tier standard  customer number 103\n',
    );
    const changed = await run([
      ...['users', 'change', 'employee', 'ADA@example.org', '--role', 'viewer'],
      ...['--allow-tables', 'orders, payments', '--tier', 'free', '--status', 'disabled'],
    ]);
    const line = 'employee:1  ada@example.org  disabled  tier free  role viewer  tables orders,payments\n';
    expect(changed).toEqual({ code: 0, out: line, err: '' });
    expect((await run(['users', 'list', 'employee'])).out).toBe(line);
    const { audit, close } = await open();
    const newest = async () => (await audit.list({ limit: 10 })).map(({ event }) => event as Record<string, unknown>);
    expect((await newest())[0]).toMatchObject({
      action: 'change',
      before: { role: 'member', allowTables: [], tier: 'standard', status: 'active' },
      after: { role: 'viewer', allowTables: ['orders', 'payments'], tier: 'free', status: 'disabled' },
    });
    expect((await run(['users', 'erase', 'employee', 'ada@example.org'])).out).toBe('Erased employee:1.\n');
    expect((await run(['users', 'list', 'employee'])).out).toBe('');
    // Who they were goes with them, from the records of before too.
    expect((await newest()).slice(0, 2)).toMatchObject([
      { event: 'account', action: 'erase', subject: 'operator', address: 'cli', target: 'employee:1' },
      {
        event: 'account',
        action: 'change',
        target: 'employee:1',
        withheld: ['employee:1'],
      },
    ]);
    await close();
  });

  it.each([
    [['change', 'customer', 'cy@example.org'], /say what to change/],
    [['change', 'customer', 'cy@example.org', '--status', 'gone'], /the status is active or disabled/],
    [['change', 'customer', 'cy@example.org', '--role', 'member'], /only employees have a role/],
    [['change', 'customer', 'nobody@example.org', '--tier', 'free'], /there is no customer with that identifier/],
    [['erase', 'robot', 'cy@example.org'], /the kind is one of/],
    [['erase', 'customer', 'nobody@example.org'], /there is no customer with that identifier/],
    [['list', 'robot'], /the kind is one of/],
  ])('refuse %j', async (args, message) => {
    await addCustomer();
    const refused = await run(['users', ...args]);
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toMatch(message);
    expect((await run(['users', 'list', 'customer'])).out).toContain('active  tier standard');
  });

  it('keep the last active admin', async () => {
    await run(['users', 'add', 'admin', '--identifier', 'root@example.org', '--password-stdin'], PASSWORD);
    for (const args of [
      ['change', 'admin', 'root@example.org', '--status', 'disabled'],
      ['erase', 'admin', 'root@example.org'],
    ]) {
      const refused = await run(['users', ...args]);
      expect([refused.code, refused.err.split(':')[0]]).toEqual([1, 'IDENTITY_LAST_ADMIN']);
    }
  });
});
