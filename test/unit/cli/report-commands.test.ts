import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../../src/config/settings.js';
import { openRecords } from '../../../src/gateway.js';
import { runCommand } from '../../support/run-command.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const folder = mkdtempSync(join(tmpdir(), 'swali-reports-'));
const env = { DATA_DIR: folder, BCRYPT_COST: '4', JUDGE_TIMEOUT_MS: '20000' };
const run = (...args: readonly string[]) => runCommand(env, ['reports', ...args]);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Saves a report, and gives its id. */
async function save(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await run('save', ...args);
  expect([code, err]).toEqual([0, '']);
  return /^Saved ([0-9a-f]{32})\.\n$/.exec(out)?.[1] ?? '';
}

const shared = ['--parameter', 'n:integer', '--share-with', 'customer'];
const SQL = 'SELECT :word AS word, COUNT(*) AS orders\nFROM orders WHERE status = :status';
let id = '';
beforeAll(async () => {
  // The first command makes the demonstration and its accounts.
  expect((await run('list', '--as', 'admin')).code).toBe(0);
  writeFileSync(join(folder, 'orders.sql'), SQL);
  const file = join(folder, 'orders.sql');
  id = await save(
    ...['--as', 'admin', '--title', 'Orders of a status', '--sql-file', file],
    ...['--parameter', 'word:text', 'status:text=delivered', '--share-with', 'customer, employee:member'],
  );
}, 120_000);

