import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/config/settings.js';
import { openRecords } from '../../../src/gateway.js';
import { principalFor } from '../../../src/identify/operator.js';
import { runCommand } from '../../support/run-command.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const WHO = 'ada@example.org';

let env: Readonly<Record<string, string>>;
beforeEach(async () => {
  env = { DATA_DIR: mkdtempSync(join(tmpdir(), 'swali-groups-')), BCRYPT_COST: '4' };
  const add = ['users', 'add', 'employee', '--identifier', WHO, '--allow-tables', 'orders', '--password-stdin'];
  expect((await runCommand(env, add, 'correct horse battery')).code).toBe(0);
});
afterEach(() => rmSync(env.DATA_DIR ?? '', { recursive: true, force: true }));

const run = (...args: readonly string[]) => runCommand(env, ['groups', ...args]);

/** Runs work over the gateway's own side of the same store. */
async function withRecords<T>(work: (records: Awaited<ReturnType<typeof openRecords>>) => Promise<T>): Promise<T> {
  const records = await openRecords({ settings: parseSettings(env), clock: Date.now, logger: silent }, 'test');
  return work(records).finally(() => records.close());
}
const tables = () => withRecords(async ({ store }) => (await principalFor(store, null, `employee:${WHO}`)).allowTables);

describe('groups', () => {
  it('are added, joined, changed, listed, left and removed, on record', async () => {
    const line = (name: string, list: string, members: string) =>
      `group:1  ${name}  tables ${list}  members ${members}\n`;
    const done = (out: string) => ({ code: 0, out, err: '' });
    expect(await run('add', 'sales', '--allow-tables', 'payments, invoices')).toEqual(
      done(line('sales', 'payments,invoices', 'none')),
    );
    expect(await run('join', 'sales', ` ${WHO.toUpperCase()}`)).toEqual(
      done(line('sales', 'payments,invoices', 'employee:1')),
    );
    expect(await tables()).toEqual(['orders', 'invoices', 'payments']);
    expect(await run('change', 'sales', '--name', 'desk', '--allow-tables', 'branches')).toEqual(
      done(line('desk', 'branches', 'employee:1')),
    );
    expect(await tables()).toEqual(['orders', 'branches']);
    expect(await run('list')).toEqual(done(line('desk', 'branches', 'employee:1')));
    expect(await run('leave', 'desk', WHO)).toEqual(done(line('desk', 'branches', 'none')));
    expect(await tables()).toEqual(['orders']);
    expect(await run('remove', 'desk')).toEqual(done('Removed group:1.\n'));
    expect(await run('list')).toEqual(done(''));
    const events = await withRecords(async ({ audit }) => audit.list({ limit: 20 }));
    const acts = events.flatMap(({ event }) => {
      const each = event as Record<string, unknown>;
      return each.event === 'group' ? [[each.action, each.subject, each.address]] : [];
    });
    const names = ['remove', 'leave', 'change', 'join', 'create'];
    expect(acts).toEqual(names.map((name) => [name, 'operator', 'cli']));
  });

  it.each([
    ['an unknown group', ['join', 'none', WHO], 'IDENTITY_GROUP_UNKNOWN'],
    ['an unknown employee', ['join', 'sales', 'nobody@example.org'], 'IDENTITY_INPUT_INVALID'],
    ['somebody who is not in it', ['leave', 'sales', WHO], 'IDENTITY_MEMBER_UNKNOWN'],
    ['a name that is taken', ['add', 'sales'], 'IDENTITY_GROUP_EXISTS'],
    ['nothing to change', ['change', 'sales'], 'IDENTITY_INPUT_INVALID'],
  ])('refuse %s', async (_what, args, code) => {
    await run('add', 'sales');
    const refused = await run(...args);
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toMatch(new RegExp(`^${code}: `));
  });
});
