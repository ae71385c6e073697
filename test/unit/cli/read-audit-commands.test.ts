import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../support/run-command.js';

let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  env = { DATA_DIR: mkdtempSync(join(tmpdir(), 'swali-audit-cli-')), BCRYPT_COST: '4' };
  for (const name of ['ada', 'ben', 'cy']) {
    const add = ['users', 'add', 'employee', '--identifier', `${name}@example.org`, '--password-stdin'];
    expect((await runCommand(env, add, 'correct horse battery')).code).toBe(0);
  }
});
afterAll(() => rmSync(env.DATA_DIR ?? '', { recursive: true, force: true }));

const run = (...args: readonly string[]) => runCommand(env, ['audit', ...args]);
const lines = (text: string) => text.trimEnd().split('\n');

describe('audit list', () => {
  it('shows the newest records that fit, and is on record', async () => {
    const { code, out } = await run('list', '--event', 'operator', '--limit', '2');
    expect([code, lines(out).length]).toEqual([0, 2]);
    expect(lines(out)[0]).toContain('users add employee');
    const read = await run('list', '--event', 'audit-read', '--format', 'jsonl');
    expect(JSON.parse(lines(read.out)[0] ?? '').event).toMatchObject({
      subject: 'operator',
      address: 'cli',
      userAgent: null,
      action: 'list',
      filters: { event: 'operator' },
      rowCount: 2,
    });
  });

  it.each([
    [['--event', 'nothing'], 'event: '],
    [['--from', 'yesterday'], 'from: '],
    [['--limit', '0'], 'limit: '],
    [['--limit', '1001'], 'limit: '],
    [['--format', 'xml'], 'format: '],
  ])('refuses %j', async (args, told) => {
    const { code, err } = await run('list', ...args);
    expect([code, err]).toEqual([1, expect.stringMatching(new RegExp(`^REQUEST_INVALID: .*${told}`))]);
  });
});

describe('audit export', () => {
  it('prints every record as JSON lines, or CSV with names before them once', async () => {
    const json = await run('export', '--event', 'operator');
    expect(lines(json.out).map((line) => JSON.parse(line).event.action)).toEqual(Array(3).fill('users add employee'));
    const csv = await run('export', '--event', 'operator', '--format', 'csv');
    expect(csv.out.split('\r\n').filter((line) => line.startsWith('id,'))).toHaveLength(1);
    expect(csv.out.trimEnd().split('\r\n')).toHaveLength(4);
    const none = await run('export', '--code', 'NOTHING', '--format', 'csv');
    expect(none.out).toMatch(/^id,at,[^\r]*\r\n$/);
  });
});

describe('a policy that is refused', () => {
  it('is on record with its digest and what is wrong', async () => {
    const policies = mkdtempSync(join(tmpdir(), 'swali-policies-'));
    try {
      writeFileSync(join(policies, 'demo.yaml'), 'version: 1\nnothing: true\n');
      const asked = await runCommand({ ...env, POLICY_DIR: policies }, ['sql', '--as', 'admin', 'SELECT 1']);
      expect(asked.err).toMatch(/^POLICY_INVALID/m);
      const { out } = await run('list', '--event', 'policy', '--format', 'jsonl');
      expect(JSON.parse(lines(out)[0] ?? '').event).toMatchObject({
        source: 'demo',
        version: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        decision: 'refused',
        code: 'POLICY_INVALID',
        reasons: expect.arrayContaining([expect.stringContaining('demo.yaml:')]),
      });
    } finally {
      rmSync(policies, { recursive: true });
    }
  });
});
