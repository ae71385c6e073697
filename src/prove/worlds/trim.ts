import type { Catalog, CatalogRelation } from '../../catalog/catalog.js';
import type { Marks } from '../slice.js';
import { nameCell } from '../slice-rules.js';
import { type Row, type StoredTables, tablesOf } from './stored-tables.js';

/** Names the cells of some columns of a row; null where one of them is NULL. */
function keyReader(relation: CatalogRelation, columns: readonly string[]): (row: Row) => string | null {
  const places = columns.map((name) => relation.columns.findIndex((each) => each.name === name));
  return (row) => {
    const names = places.map((place) => nameCell(row[place] ?? null));
    return names.includes(null) ? null : names.join('\n');
  };
}

/** Adds to the wanted rows those that they refer to, as far as keys to other tables lead. */
function followKeys(wanted: ReadonlyMap<string, Set<Row>>, tables: StoredTables, catalog: Catalog): void {
  const relations = tablesOf(catalog);
  const byName = new Map(relations.map((relation) => [relation.name, relation]));
  const steps = relations.flatMap((relation) =>
    relation.foreignKeys.flatMap((key) => {
      const target = byName.get(key.relation);
      if (!target || target === relation) return [];
      const readTarget = keyReader(target, key.referenced);
      const found = new Map((tables.get(target.name) ?? []).map((row) => [readTarget(row), row]));
      return [{ from: relation.name, to: target.name, found, read: keyReader(relation, key.columns) }];
    }),
  );
  // As many rounds as there are steps from a customer's row to the farthest table that it leads to.
  for (let round = 0; round < 4; round += 1)
    for (const { from, to, found, read } of steps)
      for (const row of wanted.get(from)!) {
        const name = read(row);
        const target = name === null ? undefined : found.get(name);
        if (target) wanted.get(to)!.add(target);
      }
}

/**
 * Leaves at most `most` rows in every table: the principals' own where a rule marks them, then what those refer to, then the
 * first ones. Rows keep their order.
 */
export function trimTables(
  tables: StoredTables,
  marks: readonly Marks[],
  catalog: Catalog,
  most: number,
): StoredTables {
  const wanted = new Map([...tables.keys()].map((name) => [name, new Set<Row>()]));
  for (const [name, rows] of tables)
    rows.forEach((row, index) => {
      // Where every row is open to somebody, a mark tells nothing of whose it is.
      const isOwn = marks.some((each) => each.get(name)?.[index] === 'own' && each.get(name)?.includes('foreign'));
      if (isOwn) wanted.get(name)!.add(row);
    });
  followKeys(wanted, tables, catalog);
  const trimmed = new Map<string, readonly Row[]>();
  for (const [name, rows] of tables) {
    const first = [...wanted.get(name)!].slice(0, most);
    const kept = new Set([
      ...first,
      ...rows.filter((row) => !wanted.get(name)!.has(row)).slice(0, most - first.length),
    ]);
    trimmed.set(name, rows.length <= most ? rows : rows.filter((row) => kept.has(row)));
  }
  return trimmed;
}
