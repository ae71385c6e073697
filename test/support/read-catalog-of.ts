import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Catalog } from '../../src/catalog/catalog.js';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import type { Source } from '../../src/source/source.js';

/** The catalog of a SQLite database that is open in this process; a source of its own starts a child for each. */
export function readCatalogOf(database: DatabaseSyncInstance): Promise<Catalog> {
  const inspect: Source['inspect'] = async (sql, parameters = []) =>
    database.prepare(sql).all(...(parameters as string[])) as unknown as Awaited<ReturnType<Source['inspect']>>;
  return readCatalog({ dialect: 'sqlite', serverVersion: '3', inspect, database: 'main' } as unknown as Source);
}
