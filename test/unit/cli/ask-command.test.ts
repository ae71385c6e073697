import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../support/run-command.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'swali-ask-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ask = (question: string, ...options: string[]) =>
  runCommand({ DATA_DIR: folder, BCRYPT_COST: '4', JUDGE_TIMEOUT_MS: '10000', LOG_LEVEL: 'silent' }, [
    ...['ask', '--as', 'customer', ...options],
    question,
  ]);
const countTurns = () => {
  const store = new DatabaseSync(join(folder, 'store.sqlite'), { readOnly: true });
  const row = store.prepare('SELECT COUNT(*) AS n FROM turns').get();
  store.close();
  return row;
};

describe('swali ask', () => {
  it('goes on with a conversation of the account where it is told to, and keeps nothing else', async () => {
    const alone = await ask('How many orders did I place in 2025?');
    expect([alone.code, alone.out.includes('Conversation'), countTurns()]).toEqual([0, false, { n: 0 }]);
    const first = await ask('How many orders did I place in 2025?', '--conversation', 'new');
    const id = /^Conversation ([0-9a-f]{32})$/m.exec(first.out)?.[1] ?? '';
    const second = await ask('and in 2024?', '--conversation', id);
    expect([second.code, second.out.includes(`Conversation ${id}`)]).toEqual([0, true]);
    expect(second.out).toContain('Read as: “How many orders did I place in 2024?”.');
    expect(countTurns()).toEqual({ n: 2 });
    const unknown = await ask('and in 2024?', '--conversation', 'f'.repeat(32));
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('CONVERSATION_UNKNOWN')]);
  }, 240_000);
});
