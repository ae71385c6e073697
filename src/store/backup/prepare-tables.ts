import { Migrator, sql } from 'kysely';
import { SwaliError } from '../../errors/swali-error.js';
import { migrationsFor } from '../migrations.js';
import type { Store, StoreDatabase } from '../store.js';
import type { BackupHead } from './format.js';
import { TREATMENT } from './treatment.js';

/** A chain that nobody has written to yet: opening the store for a command makes one. */
const UNUSED = 'audit_heads';

/**
 * Makes the tables of a store as they were when a backup was made, without a row in them.
 *
 * @param head of the backup
 * @throws SwaliError `RESTORE_REFUSED` where the store holds anything, or the backup is of a newer version
 * @remarks Empty tables of another version are dropped: there is nothing to lose.
 */
export async function prepareTables(store: Store, head: BackupHead): Promise<void> {
  const last = demandKnown(store, head);
  await store.run(async (db) => {
    const there = await listTables(db, store.dialect === 'sqlite');
    await assertEmpty(db, there);
    // Where the tables are those of then already, no right to drop is needed.
    if (there.length > 0 && (await hasRun(db, head))) {
      await sql`delete from ${sql.table(UNUSED)}`.execute(db);
      return assertSameColumns(db, head, store.dialect === 'sqlite');
    }
    await dropTables(db, there);
    const provider = { getMigrations: async () => ({ ...migrationsOf(store) }) };
    const { error } = await new Migrator({ db, provider }).migrateTo(last);
    if (error) throw error;
    await assertSameColumns(db, head, store.dialect === 'sqlite');
  });
}

/** Refuses a store that holds anything, before a long file is read. @throws SwaliError `RESTORE_REFUSED` */
export async function assertStoreEmpty(store: Store): Promise<void> {
  await store.run(async (db) => assertEmpty(db, await listTables(db, store.dialect === 'sqlite')));
}

function migrationsOf(store: Store) {
  return migrationsFor(store.dialect === 'sqlite' ? 'sqlite' : 'mysql');
}

/** The last migration of the backup. */
function demandKnown(store: Store, { migrations }: BackupHead): string {
  const known = Object.keys(migrationsOf(store)).sort();
  const last = migrations.at(-1);
  if (last === undefined || migrations.some((name, at) => name !== known[at]))
    refuse(`the backup is of another version of the store, up to ${last}, and this one knows up to ${known.at(-1)}`);
  return last as string;
}

/** Those of ours that are there. */
async function listTables(db: StoreDatabase, isSqlite: boolean): Promise<readonly string[]> {
  const { rows } = await (isSqlite
    ? sql<{ name: string }>`select name from sqlite_master where type = 'table'`
    : sql<{ name: string }>`select table_name as name from information_schema.tables
        where table_schema = database() and table_type = 'BASE TABLE'`
  ).execute(db);
  const names = new Set(rows.map(({ name }) => name));
  return Object.keys(TREATMENT).filter((name) => names.has(name));
}

async function assertEmpty(db: StoreDatabase, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const used = table === UNUSED ? sql`where sequence > 0` : sql``;
    const { rows } = await sql`select 1 from ${sql.table(table)} ${used} limit 1`.execute(db);
    if (rows.length > 0) refuse(`the store is not empty: ${table} has rows; restore into a new one`);
  }
}

async function hasRun(db: StoreDatabase, { migrations }: BackupHead): Promise<boolean> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return JSON.stringify(rows.map(({ name }) => name)) === JSON.stringify(migrations);
}

async function dropTables(db: StoreDatabase, tables: readonly string[]): Promise<void> {
  // Children first: a table that another one names cannot go before it.
  let left = [...tables];
  while (left.length > 0) {
    const kept: string[] = [];
    let reason: unknown;
    for (const table of left) {
      try {
        await sql`drop table ${sql.table(table)}`.execute(db);
      } catch (error) {
        kept.push(table);
        reason = error;
      }
    }
    if (kept.length === left.length) throw reason;
    left = kept;
  }
  for (const table of ['kysely_migration', 'kysely_migration_lock'])
    await sql`drop table if exists ${sql.table(table)}`.execute(db);
}

async function assertSameColumns(db: StoreDatabase, head: BackupHead, isSqlite: boolean): Promise<void> {
  for (const { name, columns } of head.tables) {
    const { rows } = await (isSqlite
      ? sql<{ name: string }>`select name from pragma_table_xinfo(${name}) where hidden = 0`
      : sql<{ name: string }>`select column_name as name from information_schema.columns where
          table_schema = database() and table_name = ${name} and coalesce(generation_expression, '') = ''`
    ).execute(db);
    const there = rows.map((row) => row.name).sort();
    if (JSON.stringify(there) !== JSON.stringify([...columns].sort()))
      refuse(`the table ${name} has other columns here than in the backup`);
  }
}

function refuse(detail: string): never {
  throw new SwaliError('RESTORE_REFUSED', { detail });
}
