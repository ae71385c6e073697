import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepAuditLog } from '../../../src/audit-log.js';
import { parseSettings } from '../../../src/config/settings.js';
import { openRecords } from '../../../src/gateway.js';
import { openStore } from '../../../src/store/store.js';
import { runCommand } from '../../support/run-command.js';
import { loginEvent } from '../audit/audit-fixtures.js';
import { dropTriggers, rebuildChain, tamper } from '../audit/audit-store.js';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const DAY_MS = 86_400_000;

let folder: string;
let env: Readonly<Record<string, string>>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swali-audit-cli-'));
  env = { DATA_DIR: folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]) => runCommand(env, ['audit', ...args]);

/** Appends logins at a time. */
async function append(count: number, at = Date.now()): Promise<void> {
  const records = await openRecords({ settings: parseSettings(env), clock: () => at, logger: silent }, 'serve');
  for (let n = 1; n <= count; n += 1) await records.audit.append(loginEvent(n));
  await records.close();
}

/** Does what somebody with the store's password might. */
async function onStore(work: (store: Awaited<ReturnType<typeof openStore>>) => Promise<void>): Promise<void> {
  const store = await openStore(`sqlite:${join(folder, 'store.sqlite')}`);
  await dropTriggers(store).catch(() => undefined);
  await work(store).finally(() => store.close());
}

const rebuild = () => onStore((store) => rebuildChain(store, 2, 'customer:2', 'customer:9', 'serve'));

/** The gateway's own public key, as an auditor gets it. */
function publicKey(): string {
  const seed = Buffer.from(readFileSync(join(folder, 'audit-key'), 'utf8').trim(), 'hex');
  const key = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const made = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  return made.export({ format: 'pem', type: 'spki' }).toString();
}

describe('audit verify', () => {
  it('says that all is well, and where the chains end', async () => {
    await append(3);
    const { code, out, err } = await run('verify');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^head of serve: 3 [0-9a-f]{64}\n0 checkpoints, 0 archives \(0 of them read\)\n3 records/);
    expect(out).toContain('3 records by 1 writers: intact.');
  });

  it('writes nothing into the store', async () => {
    await append(1);
    await run('verify');
    await onStore(async (store) => {
      const heads = await store.run((db) => db.selectFrom('audit_heads').select('writer').execute());
      expect(heads).toEqual([{ writer: 'serve' }]);
    });
  });

  it('exits with 1 and names the record that was changed', async () => {
    await append(3);
    await onStore((store) => tamper(store, 'update audit_records set at = 1 where sequence = 2'));
    const { code, out } = await run('verify');
    expect(code).toBe(1);
    expect(out).toContain('serve 2: changed: the columns do not agree with the text');
    expect(out).toContain('NOT intact, 1 faults.');
  });

  it('finds a chain that was made anew by the checkpoint that was kept elsewhere', async () => {
    await append(3);
    const kept = join(folder, 'elsewhere.jsonl');
    writeFileSync(kept, (await run('checkpoint')).out);
    await rebuild();
    await onStore((store) => tamper(store, 'delete from audit_checkpoints'));
    expect((await run('verify')).code).toBe(0);
    const { code, out } = await run('verify', '--checkpoints', kept);
    expect(code).toBe(1);
    expect(out).toContain('serve 3: rewritten');
    expect(out).toContain('checkpoints 1: checkpoint: the one kept elsewhere is not in the store');
  });

  it('holds the chain against the last checkpoint of DATA_DIR by itself', async () => {
    const surroundings = { settings: parseSettings(env), clock: Date.now, logger: silent };
    const records = await openRecords(surroundings, 'serve');
    const keeper = await keepAuditLog(surroundings, records);
    for (let n = 1; n <= 3; n += 1) await records.audit.append(loginEvent(n));
    expect(existsSync(join(folder, 'audit-checkpoint'))).toBe(false);
    await keeper.close();
    await records.close();
    expect((await run('verify')).code).toBe(0);
    await rebuild();
    await onStore((store) => tamper(store, 'delete from audit_checkpoints'));
    expect((await run('verify')).out).toContain('serve 3: rewritten');
  });

  it('verifies with a public key alone, and with that key alone', async () => {
    await append(2);
    await run('checkpoint');
    const path = join(folder, 'audit.pem');
    writeFileSync(path, publicKey());
    rmSync(join(folder, 'audit-key'));
    expect((await run('verify', '--key', path)).code).toBe(0);
    expect(existsSync(join(folder, 'audit-key'))).toBe(false);
    const { code, out } = await run('verify');
    expect(code).toBe(1);
    expect(out).toContain('signed with a key that is not known');
  });

  it('refuses files that are not there or not what they should be', async () => {
    await append(1);
    const wrong = join(folder, 'wrong');
    writeFileSync(wrong, 'nothing');
    for (const [args, code] of [
      [['--checkpoints', '/none'], 'AUDIT_INPUT_INVALID'],
      [['--checkpoints', wrong], 'AUDIT_INPUT_INVALID'],
      [['--key', '/none'], 'AUDIT_INPUT_INVALID'],
      [['--key', wrong], 'SETTINGS_INVALID'],
    ] as const) {
      const result = await run('verify', ...args);
      expect([args, result.code, result.err.split(':')[0]]).toEqual([args, 1, code]);
    }
  });
});

