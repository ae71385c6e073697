import { sql } from 'kysely';
import { SwaliError } from '../../errors/swali-error.js';
import { migrationsFor } from '../migrations.js';
import type { Store } from '../store.js';

/**
 * Refuses to back up a store of another version: to open it for that would change its tables under the gateway that runs
 * on it. A store without tables passes.
 *
 * @throws SwaliError `BACKUP_FAILED`, `STORE_UNAVAILABLE`
 */
export async function assertOwnVersion(store: Store): Promise<void> {
  const ran = await store.run(async (db) => {
    const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
    if (!tables.some(({ name }) => name === 'kysely_migration')) return null;
    return (await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)).rows;
  });
  const known = Object.keys(migrationsFor(store.dialect === 'sqlite' ? 'sqlite' : 'mysql')).sort();
  if (ran === null || JSON.stringify(ran.map(({ name }) => name)) === JSON.stringify(known)) return;
  throw new SwaliError('BACKUP_FAILED', {
    detail: 'the store is of another version of the program; make the backup with that one',
  });
}
