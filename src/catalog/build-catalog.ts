import { createHash } from 'node:crypto';
import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { foldName } from '../sql/fold-name.js';
import type { Catalog, CatalogRelation } from './catalog.js';

/** JSON with sorted keys, so that equal catalogs have equal digests. */
function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    entry !== null && typeof entry === 'object' && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
}

/** Groups of names that fold together, each group sorted. */
function findCollisions(names: readonly string[]): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>();
  for (const name of names) groups.set(foldName(name), [...(groups.get(foldName(name)) ?? []), name]);
  return [...groups.values()].filter((group) => group.length > 1).map((group) => group.sort());
}

/**
 * Makes a catalog of relations read from a source.
 *
 * @param relations in any order; the catalog sorts them by name
 * @returns a catalog whose `version` is the SHA-256 of its canonical JSON
 * @throws SwaliError `CATALOG_NAMES_COLLIDE` naming every pair of relations, or columns of one relation, that fold together
 */
export function buildCatalog(
  dialect: Dialect,
  serverVersion: string,
  database: string,
  relations: readonly CatalogRelation[],
): Catalog {
  const collisions = [
    ...findCollisions(relations.map((relation) => relation.name)).map((group) => group.join(' = ')),
    ...relations.flatMap((relation) =>
      findCollisions(relation.columns.map((column) => column.name)).map((group) =>
        group.map((name) => `${relation.name}.${name}`).join(' = '),
      ),
    ),
  ];
  if (collisions.length > 0) throw new SwaliError('CATALOG_NAMES_COLLIDE', { detail: collisions.join('; ') });
  const sorted = [...relations].sort((a, b) => (a.name < b.name ? -1 : 1));
  const digest = createHash('sha256')
    .update(toCanonicalJson({ dialect, serverVersion, database, relations: sorted }))
    .digest('hex');
  return {
    dialect,
    serverVersion,
    database,
    relations: new Map(sorted.map((relation) => [foldName(relation.name), relation])),
    version: `sha256:${digest}`,
  };
}