describe('audit checkpoint', () => {
  it('prints one line where a chain has grown, and says where none has', async () => {
    await append(1);
    const first = await run('checkpoint');
    expect(first.code).toBe(0);
    expect(Object.keys(JSON.parse(first.out)).sort()).toEqual(['body', 'hash', 'keyId', 'signature']);
    expect(await run('checkpoint')).toEqual({
      code: 0,
      out: '',
      err: 'No chain has grown since the last checkpoint.\n',
    });
  });
});

describe('audit archive', () => {
  it('moves old records into signed files, on record, and verifies with them', async () => {
    await append(3, Date.now() - 800 * DAY_MS);
    await append(2);
    const { code, out } = await run('archive');
    const archives = join(folder, 'audit-archive');
    expect([code, out]).toEqual([
      0,
      `${join(archives, 'audit-serve-000000000001-000000000003.jsonl.gz')}: 3 records\n`,
    ]);
    const verified = await run('verify', '--archives', archives);
    expect([verified.code, verified.out]).toEqual([
      0,
      expect.stringContaining('1 checkpoints, 1 archives (1 of them read)'),
    ]);
    const records = await openRecords({ settings: parseSettings(env), clock: Date.now, logger: silent }, 'serve');
    expect((await records.audit.list({ limit: 1 }))[0]?.event).toMatchObject({
      event: 'operator',
      action: 'audit archive',
      reasons: ['serve 1–3'],
    });
    await records.close();
  });

  it('says where nothing is old enough', async () => {
    await append(1);
    expect((await run('archive')).out).toBe('No record is older than 730 days.\n');
  });

  it('happens by itself on SQLite while the gateway runs', async () => {
    await append(3, Date.now() - 800 * DAY_MS);
    const surroundings = { settings: parseSettings(env), clock: Date.now, logger: silent };
    const records = await openRecords(surroundings, 'serve');
    const keeper = await keepAuditLog(surroundings, records);
    await keeper.close();
    expect(readdirSync(join(folder, 'audit-archive'))).toHaveLength(1);
    expect(await records.audit.verify()).toMatchObject({ intact: true, records: 0, archives: 1 });
    await records.close();
  });
});

describe('store grants', () => {
  it('refuses a store that knows no accounts, and an account that is not one', async () => {
    const grants = (url: string, account: string, use = 'gateway') =>
      runCommand({ ...env, STORE_URL: url }, ['store', 'grants', '--for', use, '--account', account]);
    const refused = [
      await grants(`sqlite:${join(folder, 'store.sqlite')}`, 'a@%'),
      await grants('mysql://root@127.0.0.1:1/swali', 'a@%', 'everyone'),
    ];
    for (const { code, err } of refused) expect([code, err.split(':')[0]]).toEqual([1, 'GRANTS_REFUSED']);
  });
});
