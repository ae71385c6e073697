import type { Catalog, CatalogRelation } from '../../catalog/catalog.js';
import type { Random } from '../../demo/random.js';
import type { ChangedTable } from '../mutate.js';
import type { OwnedDatabase } from '../world.js';
import { quoteName } from './print-cell.js';
import { printRows, type Row, readTable, runTogether } from './stored-tables.js';

/** Whether the table itself is kept in the order of its primary key, in whatever order its rows come. */
function isClustered(relation: CatalogRelation, catalog: Catalog): boolean {
  if (relation.primaryKey.length === 0) return false;
  if (catalog.dialect !== 'sqlite') return true;
  const [only, second] = relation.primaryKey;
  const column = relation.columns.find(({ name }) => name === only);
  return second === undefined && column?.declaredType === 'integer';
}

/** Stores rows of others. Those whose keys are taken are left out; so is, half by half, what the engine refuses. */
async function storeForeign(
  database: OwnedDatabase,
  relation: CatalogRelation,
  rows: readonly Row[],
  catalog: Catalog,
): Promise<void> {
  try {
    await runTogether(database, printRows(relation, rows, catalog, 'ignore'), catalog);
  } catch {
    // One that cannot be stored is one of many that were guessed.
    if (rows.length <= 1) return;
    const middle = Math.floor(rows.length / 2);
    await storeForeign(database, relation, rows.slice(0, middle), catalog);
    await storeForeign(database, relation, rows.slice(middle), catalog);
  }
}

/** Rows of others in a few blocks between kept ones, which keep their order. */
function interleave(kept: readonly Row[], foreign: readonly Row[], random: Random): readonly Row[] {
  const blocks = Array.from({ length: random.integer(1, 12) }, () => random.integer(0, kept.length)).sort(
    (a, b) => a - b,
  );
  const size = Math.ceil(foreign.length / blocks.length);
  let from = 0;
  const rows = blocks.flatMap((place, index) => {
    const part = [...kept.slice(from, place), ...foreign.slice(index * size, (index + 1) * size)];
    from = place;
    return part;
  });
  return [...rows, ...kept.slice(from)];
}

/**
 * Stores the rows of one changed table that is empty. Kept rows are stored as they are; a row of somebody else that has one of
 * their keys gives way.
 *
 * @param isKept tells of a stored row whether it is one that had to be kept
 */
export async function storeChanges(
  database: OwnedDatabase,
  relation: CatalogRelation,
  { kept, foreign }: ChangedTable,
  catalog: Catalog,
  isKept: (row: Row) => boolean,
  random: Random,
): Promise<void> {
  if (isClustered(relation, catalog)) {
    await storeForeign(database, relation, foreign, catalog);
    await runTogether(database, printRows(relation, kept, catalog, 'replace'), catalog);
    return;
  }
  await runTogether(database, printRows(relation, kept, catalog), catalog);
  if (foreign.length === 0) return;
  await storeForeign(database, relation, foreign, catalog);
  // A scan meets these rows as they came. Which of them can stand together is known now, so they come again, mixed.
  const stored = await readTable(database, relation, catalog);
  const mixed = interleave(
    stored.filter(isKept),
    stored.filter((row) => !isKept(row)),
    random,
  );
  const empty = `DELETE FROM ${quoteName(relation.name, catalog.dialect)}`;
  await runTogether(database, [empty, ...printRows(relation, mixed, catalog)], catalog);
}
