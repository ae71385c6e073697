import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../support/run-command.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-history-'));
const env = { DATA_DIR: folder, BCRYPT_COST: '4', JUDGE_TIMEOUT_MS: '20000' };
const run = (...args: readonly string[]) => runCommand(env, args);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const QUESTION = 'How many orders are there?';
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
let conversation = '';

beforeAll(async () => {
  const first = await run('ask', QUESTION, '--as', 'admin', '--conversation', 'new');
  expect(first.code, first.err).toBe(0);
  conversation = /^Conversation ([0-9a-f]{32})$/m.exec(first.out)?.[1] ?? '';
  expect((await run('ask', 'by month', '--as', 'admin', '--conversation', conversation)).code).toBe(0);
  expect((await run('ask', QUESTION, '--as', 'customer', '--conversation', 'new')).code).toBe(0);
}, 120_000);

describe('swali history', () => {
  it('lists what an account asked and how it was read, the newest first', async () => {
    const { code, out, err } = await run('history', '--as', 'admin');
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      expect.stringMatching(`^${TIME}  answered  by month$`),
      expect.stringMatching(/^ {2}read as {2}How many orders are there by month\?$/),
      expect.stringMatching(/^ {2}SELECT /),
      `  conversation  ${conversation}`,
      expect.stringMatching(`^${TIME}  answered  How many orders are there\\?$`),
      expect.stringMatching(/^ {2}SELECT /),
      `  conversation  ${conversation}`,
      '',
    ]);
  });

  it('shows nobody’s questions but the account’s, and SQL to those who may read it', async () => {
    const customer = await run('history', '--as', 'customer');
    expect(customer.out).toMatch(
      new RegExp(`^${TIME}  answered  How many orders are there\\?\n  conversation  [0-9a-f]{32}\n$`),
    );
    expect((await run('history', '--as', 'employee')).out).toBe('Nothing is kept of what it asked.\n');
  });

  it('lists as many as it is told', async () => {
    expect((await run('history', '--as', 'admin', '--limit', '1')).out).toMatch(
      /^[^\n]* answered {2}by month\n {2}read as/,
    );
    for (const limit of ['0', '201', 'x']) {
      const refused = await run('history', '--as', 'admin', '--limit', limit);
      expect([refused.code, refused.out, refused.err.split(':')[0]]).toEqual([1, '', 'REQUEST_INVALID']);
    }
  });

  it('is on record as the operator’s act', async () => {
    const { out } = await run('audit', 'list', '--event', 'operator', '--format', 'jsonl');
    expect(out).toContain('history --as customer');
  });
});
