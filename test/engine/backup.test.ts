import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAuditLog } from '../../src/audit/append-log.js';
import type { Dialect } from '../../src/domain/dialect.js';
import { readBackup } from '../../src/store/backup/read-backup.js';
import { restoreBackup } from '../../src/store/backup/restore-backup.js';
import { treatmentOf } from '../../src/store/backup/treatment.js';
import { writeBackup } from '../../src/store/backup/write-backup.js';
import { migrationsFor } from '../../src/store/migrations.js';
import { migrateStore, openStore, type Store } from '../../src/store/store.js';
import { describeEngines, type EngineUnderTest, engineUrl } from '../engines/engines.js';
import { AUDIT_KEYS } from '../support/audit-keys.js';
import { loginEvent, questionEvent } from '../unit/audit/audit-fixtures.js';
import { type Identity, openIdentity, PASSWORD } from '../unit/identify/identity-fixtures.js';

const SECRET = 'a key of backups with 32 characters or more';
const NOW = Date.UTC(2026, 2, 1, 12);
const CONTEXT = { requestId: 'r1', address: '203.0.113.9', tenant: null, userAgent: 'curl/8' };

/** Values that engines, drivers and JSON are known to change. */
const HARD_TEXTS = [
  '',
  ' ',
  'Ħ 漢字 🜁',
  '\\',
  "';--",
  '"\n\r\t',
  '\u2028',
  'null',
  '007',
  'a '.repeat(3000),
  'é'.normalize('NFD'),
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swali-backup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** All rows of all tables that are copied, as text, in one order for every engine. */
async function dump(store: Store): Promise<Record<string, readonly string[]>> {
  const tables = await store.run((db) => db.introspection.getTables());
  const copied = tables.map(({ name }) => name).filter((name) => treatmentOf(name) === 'copied');
  const all: Record<string, readonly string[]> = {};
  for (const name of copied.sort()) {
    // As text: the drivers refuse or round what the engines keep exactly.
    const columns = name === 'erasures' ? sql`tenant, subject, cast(erased_at as char) as erased_at` : sql`*`;
    const { rows } = await store.run((db) =>
      sql<Record<string, unknown>>`select ${columns} from ${sql.table(name)}`.execute(db),
    );
    const print = (row: Record<string, unknown>) =>
      JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
    all[name] = rows.map(print).sort();
  }
  return all;
}

/** Fills a row of every table, whatever its columns are called: hard texts into texts, large numbers into numbers. */
async function fillWithHardValues(store: Store): Promise<void> {
  await store.run(async (db) => {
    for (const [at, text] of HARD_TEXTS.entries())
      await db
        .insertInto('employees')
        .values({
          tenant: '',
          identifier: `hard-${at}`,
          password_hash: 'x',
          status: 'active',
          tier: 'free',
          role: 'viewer',
          claims: JSON.stringify({ text }),
          allow_tables: text,
          created_at: Number.MAX_SAFE_INTEGER - at,
        })
        .execute();
    await db
      .insertInto('usage_counters')
      .values({ tenant: '', subject: 'customer:1', day: '2026-01-01', model_tokens: -5, model_calls: 0 })
      .execute();
    await sql`insert into erasures (tenant, subject, erased_at) values ('', 'customer:9', 9223372036854775807)`.execute(
      db,
    );
  });
}

/** A second, empty store on an engine. */
async function openEmpty(dialect: Dialect): Promise<{ store: Store; url: string; drop(): Promise<void> }> {
  if (dialect === 'sqlite') {
    const path = mkdtempSync(join(tmpdir(), 'swali-empty-'));
    const url = `sqlite:${join(path, 'store.sqlite')}`;
    const store = await openStore(url);
    return {
      store,
      url,
      drop: async () => {
        await store.close();
        rmSync(path, { recursive: true, force: true });
      },
    };
  }
  const name = `swali_${randomBytes(6).toString('hex')}`;
  const server = new URL(engineUrl(dialect) ?? '');
  server.pathname = '/mysql';
  const owner = await openStore(server.href);
  await owner.run((db) => sql.raw(`create database ${name} character set utf8mb4`).execute(db));
  server.pathname = `/${name}`;
  const store = await openStore(server.href);
  return {
    store,
    url: server.href,
    drop: async () => {
      await store.close();
      await owner.run((db) => sql.raw(`drop database ${name}`).execute(db));
      await owner.close();
    },
  };
}

const sourceOf = (store: Store, engine: EngineUnderTest) => ({
  store,
  url: engine.url,
  secret: SECRET,
  clock: () => NOW,
  version: '1.2.3',
});

const ENGINES: readonly Dialect[] = ['sqlite', 'mariadb', 'mysql'];

describeEngines('backups of the store', 'select 1', (engine) => {
  let identity: Identity;
  let store: Store;
  beforeAll(async () => {
    identity = await openIdentity(undefined, engine.url);
    store = identity.store;
    for (const [n, kind] of (['customer', 'customer', 'employee', 'admin'] as const).entries())
      await identity.add({
        kind,
        identifier: `p${n}@example.org`,
        ...(kind === 'customer' ? { customerNumber: `C${n}` } : {}),
        ...(kind === 'employee' ? { role: 'member', allowTables: ['orders'] } : {}),
      });
    await identity.login.login('customer', 'C0', PASSWORD, CONTEXT);
    await fillWithHardValues(store);
    const log = await openAuditLog({ ...AUDIT_KEYS, store, clock: () => NOW, writerId: 'serve' });
    await Promise.all(
      Array.from({ length: 300 }, (_, n) =>
        log.append(n % 3 ? loginEvent(n) : questionEvent(HARD_TEXTS[n % HARD_TEXTS.length]!)),
      ),
    );
  });
  afterAll(() => identity.close());

  const backUp = async (name = 'store.backup') => {
    const path = join(folder, name);
    const summary = await writeBackup(sourceOf(store, engine), path);
    return { path, summary };
  };

  it('know every table that the store has', async () => {
    const tables = await store.run((db) => db.introspection.getTables({ withInternalKyselyTables: true }));
    expect(tables.length).toBeGreaterThan(20);
    expect(tables.filter(({ name }) => treatmentOf(name) === null).map(({ name }) => name)).toEqual([]);
  });

  it('say what they hold, and are readable by their owner alone', async () => {
    const { path, summary } = await backUp();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await readBackup(path, SECRET)).toEqual(summary);
    expect(summary.head).toMatchObject({
      createdAt: '2026-03-01T12:00:00.000Z',
      dialect: engine.dialect,
      version: '1.2.3',
    });
    expect(summary.head.migrations).toEqual(
      Object.keys(migrationsFor(engine.dialect === 'sqlite' ? 'sqlite' : 'mysql')),
    );
    expect(summary.foot.tables.audit_records?.rows).toBeGreaterThanOrEqual(300);
    expect(summary.foot.auditHeads.map(({ writer }) => writer)).toContain('serve');
    expect(summary.head.tables.map(({ name }) => name)).not.toContain('sso_flows');
    // No word of it stands there to be read.
    expect(readFileSync(path).includes('example.org')).toBe(false);
  });

  it.each(ENGINES)(
    'come back on %s row for row, ids going on where they were, with their chains intact',
    async (target) => {
      if (target !== 'sqlite' && engineUrl(target) === null) return;
      const { path } = await backUp();
      const empty = await openEmpty(target);
      try {
        const expected = await dump(store);
        await restoreBackup({ store: empty.store, path, secret: SECRET, now: NOW, replayFollows: true });
        expect(await dump(empty.store)).toEqual(expected);
        const log = await openAuditLog({ ...AUDIT_KEYS, store: empty.store, clock: () => NOW, writerId: 'serve' });
        expect(await log.verify()).toMatchObject({ intact: true });
        await log.append(loginEvent(1));
        expect(await log.verify()).toMatchObject({ intact: true });
        for (const text of ["update audit_records set body = 'x'", 'delete from audit_records'])
          await expect(empty.store.run((db) => sql.raw(text).execute(db))).rejects.toThrow();
        await expect(
          empty.store.run((db) =>
            sql`insert into employee_group_members (group_id, employee_id) values (77, 77)`.execute(db),
          ),
        ).rejects.toThrow();
      } finally {
        await empty.drop();
      }
    },
  );

  it('give the id of an account that is gone to nobody', async () => {
    await identity.add({ kind: 'admin', identifier: 'last@example.org' });
    await store.run((db) => sql`delete from admins where identifier = 'last@example.org'`.execute(db));
    const { path } = await backUp();
    const empty = await openEmpty(engine.dialect);
    try {
      await restoreBackup({ store: empty.store, path, secret: SECRET, now: NOW });
      const before = await store.run((db) =>
        db.selectFrom('admins').select('id').orderBy('id', 'desc').executeTakeFirst(),
      );
      await empty.store.run((db) =>
        sql`insert into admins (identifier, password_hash, status, tier, claims, created_at) values ('new', 'x', 'active', 'free', '{}', 1)`.execute(
          db,
        ),
      );
      const added = await empty.store.run((db) =>
        db.selectFrom('admins').select('id').where('identifier', '=', 'new').executeTakeFirst(),
      );
      expect(Number(added?.id)).toBeGreaterThan(Number(before?.id) + 1);
    } finally {
      await empty.drop();
    }
  });

  it('end every session and every mailed link when they come back', async () => {
    await store.run((db) =>
      db
        .insertInto('mailed_tokens')
        .values({
          tenant: '',
          digest: `d${randomBytes(4).toString('hex')}`,
          purpose: 'reset',
          kind: 'admin',
          account_id: 1,
          created_at: 1,
          expires_at: NOW + 1000,
          used_at: null,
        })
        .execute(),
    );
    const { path } = await backUp();
    const empty = await openEmpty(engine.dialect);
    try {
      await restoreBackup({ store: empty.store, path, secret: SECRET, now: NOW });
      const sessions = await empty.store.run((db) =>
        db.selectFrom('sessions').select(['ended_at', 'ended_by']).execute(),
      );
      expect(sessions.length).toBeGreaterThan(0);
      for (const { ended_at, ended_by } of sessions) expect([Number(ended_at), ended_by]).toEqual([NOW, 'restore']);
      const links = await empty.store.run((db) => db.selectFrom('mailed_tokens').select('expires_at').execute());
      for (const { expires_at } of links) expect(Number(expires_at)).toBeLessThanOrEqual(NOW);
    } finally {
      await empty.drop();
    }
  });

  it('are of one moment while others write', async () => {
    const log = await openAuditLog({ ...AUDIT_KEYS, store, clock: () => NOW, writerId: 'busy' });
    let writing = true;
    let written = 0;
    const writer = (async () => {
      while (writing) {
        await log.append(loginEvent(written));
        written += 1;
      }
    })();
    const empty = await openEmpty(engine.dialect);
    try {
      while (written < 5) await new Promise((resolve) => setTimeout(resolve, 5));
      const { path, summary } = await backUp();
      const during = written;
      writing = false;
      await writer;
      const head = summary.foot.auditHeads.find((each) => each.writer === 'busy');
      expect(head?.sequence).toBeGreaterThanOrEqual(5);
      expect(head?.sequence).toBeLessThanOrEqual(during + 1);
      await restoreBackup({ store: empty.store, path, secret: SECRET, now: NOW });
      const restored = await openAuditLog({ ...AUDIT_KEYS, store: empty.store, clock: () => NOW, writerId: 'busy' });
      const report = await restored.verify();
      expect(report.intact).toBe(true);
      expect(report.heads).toEqual(
        expect.arrayContaining(summary.foot.auditHeads.filter(({ sequence }) => sequence > 0)),
      );
    } finally {
      writing = false;
      await writer;
      await empty.drop();
    }
  });

  it('go into no store that holds anything, and leave it as it was', async () => {
    const { path } = await backUp();
    const before = await dump(store);
    await expect(restoreBackup({ store, path, secret: SECRET, now: NOW })).rejects.toMatchObject({
      code: 'RESTORE_REFUSED',
    });
    expect(await dump(store)).toEqual(before);
  });

  it('go into a store whose tables are there and empty', async () => {
    const { path } = await backUp();
    const empty = await openEmpty(engine.dialect);
    try {
      await migrateStore(empty.store);
      await openAuditLog({ ...AUDIT_KEYS, store: empty.store, clock: () => NOW, writerId: 'cli' });
      await restoreBackup({ store: empty.store, path, secret: SECRET, now: NOW });
      expect((await dump(empty.store)).audit_records).toEqual((await dump(store)).audit_records);
    } finally {
      await empty.drop();
    }
  });

  it('leave the store empty where the file is damaged, and take the next one', async () => {
    const { path } = await backUp();
    const file = readFileSync(path);
    const empty = await openEmpty(engine.dialect);
    try {
      const flipped = Buffer.from(file);
      flipped[file.length >> 1] = flipped[file.length >> 1]! ^ 1;
      const bad: readonly (readonly [string, Buffer, string, string])[] = [
        ['flipped', flipped, SECRET, 'BACKUP_DAMAGED'],
        ['cut', file.subarray(0, -1), SECRET, 'BACKUP_DAMAGED'],
        ['longer', Buffer.concat([file, Buffer.from('x')]), SECRET, 'BACKUP_DAMAGED'],
        ['foreign', Buffer.from('SQLite format 3\u0000 and so on'.repeat(50)), SECRET, 'BACKUP_UNREADABLE'],
        ['empty', Buffer.alloc(0), SECRET, 'BACKUP_UNREADABLE'],
        ['whole', file, 'another key of backups with 32 characters', 'BACKUP_KEY_WRONG'],
      ];
      for (const [name, bytes, secret, code] of bad) {
        const other = join(folder, name);
        writeFileSync(other, bytes);
        const outcome = await restoreBackup({ store: empty.store, path: other, secret, now: NOW }).catch(
          (error) => error.code,
        );
        expect([name, outcome]).toEqual([name, code]);
      }
      expect((await empty.store.run((db) => db.introspection.getTables())).length).toBe(0);
      await restoreBackup({ store: empty.store, path, secret: SECRET, now: NOW });
      expect((await dump(empty.store)).audit_records).toEqual((await dump(store)).audit_records);
    } finally {
      await empty.drop();
    }
  });

  it('refuse a database that holds what is not the gateway’s', async () => {
    await store.run((db) => sql`create table stray (id integer primary key)`.execute(db));
    try {
      await expect(backUp()).rejects.toMatchObject({ code: 'BACKUP_FAILED', detail: expect.stringContaining('stray') });
    } finally {
      await store.run((db) => sql`drop table stray`.execute(db));
    }
  });

  it('say what is wrong with where they are to go', async () => {
    await expect(writeBackup(sourceOf(store, engine), join(folder, 'none', 'x'))).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
      detail: 'there is no such folder',
    });
    writeFileSync(join(folder, 'there'), 'mine');
    await expect(writeBackup(sourceOf(store, engine), join(folder, 'there'))).rejects.toMatchObject({
      code: 'BACKUP_FAILED',
    });
    expect(readFileSync(join(folder, 'there'), 'utf8')).toBe('mine');
    expect(readdirSync(folder)).toEqual(['there']);
  });
});

