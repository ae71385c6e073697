import type { Source } from '../source/source.js';
import { buildCatalog } from './build-catalog.js';
import type { Catalog } from './catalog.js';
import { readServerRelations } from './read-server-catalog.js';
import { readSqliteRelations } from './read-sqlite-catalog.js';

async function readDatabase(source: Source): Promise<string> {
  const [row] = await source.inspect('SELECT DATABASE() AS name');
  return String(row?.name);
}

/**
 * Reads what a source holds: relations with columns, keys and indexes. Knows no policy.
 *
 * @param source an open source of any dialect
 * @returns a catalog; `version` changes with anything that could change how a statement is read
 * @throws SwaliError `CATALOG_NAMES_COLLIDE` where two names differ only in case or accents, `SOURCE_UNAVAILABLE`
 */
export async function readCatalog(source: Source): Promise<Catalog> {
  return source.dialect === 'sqlite'
    ? buildCatalog('sqlite', source.serverVersion, 'main', await readSqliteRelations(source))
    : buildCatalog(source.dialect, source.serverVersion, await readDatabase(source), await readServerRelations(source));
}
