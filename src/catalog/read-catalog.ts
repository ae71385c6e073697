import type { Source } from '../source/source.js';
import { buildCatalog } from './build-catalog.js';
import type { Catalog } from './catalog.js';
import { readSqliteRelations } from './read-sqlite-catalog.js';

export async function readCatalog(source: Source): Promise<Catalog> {
  return buildCatalog('sqlite', source.serverVersion, 'main', await readSqliteRelations(source));
}
