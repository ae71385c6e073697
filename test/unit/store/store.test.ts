import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { migrateStore, openStore, pendingMigrations } from '../../../src/store/store.js';
import { describeStoreContract, MIGRATIONS } from './store-contract.js';

const folder = mkdtempSync(join(tmpdir(), 'swali-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a store on SQLite', () => {
  describeStoreContract(() => `sqlite:${join(folder, 'contract.sqlite')}`);

  it('makes the file and its folder, readable by its owner alone', async () => {
    const path = join(folder, 'deep', 'er', 'store.sqlite');
    const store = await openStore(`sqlite:${path}`);
    await migrateStore(store);
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(statSync(join(folder, 'deep')).mode & 0o077).toBe(0);
    await store.close();
  });

  it('syncs every commit to the disk and enforces foreign keys', async () => {
    const store = await openStore(`sqlite:${join(folder, 'pins.sqlite')}`);
    expect(store.durableCommits).toBe(true);
    const pragma = (name: string) =>
      store.run(async (db) => Object.values((await sql.raw(`pragma ${name}`).execute(db)).rows[0] as object)[0]);
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('synchronous')).toBe(2);
    expect(await pragma('foreign_keys')).toBe(1);
    await store.close();
  });

  it('says which migrations it lacks', async () => {
    const store = await openStore(`sqlite:${join(folder, 'pending.sqlite')}`);
    expect(await pendingMigrations(store)).toEqual(MIGRATIONS);
    await migrateStore(store);
    expect(await pendingMigrations(store)).toEqual([]);
    await store.close();
  });

  it('says what its connection is lent out for', async () => {
    const store = await openStore('sqlite::memory:');
    expect(store.poolUse()).toEqual({ name: 'store', size: 1, busy: 0, waiting: 0 });
    let end: () => void = () => {};
    let held = Promise.resolve();
    await new Promise<void>((enter) => {
      held = store.transaction(() => {
        enter();
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      });
    });
    const next = store.ping();
    await expect.poll(() => store.poolUse()).toEqual({ name: 'store', size: 1, busy: 1, waiting: 1 });
    end();
    await Promise.all([held, next]);
    await expect(store.transaction(() => Promise.reject(new Error('no')))).rejects.toThrow();
    expect(store.poolUse()).toEqual({ name: 'store', size: 1, busy: 0, waiting: 0 });
    await store.close();
  });

  it('refuses a store that a newer version made', async () => {
    const store = await openStore(`sqlite:${join(folder, 'newer.sqlite')}`);
    await migrateStore(store);
    await store.run((db) =>
      sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2099-01-01')`.execute(db),
    );
    await expect(migrateStore(store)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await store.close();
  });

  it('migrates a new file once when several connections start together', async () => {
    const url = `sqlite:${join(folder, 'together.sqlite')}`;
    const stores = await Promise.all([openStore(url), openStore(url)]);
    const ran = await Promise.all(stores.map((store) => migrateStore(store)));
    expect(ran.flat()).toEqual(MIGRATIONS);
    await Promise.all(stores.map((store) => store.close()));
  });
});

describe('opening a store', () => {
  it('refuses another scheme, and does not repeat the address', async () => {
    for (const url of ['postgres://root:hunter2@x/y', 'sqlite:', '', 'MYSQL://x']) {
      const error: unknown = await openStore(url).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'SETTINGS_INVALID' });
      expect(String(error)).not.toContain('hunter2');
    }
  });

  it('says that a server which is not there cannot be reached', async () => {
    await expect(openStore('mysql://root@127.0.0.1:1/none')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('says that a file which is no database cannot be used', async () => {
    const path = join(folder, 'no-database.sqlite');
    writeFileSync(path, 'this is text, long enough to be no SQLite header at all'.repeat(20));
    await expect(openStore(`sqlite:${path}`)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