describe('a backup of an older version', () => {
  it('comes back with the tables of then, and is brought up to date', async () => {
    const [old, empty] = [await openEmpty('sqlite'), await openEmpty('sqlite')];
    try {
      await migrateStore(old.store);
      // As it was before the migrations that made these.
      const later = Object.keys(migrationsFor('sqlite')).filter((name) => name >= '0019');
      await old.store.run(async (db) => {
        for (const table of ['erasures', 'backup_turns', 'conversations', 'turns'])
          await sql`drop table ${sql.table(table)}`.execute(db);
        await sql`delete from kysely_migration where name >= '0019'`.execute(db);
        await sql`insert into admins (identifier, password_hash, status, tier, claims, created_at) values ('a', 'x', 'active', 'free', '{}', 1)`.execute(
          db,
        );
      });
      const path = join(folder, 'old.backup');
      const source = { store: old.store, url: old.url, secret: SECRET, clock: () => NOW, version: '0' };
      const { head } = await writeBackup(source, path);
      expect(later).toContain('0019-backups');
      expect(head.migrations.filter((name) => later.includes(name))).toEqual([]);
      await restoreBackup({ store: empty.store, path, secret: SECRET, now: NOW });
      expect((await dump(empty.store)).admins).toHaveLength(1);
      expect((await dump(empty.store)).erasures).toEqual([]);
    } finally {
      await old.drop();
      await empty.drop();
    }
  });

  it('is refused where a newer version made it', async () => {
    const [newer, empty] = [await openEmpty('sqlite'), await openEmpty('sqlite')];
    try {
      await migrateStore(newer.store);
      await newer.store.run((db) =>
        sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030')`.execute(db),
      );
      const path = join(folder, 'newer.backup');
      await writeBackup({ store: newer.store, url: newer.url, secret: SECRET, clock: () => NOW, version: '9' }, path);
      await expect(restoreBackup({ store: empty.store, path, secret: SECRET, now: NOW })).rejects.toMatchObject({
        code: 'RESTORE_REFUSED',
        detail: expect.stringContaining('9999-later'),
      });
    } finally {
      await newer.drop();
      await empty.drop();
    }
  });
});
