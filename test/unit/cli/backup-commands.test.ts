import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../src/store/store.js';
import { runCommand } from '../../support/run-command.js';

const PASSWORD = 'a long test password';

let folder: string;
let env: Record<string, string>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swali-erasures-'));
  env = { DATA_DIR: folder, BCRYPT_COST: '4' };
  for (const [kind, identifier] of [
    ['admin', 'root@example.org'],
    ['customer', '103'],
  ] as const)
    await runCommand(env, ['users', 'add', kind, '--identifier', identifier, '--password-stdin'], PASSWORD);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lineOf = (subject: string, tenant: string | null = null, erasedAt = '2999-01-01T00:00:00.000Z') =>
  `${JSON.stringify({ tenant, subject, erasedAt })}\n`;

describe('swali erasures replay', () => {
  it('erases who is there, counts who is not, says who may not go, and may be run again', async () => {
    const list = join(folder, 'list');
    writeFileSync(
      list,
      lineOf('customer:1') + lineOf('customer:99') + lineOf('admin:1') + lineOf('customer:1', 'acme'),
    );
    const first = await runCommand(env, ['erasures', 'replay', list]);
    expect([first.code, first.out]).toEqual([
      1,
      'Erased 1 accounts once more; 2 were not there.\nNOT erased: admin:1: IDENTITY_LAST_ADMIN\n',
    ]);
    const again = await runCommand(env, ['erasures', 'replay', list]);
    expect(again.out).toContain('Erased 0 accounts once more; 3 were not there.');
    const listed = await runCommand(env, ['erasures', 'list']);
    expect(
      listed.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).subject),
    ).toEqual(['customer:1']);
    expect((await runCommand(env, ['users', 'list', 'customer'])).out).toBe('');
  });

  it('leaves somebody alone who was given the id later, as a restore gives ids again', async () => {
    const list = join(folder, 'list');
    writeFileSync(list, lineOf('customer:1', null, '2020-01-01T00:00:00.000Z'));
    const replayed = await runCommand(env, ['erasures', 'replay', list]);
    expect([replayed.code, replayed.out]).toEqual([0, 'Erased 0 accounts once more; 1 were not there.\n']);
    expect((await runCommand(env, ['users', 'list', 'customer'])).out).toContain('103');
  });

  it('does nothing where the list is not one', async () => {
    const list = join(folder, 'list');
    writeFileSync(list, `${lineOf('customer:1')}nobody\n`);
    const refused = await runCommand(env, ['erasures', 'replay', list]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('line 2')]);
    const absent = await runCommand(env, ['erasures', 'replay', join(folder, 'none')]);
    expect([absent.code, absent.err]).toEqual([1, expect.stringContaining('cannot be read')]);
    expect((await runCommand(env, ['users', 'list', 'customer'])).out).toContain('103');
  });
});

describe('swali backup', () => {
  it('opens no store of another version', async () => {
    const store = await openStore(`sqlite:${join(folder, 'store.sqlite')}`);
    await store.run((db) => sql`delete from kysely_migration where name = '0021-verified-questions'`.execute(db));
    await store.close();
    const key = { BACKUP_KEY: 'a key of backups with 32 characters or more' };
    const refused = await runCommand({ ...env, ...key }, ['backup', '--to', folder]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('another version')]);
  });

  it('wants to know where it goes', async () => {
    const key = { BACKUP_KEY: 'a key of backups with 32 characters or more' };
    const refused = await runCommand({ ...env, ...key }, ['backup']);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('--to PATH, or BACKUP_DIR')]);
  });
});
