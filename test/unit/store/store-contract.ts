import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { migrationsFor } from '../../../src/store/migrations.js';
import { migrateStore, openStore, type Store } from '../../../src/store/store.js';
import { isDuplicateKey } from '../../../src/store/store-error.js';

const ACCOUNT = {
  tenant: '',
  identifier: 'ada@example.org',
  password_hash: 'x',
  status: 'active',
  tier: 'standard',
  claims: '{}',
  created_at: 1_700_000_000_123,
} as const;

const RECORD = { at: 1, event: 'login', tenant: '', body: '{}', previous_hash: 'p', hash: 'h' } as const;

/** Every migration, in order. */
export const MIGRATIONS = [
  '0001-accounts',
  '0002-sessions',
  '0003-audit',
  '0004-session-lifetimes',
  '0005-second-factor',
  '0006-sign-in-attempts',
  '0007-api-keys',
  '0008-tenants',
  '0009-mailed-tokens',
  '0010-single-sign-on',
  '0011-groups',
  '0011b-widget',
  '0013-usage',
  '0014-audit-columns',
  '0015-audit-seals',
  '0016-kept-secrets',
  '0017-alerts',
  '0019-backups',
  '0020-conversations',
  '0021-verified-questions',
  '0022-reports',
  '0023-model-providers',
];
const migrationsFrom = (name: string) => MIGRATIONS.filter((each) => each >= name);

/**
 * What every store must do, whichever engine is behind it. Called inside a `describe`.
 *
 * @param url of a store without tables
 */
