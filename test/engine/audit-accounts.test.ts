import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChainedAuditLog, openAuditLog } from '../../src/audit/append-log.js';
import { archiveRecords } from '../../src/audit/archive-records.js';
import { printStoreGrants, type StoreAccount } from '../../src/store/print-store-grants.js';
import { migrateStore, openStore, type Store } from '../../src/store/store.js';
import { describeEngines } from '../engines/engines.js';
import { AUDIT_KEYS } from '../support/audit-keys.js';
import { loginEvent } from '../unit/audit/audit-fixtures.js';
import { appendLogins, rebuildChain, tamper } from '../unit/audit/audit-store.js';
import { openIdentity, PASSWORD } from '../unit/identify/identity-fixtures.js';

const DAY_MS = 86_400_000;
const CONTEXT = { requestId: 'r1', address: '203.0.113.9', tenant: null, userAgent: 'curl/8' };

describeEngines(
  'the accounts of the store',
  'select 1',
  (engine) => {
    const folder = mkdtempSync(join(tmpdir(), 'swali-accounts-'));
    const now = { value: 1_000 * DAY_MS };
    const names: string[] = [];
    let owner: Store;
    let gateway: Store;
    let archive: Store;
    let log: ChainedAuditLog;

    /** Makes an account with what is printed for it, and opens the store as it. */
    async function openAs(role: StoreAccount): Promise<Store> {
      const name = `sw_${role}_${engine.dialect}_${process.pid}`;
      names.push(name);
      const url = new URL(engine.url);
      const database = url.pathname.slice(1);
      await engine.runAsOwner(`CREATE USER '${name}'@'%' IDENTIFIED BY 'pass-of-tests'`);
      const found = await owner.run((db) => db.introspection.getTables({ withInternalKyselyTables: true }));
      const tables = found.map((table) => table.name);
      const grants = printStoreGrants({ role, account: `${name}@%`, database, tables });
      await engine.runAsOwner(grants.join('\n'));
      url.username = name;
      url.password = 'pass-of-tests';
      return openStore(url.href);
    }

    beforeAll(async () => {
      owner = await openStore(engine.url);
      await migrateStore(owner);
      gateway = await openAs('gateway');
      archive = await openAs('archive');
      log = await openAuditLog({ store: gateway, clock: () => now.value, writerId: 'w', ...AUDIT_KEYS });
    });
    afterAll(async () => {
      for (const store of [owner, gateway, archive]) await store.close();
      for (const name of names) await engine.runAsOwner(`DROP USER '${name}'@'%'`);
      rmSync(folder, { recursive: true, force: true });
    });

    it('let the gateway start, sign in and record with the least of rights', async () => {
      expect(await migrateStore(gateway)).toEqual([]);
      const url = new URL(engine.url);
      url.username = names[0] ?? '';
      url.password = 'pass-of-tests';
      const identity = await openIdentity(undefined, url.href);
      await identity.add({ kind: 'customer', identifier: 'cy@example.org', customerNumber: 'C7' });
      const { accessToken } = await identity.login.login('customer', 'C7', PASSWORD, CONTEXT);
      expect(await identity.authenticate(accessToken)).toMatchObject({ subject: 'customer:1' });
      expect(await identity.audit.checkpoint()).not.toBeNull();
      expect(await identity.audit.verify()).toMatchObject({ intact: true });
      await identity.close();
    });

    it('let the gateway change and remove no record, checkpoint or archive', async () => {
      await log.append(loginEvent(1));
      for (const table of ['audit_records', 'audit_checkpoints', 'audit_archives']) {
        for (const statement of [`delete from ${table}`, `update ${table} set id = id`, `truncate table ${table}`]) {
          await expect(tamper(gateway, statement)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        }
      }
      await expect(tamper(gateway, 'drop trigger audit_records_no_update')).rejects.toThrow();
      await expect(
        tamper(
          gateway,
          `insert into audit_archives select 1, 'w', 1, 1, hash, hash, hash, 1, 'k', 's' from audit_heads`,
        ),
      ).rejects.toThrow();
    });

    it('let the archive’s account move old records, and see nothing of anybody’s account', async () => {
      await appendLogins(log, 2, 9);
      await log.checkpoint();
      now.value += 40 * DAY_MS;
      await appendLogins(log, 10, 12);
      const options = { clock: () => now.value, signer: AUDIT_KEYS.signer, folder, retentionMs: 30 * DAY_MS };
      await expect(archiveRecords({ ...options, store: gateway })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      const moved = await archiveRecords({ ...options, store: archive });
      expect(moved.find(({ archive: { writer } }) => writer === 'w')).toMatchObject({ records: 9 });
      expect(await log.verify({ archiveDir: folder })).toMatchObject({ intact: true });
      await log.append(loginEvent(13));
      expect(await log.verify({ archiveDir: folder })).toMatchObject({ intact: true });
      await expect(tamper(archive, 'select id from admins')).rejects.toThrow();
      await expect(tamper(archive, 'update audit_records set at = 1')).rejects.toThrow();
      // Not archived, so the trigger refuses it even here.
      await expect(tamper(archive, 'delete from audit_records where sequence = 12')).rejects.toThrow();
    });

    it('leave what the owner of the database does to be found by the chain and its checkpoints', async () => {
      await log.checkpoint();
      await owner.run((db) => sql`drop trigger audit_records_no_update`.execute(db));
      await rebuildChain(owner, 12, 'customer:12', 'customer:99', 'w');
      const faults = (await log.verify()).faults.map(({ kind, sequence }) => [kind, sequence]);
      expect(faults).toEqual([['rewritten', 13]]);
    });
  },
  ['mariadb', 'mysql'],
);
