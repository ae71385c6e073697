import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../support/run-command.js';
import { ACCOUNTS, type ServedGateway, serveGateway } from './served-gateway.js';

const CALLERS = { ...ACCOUNTS, goer: { kind: 'customer', identifier: '104' } } as const;
type Caller = keyof typeof CALLERS;

const folder = mkdtempSync(join(tmpdir(), 'swali-drill-'));
const backups = join(folder, 'backups');
const settings = {
  DATA_DIR: join(folder, 'data'),
  STORE_URL: `sqlite:${join(folder, 'store.sqlite')}`,
  BACKUP_DIR: backups,
  BACKUP_KEY: 'a key of backups with 32 characters or more',
};
const env = { ...settings, BCRYPT_COST: '4' };

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not come');
}

const filesOf = (): string[] => readdirSync(backups).filter((name) => /^swali-.*\.backup$/.test(name));

describe('the drill: a store that is lost and comes back', () => {
  let gateway: ServedGateway<Caller>;
  beforeAll(async () => {
    mkdirSync(backups);
    gateway = await serveGateway(CALLERS, settings);
  }, 120_000);
  afterAll(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes the daily backup by itself, once, and puts it on record', async () => {
    await until(() => filesOf().length > 0);
    await until(() => gateway.log.some((line) => line.startsWith('made a backup of the store')));
    const [name] = filesOf();
    expect(name).toMatch(/^swali-20260301T120000Z-[0-9a-f]{6}\.backup$/);
    expect(statSync(join(backups, name!)).mode & 0o777).toBe(0o600);
    expect(filesOf()).toHaveLength(1);
    await gateway.signIn('admin');
    const { body } = await gateway.call('GET', '/v1/audit?limit=100', 'admin');
    const record = body.records.find((each: { action?: string; event: { action?: string } }) =>
      JSON.stringify(each).includes('"backup"'),
    );
    expect(JSON.stringify(record)).toContain(name);
  });

  it('loses nothing between a backup under writes and its restore but who was signed in', async () => {
    await gateway.signIn('customer');
    await gateway.signIn('goer');
    let asking = true;
    const asked = (async () => {
      while (asking) expect((await gateway.ask('customer', 'how many orders do I have')).status).toBe(200);
    })();
    const file = join(folder, 'drill.backup');
    const made = await runCommand(env, ['backup', '--to', file]);
    expect([made.code, made.err]).toEqual([0, '']);
    asking = false;
    await asked;
    // Somebody goes after the backup, and must not come back with it.
    const me = await gateway.call('GET', '/v1/admin/customers?identifier=104', 'admin');
    const id = me.body.accounts[0].id as number;
    expect((await gateway.call('DELETE', `/v1/admin/customers/${id}`, 'admin')).status).toBeLessThan(300);
    const listed = await runCommand(env, ['erasures', 'list']);
    expect(listed.out).toContain(`"subject":"customer:${id}"`);
    const oldToken = await gateway.call('GET', '/v1/auth/sessions', 'customer');
    expect(oldToken.status).toBe(200);
    await gateway.stop();

    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `store.sqlite${end}`), { force: true });
    const erasures = join(folder, 'erasures.jsonl');
    writeFileSync(erasures, listed.out);
    expect((await runCommand(env, ['backup', 'verify', file])).code).toBe(0);
    // It names records that were written after the backup, as the page says.
    rmSync(join(settings.DATA_DIR, 'audit-checkpoint'));
    const restored = await runCommand(env, ['restore', file, '--erasures', erasures]);
    expect([restored.code, restored.err]).toEqual([0, '']);
    expect(restored.out).toContain('intact');
    expect(restored.out).toContain('Erased 1 accounts once more');
    const again = await runCommand(env, ['restore', file]);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('RESTORE_REFUSED')]);

    gateway = await serveGateway({} as typeof CALLERS, settings);
    expect((await gateway.call('GET', '/v1/auth/sessions', null)).status).toBe(401);
    const login = (identifier: string) =>
      gateway.call('POST', '/v1/auth/customer/login', null, { identifier, password: 'a long test password' });
    const { status, body } = await login('103');
    expect(status).toBe(200);
    const reply = await fetch(`${gateway.url}/v1/ask`, {
      method: 'POST',
      headers: { authorization: `Bearer ${body.access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ question: 'how many orders do I have' }),
    });
    expect(reply.status).toBe(200);
    expect((await login('104')).status).toBe(401);
    const verified = await runCommand(env, ['audit', 'verify']);
    expect([verified.code, verified.out]).toEqual([0, expect.stringContaining('intact')]);
  }, 120_000);

  it('keeps the list of who was erased beside the backups', async () => {
    await until(() => readFileSync(join(backups, 'swali-erasures.jsonl'), 'utf8').includes('customer:'));
    expect(statSync(join(backups, 'swali-erasures.jsonl')).mode & 0o777).toBe(0o600);
  });

  it('takes no backup without a key, and says so', async () => {
    const { BACKUP_KEY: _, BACKUP_DIR: __, ...keyless } = env;
    const refused = await runCommand(keyless, ['backup', '--to', folder]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('BACKUP_KEY')]);
    const noKey = await runCommand({ ...keyless, BACKUP_DIR: backups }, ['erasures', 'list']);
    expect([noKey.code, noKey.err]).toEqual([1, expect.stringContaining('BACKUP_KEY: is not set beside BACKUP_DIR')]);
  });

  it('restores nothing where the command does not say what', async () => {
    for (const args of [
      ['restore'],
      ['restore', 'x', '--finish'],
      ['restore', 'x', '--replay-follows', '--erasures', 'y'],
    ]) {
      const refused = await runCommand(env, args);
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('RESTORE_REFUSED')]);
    }
  });
});
