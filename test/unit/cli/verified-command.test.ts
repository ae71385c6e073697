import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseSettings } from '../../../src/config/settings.js';
import { openGateway, openRecords } from '../../../src/gateway.js';
import { operatorOf } from '../../../src/identify/operator.js';
import { runCommand } from '../../support/run-command.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const CONTEXT = { requestId: 'r1', address: 'cli', userAgent: null, tenant: null };
const TRICKY = 'Which: "branches" #1 & *all* [in] {city} - \'yes\'?';

let folder: string;
let env: Readonly<Record<string, string>>;
let policyFile: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swali-verified-'));
  cpSync('sql-policies', join(folder, 'policies'), { recursive: true });
  policyFile = join(folder, 'policies', 'demo.yaml');
  env = { DATA_DIR: folder, POLICY_DIR: join(folder, 'policies'), JUDGE_TIMEOUT_MS: '20000' };
  // Makes the demonstration, and shows that what is there holds.
  const first = await run('policy', 'test');
  expect([first.code, first.out]).toEqual([0, expect.stringContaining('23 of 23 verified questions hold')]);
  await withGateway(async ({ gateway, audit }) => {
    const manager = gateway.promotion.createManager(audit);
    const city = { slots: { city: 'text' as const }, sql: 'SELECT name\nFROM branches -- all\nWHERE city = :city' };
    await manager.promote(operatorOf(null), { question: TRICKY, ...city, open_to: ['employee', 'customer'] }, CONTEXT);
    const days = { question: 'When did branches open?', sql: 'SELECT name, opened_on FROM branches' };
    await manager.promote(operatorOf(null), { ...days, open_to: ['admin'] }, CONTEXT);
  });
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]) => runCommand(env, args);

async function withGateway(
  work: (opened: {
    readonly gateway: Awaited<ReturnType<typeof openGateway>>;
    readonly audit: Awaited<ReturnType<typeof openRecords>>['audit'];
  }) => Promise<void>,
): Promise<void> {
  const surroundings = { settings: parseSettings(env), clock: Date.now, logger: silent };
  const records = await openRecords(surroundings, 'test');
  const gateway = await openGateway(surroundings, records);
  try {
    await work({ gateway, audit: records.audit });
  } finally {
    await gateway.close();
    await records.close();
  }
}

describe('verified', () => {
  it('lists what was promoted, and prints it as entries that the policy file takes as they are', async () => {
    const listed = await run('verified', 'list');
    expect(listed.code).toBe(0);
    expect(listed.out.split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(
        /^verified:1 {2}active {2}open to employee,customer {2}by operator on \d{4}-\d\d-\d\d {2}Which: /,
      ),
      expect.stringMatching(
        /^verified:2 {2}active {2}open to admin {2}by operator on \S+ {2}When did branches open\?$/,
      ),
    ]);
    const { code, out } = await run('verified', 'export');
    expect(code).toBe(0);
    expect(parse(out)).toEqual({
      verified: [
        {
          question: TRICKY,
          slots: { city: 'text' },
          sql: 'SELECT name\nFROM branches -- all\nWHERE city = :city',
          open_to: ['employee', 'customer'],
        },
        { question: 'When did branches open?', sql: 'SELECT name, opened_on FROM branches', open_to: ['admin'] },
      ],
    });
    const before = readFileSync(policyFile, 'utf8');
    writeFileSync(policyFile, before.replace(/^verified:\n/m, out));
    const checked = await run('policy', 'check');
    writeFileSync(policyFile, before);
    expect([checked.code, checked.err]).toEqual([0, '']);
  }, 120_000);

  it('fails the policy’s test for one that fits the policy no more, marks it at the start, and takes it back', async () => {
    const before = readFileSync(policyFile, 'utf8');
    const narrow = before.replace(/^ {6}opened_on: .*\n/m, '');
    expect(narrow).not.toBe(before);
    writeFileSync(policyFile, narrow);
    try {
      const { code, out } = await run('policy', 'test');
      expect(code).toBe(1);
      expect(out).toMatch(/^verified:2: When did branches open\?: for admin: .*a column that is not open.*$/m);
      expect(out).toContain('24 of 25 verified questions hold: 23 of the file, 2 promoted.');
      // The test changes nothing of what is kept; the start does.
      expect((await run('verified', 'list')).out).not.toContain('broken');
      await withGateway(({ gateway, audit }) => gateway.promotion.recheck(audit));
      expect((await run('verified', 'list')).out).toMatch(/^verified:2 {2}broken .*for admin: /m);
      expect(parse((await run('verified', 'export')).out).verified).toHaveLength(1);
    } finally {
      writeFileSync(policyFile, before);
    }
    await withGateway(async ({ gateway, audit }) => {
      await gateway.promotion.recheck(audit);
      const events = (await audit.list({ limit: 20 })).map(({ event }) => event as Record<string, unknown>);
      const checks = events.filter(({ action }) => action === 'recheck');
      expect(checks.map(({ decision, broken, mended }) => [decision, broken, mended])).toEqual([
        ['accepted', 0, 1],
        ['refused', 1, 0],
      ]);
      expect(checks[1]?.reasons).toEqual([expect.stringMatching(/^verified:2: for admin: /)]);
    });
    expect((await run('verified', 'list')).out).not.toContain('broken');
  }, 240_000);

  it('ends one, on record, and knows no other', async () => {
    expect(await run('verified', 'remove', 'verified:2')).toEqual({ code: 0, out: 'Removed verified:2.\n', err: '' });
    for (const id of ['2', '99', '0', 'x', '-1']) {
      const { code, err } = await run('verified', 'remove', '--', id);
      expect([id, code, err]).toEqual([id, 1, expect.stringMatching(/^VERIFIED_UNKNOWN: /)]);
    }
    await run('verified', 'remove', '1');
    expect((await run('verified', 'list')).out).toBe('Nothing was promoted.\n');
    expect((await run('verified', 'export')).out).toBe('verified: []\n');
  }, 60_000);
});
