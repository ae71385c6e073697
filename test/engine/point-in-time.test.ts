import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuditLog } from '../../src/audit/append-log.js';
import { migrateStore, openStore } from '../../src/store/store.js';
import { AUDIT_KEYS } from '../support/audit-keys.js';
import { type LoggingServer, startLoggingServer, whyNoLoggingServer } from '../support/logging-servers.js';
import { runCommand } from '../support/run-command.js';
import { loginEvent } from '../unit/audit/audit-fixtures.js';

const page = readFileSync(new URL('../../docs/operations/disaster-recovery.md', import.meta.url), 'utf8');

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The options of a program as they stand on the page, with the values of this run. */
function optionsOf(program: string, values: Readonly<Record<string, string>>): readonly string[] {
  const command = new RegExp(`^ *${program} ([^|]*)\\|`, 'm').exec(page)?.[1] ?? '';
  const options = [...command.matchAll(/(--[a-z-]+)(?:=(?:"([^"]*)"|(\S+)))?/g)];
  return options.map(([, name, quoted, bare]) => {
    const value = values[name!] ?? quoted ?? bare;
    return value === undefined ? name! : `${name}=${value}`;
  });
}

/** What `backup verify` says of where the backup stands in the log: what the page tells one to put where. */
function placeOf(printed: string): { readonly values: Record<string, string>; readonly from?: string } {
  const gtids = /^binary log without (\S+)$/m.exec(printed)?.[1];
  if (gtids !== undefined) return { values: { '--exclude-gtids': gtids } };
  const [, from, position] = /^binary log from (\S+) (\d+)$/m.exec(printed) ?? [];
  return { values: { '--start-position': position ?? 'none' }, ...(from === undefined ? {} : { from }) };
}

const ENGINES = [
  { engine: 'mysql', program: 'mysqlbinlog', option: '--exclude-gtids' },
  { engine: 'mariadb', program: 'mariadb-binlog', option: '--start-position' },
] as const;

describe.each(ENGINES)('point-in-time recovery on $engine', ({ engine, program, option }) => {
  const lacking = whyNoLoggingServer(engine);
  const folder = mkdtempSync(join(tmpdir(), 'swali-pitr-'));
  let server: LoggingServer;
  beforeAll(async () => {
    if (lacking === null) server = await startLoggingServer(engine);
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.skipIf(lacking !== null)(
    `brings the store to the second before the accident${lacking === null ? '' : `: ${lacking}`}`,
    async () => {
      await server.query('create database swali character set utf8mb4');
      const env = {
        DATA_DIR: folder,
        STORE_URL: `${server.url}swali`,
        BACKUP_KEY: 'a key of backups with 32 characters or more',
        BCRYPT_COST: '4',
      };
      const store = await openStore(env.STORE_URL);
      await migrateStore(store);
      const log = await openAuditLog({ ...AUDIT_KEYS, store, clock: Date.now, writerId: 'serve' });
      const addAdmin = (name: string) =>
        store.run((db) =>
          sql`insert into admins (identifier, password_hash, status, tier, claims, created_at)
          values (${name}, 'x', 'active', 'free', '{}', 1)`.execute(db),
        );
      await addAdmin('before');
      for (let n = 0; n < 20; n += 1) await log.append(loginEvent(n));

      // Others write all the while, so that the backup and the log overlap.
      let writing = true;
      let written = 20;
      const writer = (async () => {
        while (writing) {
          await log.append(loginEvent(written));
          written += 1;
        }
      })();
      const file = join(folder, 'base.backup');
      const made = await runCommand(env, ['backup', '--to', file]);
      expect([made.code, made.err]).toEqual([0, '']);
      writing = false;
      await writer;
      await addAdmin('after');
      await store.run((db) => sql`update admins set tier = 'enterprise' where identifier = 'before'`.execute(db));
      for (let n = 0; n < 30; n += 1) await log.append(loginEvent(n));
      await pause(1100);
      const stopAt = await server.query('select utc_timestamp()');
      await pause(1100);
      await store.run((db) => sql`delete from admins`.execute(db));
      await store.close();

      const verified = await runCommand(env, ['backup', 'verify', file]);
      const { values, from } = placeOf(verified.out);
      const options = optionsOf(program, { ...values, '--stop-datetime': stopAt });
      expect(options.join(' ')).toMatch(new RegExp(`${option}=\\S*\\d`));
      const replay = await server.readLogs(options, from);
      await server.query('drop database swali; create database swali character set utf8mb4');
      const restored = await runCommand(env, ['restore', file, '--replay-follows']);
      expect([restored.code, restored.err]).toEqual([0, '']);
      await server.query(replay);
      const finished = await runCommand(env, ['restore', '--finish']);
      expect([finished.code, finished.err]).toEqual([0, '']);
      expect(finished.out).toContain('intact');

      const again = await openStore(env.STORE_URL);
      try {
        const admins = await again.run((db) =>
          db.selectFrom('admins').select(['identifier', 'tier']).orderBy('id').execute(),
        );
        expect(admins).toEqual([
          { identifier: 'before', tier: 'enterprise' },
          { identifier: 'after', tier: 'free' },
        ]);
        const chain = await openAuditLog({ ...AUDIT_KEYS, store: again, clock: Date.now, writerId: 'serve' });
        const report = await chain.verify();
        expect(report.intact).toBe(true);
        expect(report.heads.find(({ writer }) => writer === 'serve')?.sequence).toBe(written + 30);
      } finally {
        await again.close();
      }
    },
    120_000,
  );
});