describe('swali reports', () => {
  it('lists and shows what the account may run', { timeout: 60_000 }, async () => {
    const listed = await run('list', '--as', 'customer');
    expect(listed).toEqual({ code: 0, out: `${id}  sql  owner admin:1  revision 1  Orders of a status\n`, err: '' });
    const shown = await run('show', id, '--as', 'admin');
    expect(shown.out.split('\n')).toEqual([
      `${id}  sql  owner admin:1  revision 1  Orders of a status`,
      '  word  text',
      '  status  text  default delivered',
      '  shared with  customer, employee:member',
      ...SQL.split('\n'),
      '',
    ]);
  });

  it('runs a report as each account, with values', { timeout: 60_000 }, async () => {
    const customer = await run('run', id, '--as', 'customer', '--set', 'word=a=b');
    const admin = await run('run', id, '--as', 'admin', '--set', 'word=a=b', 'status=delivered');
    const ordersOf = (out: string) => Number(/a=b\s+(?:│|\|)?\s*([\d,]+)/.exec(out)?.[1]?.replace(',', ''));
    expect([customer.code, admin.code]).toEqual([0, 0]);
    expect(ordersOf(customer.out)).toBeGreaterThan(0);
    expect(ordersOf(admin.out)).toBeGreaterThan(ordersOf(customer.out));
    expect(customer.out).toContain('orders.rows.customer');
  });

  it('writes an export to a file for its owner alone, or prints it', { timeout: 60_000 }, async () => {
    const out = join(folder, 'orders.csv');
    const word = '=1+1';
    expect(await run('export', id, '--as', 'employee', '--set', `word=${word}`, '--out', out)).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    expect(readFileSync(out, 'utf8')).toMatch(/^word,orders\r\n'=1\+1,\d+\r\n$/);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const printed = await run('export', id, '--as', 'employee', '--format', 'ndjson', '--set', `word=${word}`);
    expect(JSON.parse(printed.out)).toMatchObject({ word });
  });

  it('saves a question, and removes it', { timeout: 60_000 }, async () => {
    const question = await save(
      '--as',
      'employee',
      '--title',
      'Mine',
      '--question',
      'How many orders were placed in {year}?',
      '--parameter',
      'year:integer',
    );
    expect((await run('run', question, '--as', 'employee', '--set', 'year=2025')).code).toBe(0);
    const others = await run('remove', question, '--as', 'admin');
    expect([others.code, others.err.split(':')[0]]).toEqual([1, 'REPORT_UNKNOWN']);
    expect((await run('remove', question, '--as', 'employee')).out).toBe(`Removed ${question}.\n`);
    expect((await run('show', question, '--as', 'employee')).err).toMatch(/^REPORT_UNKNOWN: /);
  });

  it('changes what is named, of the revision that is named, and keeps the rest', { timeout: 60_000 }, async () => {
    const as = ['--as', 'admin'];
    const saved = await save(...as, '--title', 'Old', '--sql', 'SELECT 1 AS n', '--share-with', 'customer');
    const changed = await run('change', saved, ...as, '--title', 'New', '--description', 'One');
    expect(changed).toEqual({ code: 0, out: `Changed ${saved}, now revision 2.\n`, err: '' });
    const again = ['--sql', 'SELECT :n AS n', '--parameter', 'n:integer=7', '--share-with', 'employee'];
    expect((await run('change', saved, ...as, '--revision', '2', ...again)).out).toContain('now revision 3');
    expect((await run('show', saved, ...as)).out.split('\n')).toEqual([
      `${saved}  sql  owner admin:1  revision 3  New`,
      'One',
      '  n  integer  default 7',
      '  shared with  employee',
      'SELECT :n AS n',
      '',
    ]);
    for (const [code, ...args] of [
      ['REPORT_CHANGED', ...as, '--revision', '2', '--title', 'Late'],
      ['REPORT_INVALID', ...as, '--question', 'How many orders?'],
      ['REQUEST_INVALID', ...as],
      ['REQUEST_INVALID', ...as, '--title', 'x', '--revision', '0'],
      ['AUTH_PERMISSION_MISSING', '--as', 'employee', '--title', 'Mine now'],
      ['REPORT_UNKNOWN', '--as', 'customer', '--title', 'Mine now'],
    ]) {
      const refused = await run('change', saved, ...args);
      expect([refused.code, refused.out, refused.err.split(':')[0]], refused.err).toEqual([1, '', code]);
    }
    expect((await run('show', saved, ...as)).out).toContain('revision 3  New');
  });

  it('lists runs, of others without their values', { timeout: 60_000 }, async () => {
    const saved = await save('--as', 'admin', '--title', 'Runs', '--sql', 'SELECT :n AS n', ...shared);
    expect((await run('runs', saved, '--as', 'admin')).out).toBe('Nobody ran it yet.\n');
    for (const who of ['admin', 'customer', 'customer'])
      expect((await run('run', saved, '--as', who, '--set', `n=${who.length}`)).code).toBe(0);
    const lineOf = (who: string, values: string) =>
      String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z  ${who}:\d+  revision 1  answer  answered  1 rows${values}\n`;
    const others = lineOf('customer', '');
    expect((await run('runs', saved, '--as', 'admin')).out).toMatch(
      new RegExp(`^${others}${others}${lineOf('admin', '  n=5')}$`),
    );
    expect((await run('runs', saved, '--as', 'admin', '--limit', '1')).out).toMatch(new RegExp(`^${others}$`));
    const own = (await run('runs', saved, '--as', 'customer')).out;
    expect(own).toMatch(new RegExp(`^(${lineOf('customer', '  n=8')}){2}$`));
    expect((await run('runs', saved, '--as', 'employee')).err).toMatch(/^REPORT_UNKNOWN: /);
  });

  it.each([
    ['REQUEST_INVALID', ['runs', 'ID', '--as', 'admin', '--limit', '201']],
    ['REQUEST_INVALID', ['save', '--as', 'admin', '--title', 'x']],
    ['REQUEST_INVALID', ['save', '--as', 'admin', '--title', 'x', '--sql', 'SELECT 1', '--question', 'How many?']],
    ['REQUEST_INVALID', ['save', '--as', 'admin', '--title', 'x', '--sql-file', '/nowhere/at/all.sql']],
    ['REQUEST_INVALID', ['save', '--as', 'admin', '--title', 'x', '--sql', 'SELECT :a', '--parameter', 'a:number']],
    ['REPORT_INVALID', ['save', '--as', 'admin', '--title', 'x', '--sql', 'SELECT 1', '--parameter', 'a:integer']],
    ['SEAL_NOT_SELECT', ['save', '--as', 'admin', '--title', 'x', '--sql', 'DELETE FROM orders']],
    ['REQUEST_INVALID', ['run', 'ID', '--as', 'admin', '--set', 'word']],
    ['REQUEST_INVALID', ['run', 'ID', '--as', 'admin', '--set', 'word=a', 'word=b']],
    ['REPORT_PARAMETER_INVALID', ['run', 'ID', '--as', 'admin']],
    ['REPORT_UNKNOWN', ['run', 'f'.repeat(32), '--as', 'admin']],
    ['REQUEST_INVALID', ['export', 'ID', '--as', 'admin', '--format', 'xlsx']],
    ['REQUEST_INVALID', ['export', 'ID', '--as', 'admin', '--set', 'word=a', '--out', '/nowhere/at/all.csv']],
    ['IDENTITY_INPUT_INVALID', ['list', '--as', 'admin:nobody@example.org']],
  ])('refuses with %s: %j', { timeout: 60_000 }, async (code, args) => {
    const refused = await run(...args.map((each) => (each === 'ID' ? id : each)));
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toMatch(new RegExp(`^${code}: `));
  });

  it('puts each act on record, the operator’s and the account’s', async () => {
    const records = await openRecords({ settings: parseSettings(env), clock: Date.now, logger: silent }, 'test');
    const events = (await records.audit.list({ limit: 200 })).map(({ event }) => event as Record<string, unknown>);
    await records.close();
    const acts = events.filter(({ event }) => event === 'operator').map(({ action }) => String(action));
    for (const act of ['list', `show ${id}`, 'save', `run ${id}`, `export ${id}`])
      expect(acts.some((each) => each.startsWith(`reports ${act} --as `))).toBe(true);
    const runs = events.filter(({ reasons }) => (reasons as string[] | undefined)?.includes(`report ${id}`));
    expect(new Set(runs.map(({ event, kind }) => `${event} ${kind}`))).toEqual(
      // Where nothing can be written nothing is asked, so that export is on record as the operator's act alone.
      new Set(['sql admin', 'sql customer', 'export employee']),
    );
  });
});