export function describeStoreContract(url: () => string): void {
  let store: Store;
  beforeAll(async () => {
    store = await openStore(url());
  });
  afterAll(async () => {
    await store.close();
  });

  it('makes every table at the first migration and does nothing at the second', async () => {
    expect(await migrateStore(store)).toEqual(MIGRATIONS);
    expect(await migrateStore(store)).toEqual([]);
  });

  it('runs the migration of second factors again where it broke off after its first table', async () => {
    await store.run(async (db) => {
      await sql`drop table recovery_codes`.execute(db);
      await sql`delete from kysely_migration where name >= '0005-second-factor'`.execute(db);
    });
    // Every later one runs again, and bears it.
    expect(await migrateStore(store)).toEqual(migrationsFrom('0005-second-factor'));
    const codes = await store.run((db) => db.selectFrom('recovery_codes').selectAll().execute());
    expect(codes).toEqual([]);
  });

  it('keeps one second factor for each account, and each recovery code once', async () => {
    const account = { tenant: '', kind: 'admin', account_id: 7 };
    const factor = {
      ...account,
      secret: null,
      pending_secret: 'p',
      confirmed_at: null,
      last_step: 0,
      wrong_codes: 0,
      locked_until: 0,
      created_at: 1_700_000_000_123,
    };
    const code = { ...account, digest: 'd', used_at: null };
    const addFactor = (kind: string) =>
      store.run((db) =>
        db
          .insertInto('second_factors')
          .values({ ...factor, kind })
          .execute(),
      );
    const addCode = (kind: string) =>
      store.run((db) =>
        db
          .insertInto('recovery_codes')
          .values({ ...code, kind })
          .execute(),
      );
    for (const kind of ['admin', 'employee']) await Promise.all([addFactor(kind), addCode(kind)]);
    expect(isDuplicateKey(await addFactor('admin').catch((e: unknown) => e))).toBe(true);
    expect(isDuplicateKey(await addCode('admin').catch((e: unknown) => e))).toBe(true);
    const row = await store.run((db) =>
      db.selectFrom('second_factors').selectAll().where('kind', '=', 'admin').executeTakeFirstOrThrow(),
    );
    expect(row).toEqual(factor);
  });

  it('takes the table of sign-in attempts to be made again, as after a break', async () => {
    const migration = migrationsFor(store.dialect === 'sqlite' ? 'sqlite' : 'mysql')['0006-sign-in-attempts'];
    await store.run(async (db) => migration?.up(db));
    await store.run((db) => sql`select blocked_until from sign_in_attempts`.execute(db));
  });

  it('keeps text of every script and large times exactly', async () => {
    await store.run((db) =>
      db
        .insertInto('admins')
        .values({ ...ACCOUNT, claims: '{"name":"Ħ 漢字 🜁 \\u0000"}' })
        .execute(),
    );
    const row = await store.run((db) => db.selectFrom('admins').selectAll().executeTakeFirstOrThrow());
    expect(row).toMatchObject({ ...ACCOUNT, claims: '{"name":"Ħ 漢字 🜁 \\u0000"}' });
    expect(typeof row.id).toBe('number');
  });

  it('tells a taken unique key from other failures', async () => {
    const error = await store.run((db) => db.insertInto('admins').values(ACCOUNT).execute()).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(isDuplicateKey(error)).toBe(true);
    const other = await store.run((db) => sql`select nothing_like_it`.execute(db)).catch((e: unknown) => e);
    expect(other).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(isDuplicateKey(other)).toBe(false);
  });

  it('takes identifiers that differ in case or accent for different ones', async () => {
    for (const identifier of ['ADA@example.org', 'adä@example.org']) {
      await store.run((db) =>
        db
          .insertInto('admins')
          .values({ ...ACCOUNT, identifier })
          .execute(),
      );
    }
    const rows = await store.run((db) =>
      db.selectFrom('admins').select('id').where('identifier', '=', 'adä@example.org').execute(),
    );
    expect(rows).toHaveLength(1);
  });

  it('refuses text that is too long instead of cutting it', async () => {
    const identifier = `${'a'.repeat(255)}@example.org`;
    await expect(
      store.run((db) =>
        db
          .insertInto('admins')
          .values({ ...ACCOUNT, identifier })
          .execute(),
      ),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('keeps nothing of a transaction that fails', async () => {
    const work = store.transaction(async (db) => {
      await db
        .insertInto('admins')
        .values({ ...ACCOUNT, identifier: 'gone@example.org' })
        .execute();
      throw new Error('the driver says a secret');
    });
    const error: unknown = await work.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SwaliError);
    expect((error as SwaliError).message).not.toContain('secret');
    expect((error as SwaliError).cause).toMatchObject({ message: 'the driver says a secret' });
    const rows = await store.run((db) =>
      db.selectFrom('admins').select('id').where('identifier', '=', 'gone@example.org').execute(),
    );
    expect(rows).toEqual([]);
  });

  it('runs transactions that are asked for together, one after the other or side by side, and loses none', async () => {
    await store.run((db) => db.insertInto('audit_heads').values({ writer: 'sum', sequence: 0, hash: '' }).execute());
    await Promise.all(
      Array.from({ length: 20 }, () =>
        store.transaction(async (db) => {
          await sql`update audit_heads set sequence = sequence + 1 where writer = 'sum'`.execute(db);
        }),
      ),
    );
    const head = await store.run((db) =>
      db.selectFrom('audit_heads').select('sequence').where('writer', '=', 'sum').executeTakeFirstOrThrow(),
    );
    expect(head.sequence).toBe(20);
  });

  it('carries two transactions through that lock each other out', async () => {
    for (const writer of ['a', 'b']) {
      await store.run((db) => db.insertInto('audit_heads').values({ writer, sequence: 0, hash: '' }).execute());
    }
    const raise = (first: string, second: string) =>
      store.transaction(async (db) => {
        for (const writer of [first, second]) {
          await sql`update audit_heads set sequence = sequence + 1 where writer = ${writer}`.execute(db);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      });
    await Promise.all([raise('a', 'b'), raise('b', 'a')]);
    const heads = await store.run((db) =>
      db.selectFrom('audit_heads').select('sequence').where('writer', 'in', ['a', 'b']).execute(),
    );
    expect(heads).toEqual([{ sequence: 2 }, { sequence: 2 }]);
  });

  it('refuses to change, delete or replace an audit record', async () => {
    await store.run((db) =>
      db
        .insertInto('audit_records')
        .values({ ...RECORD, writer: 'w', sequence: 1 })
        .execute(),
    );
    const attempts = [
      sql`update audit_records set body = '{"x":1}'`,
      sql`update audit_records set hash = hash`,
      sql`delete from audit_records`,
      sql`replace into audit_records (writer, sequence, at, event, body, previous_hash, hash) values ('w', 1, 2, 'login', '', '', '')`,
    ];
    for (const attempt of attempts) {
      await expect(store.run((db) => attempt.execute(db))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
    const rows = await store.run((db) => db.selectFrom('audit_records').selectAll().execute());
    expect(rows).toMatchObject([{ ...RECORD, writer: 'w', sequence: 1 }]);
  });

  it('refuses a second record of one writer with the same number', async () => {
    const insert = store.run((db) =>
      db
        .insertInto('audit_records')
        .values({ ...RECORD, writer: 'w', sequence: 1 })
        .execute(),
    );
    expect(isDuplicateKey(await insert.catch((e: unknown) => e))).toBe(true);
  });

  it('refuses a refresh token of a session that does not exist', async () => {
    const values = { tenant: '', digest: 'd', session_id: 'none', created_at: 1, expires_at: 2, used_at: null };
    await expect(store.run((db) => db.insertInto('refresh_tokens').values(values).execute())).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });

  it('migrates once when several processes start together', async () => {
    const stores = await Promise.all([openStore(url()), openStore(url()), openStore(url())]);
    try {
      const ran = await Promise.all(stores.map((each) => migrateStore(each)));
      expect(ran.flat()).toEqual([]);
    } finally {
      await Promise.all(stores.map((each) => each.close()));
    }
  });

  it('finishes the columns of sessions where an earlier run broke off, and keeps the sessions of before', async () => {
    const broken = await openStore(url());
    try {
      await broken.run(async (db) => {
        await sql`insert into sessions (id, kind, account_id, address, created_at) values ('old', 'customer', 1, '', 5)`.execute(
          db,
        );
        await sql`insert into sessions (id, kind, account_id, address, created_at, last_used_at)
          values ('half', 'customer', 1, '', 5, 7)`.execute(db);
        await sql`alter table sessions drop column expires_at`.execute(db);
        await sql`delete from kysely_migration where name >= '0004-session-lifetimes'`.execute(db);
      });
      const before = Date.now();
      // Every later one runs again, and bears it.
      expect(await migrateStore(broken)).toEqual(migrationsFrom('0004-session-lifetimes'));
      const rows = await broken.run((db) =>
        db
          .selectFrom('sessions')
          .select(['id', 'user_agent', 'last_used_at', 'expires_at'])
          .where('id', 'in', ['old', 'half'])
          .orderBy('id', 'desc')
          .execute(),
      );
      expect(rows).toMatchObject([
        { id: 'old', user_agent: '' },
        { id: 'half', user_agent: '', last_used_at: 7 },
      ]);
      const [old] = rows;
      // The server tells whole seconds.
      expect(old?.last_used_at).toBeGreaterThan(before - 2000);
      expect(old?.last_used_at).toBeLessThan(Date.now() + 2000);
      for (const row of rows) expect(row.expires_at).toBeGreaterThan(before + 29 * 86_400_000);
      expect(await migrateStore(broken)).toEqual([]);
    } finally {
      await broken.close();
    }
  });

  it('gives accounts of before to no tenant, keeps their ids, and gives none of them again', async () => {
    const before = await openStore(url());
    const isSqlite = before.dialect === 'sqlite';
    const add = (tenant: string, identifier: string) =>
      before.run(async (db) => {
        const row = { ...ACCOUNT, tenant, identifier, customer_number: null };
        const { insertId } = await db.insertInto('customers').values(row).executeTakeFirstOrThrow();
        return Number(insertId);
      });
    try {
      // As it was before: unique over everything. The last account is erased, so that its id is free.
      await before.run(async (db) => {
        if (isSqlite) {
          await sql`drop table customers`.execute(db);
          await migrationsFor('sqlite')['0001-accounts']?.up(db);
        } else {
          await sql`alter table customers drop index customers_identifier, drop index customers_customer_number,
            drop column tenant, add unique identifier (identifier),
            add unique customer_number (customer_number)`.execute(db);
        }
        await sql`delete from kysely_migration where name >= '0008-tenants'`.execute(db);
        await sql`insert into customers (id, identifier, password_hash, status, tier, claims, created_at)
          values (71, 'kept@example.org', 'x', 'active', 'free', '{}', 1), (99, 'erased@example.org', 'x', 'active', 'free', '{}', 1)`.execute(
          db,
        );
        await sql`delete from customers where id = 99`.execute(db);
      });
      expect(await migrateStore(before)).toEqual(migrationsFrom('0008-tenants'));
      const row = await before.run((db) =>
        db.selectFrom('customers').selectAll().where('id', '=', 71).executeTakeFirstOrThrow(),
      );
      expect(row).toMatchObject({ tenant: '', identifier: 'kept@example.org', tier: 'free' });
      expect(await add('acme', 'kept@example.org')).toBeGreaterThan(99);
      expect(isDuplicateKey(await add('acme', 'kept@example.org').catch((e: unknown) => e))).toBe(true);
      expect(isDuplicateKey(await add('', 'kept@example.org').catch((e: unknown) => e))).toBe(true);
    } finally {
      await before.close();
    }
  });

  it('knows the tenant of every row but of what is no tenant’s', async () => {
    const tables = await store.run(async (db) =>
      (await db.introspection.getTables()).map(({ name, columns }) => ({
        name,
        columns: columns.map((each) => each.name),
      })),
    );
    const without = tables.filter(({ columns }) => !columns.includes('tenant')).map(({ name }) => name);
    expect(tables.length).toBeGreaterThanOrEqual(12);
    expect(without.filter((name) => !name.startsWith('kysely_')).sort()).toEqual([
      // Chains run through all tenants, and so does what is signed of them.
      'audit_archives',
      'audit_checkpoints',
      'audit_heads',
      // Of a process.
      'backup_turns',
      // Digests of ids that providers gave out, and nothing of anybody.
      'sso_replays',
      'tenants',
    ]);
  });

  it('answers a ping while open and STORE_UNAVAILABLE once closed', async () => {
    const other = await openStore(url());
    await other.ping();
    await other.close();
    await expect(other.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
}
