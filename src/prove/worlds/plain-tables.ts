import type { Catalog } from '../../catalog/catalog.js';
import { visibleColumns } from '../slice.js';
import type { RelationAccess } from '../slice-access.js';
import { quoteName } from './print-cell.js';

/** Keys of a relation that a principal sees whole and unmasked: the caller's GROUP BY may rest on them. */
function visibleKeys({ relation, columns }: RelationAccess): {
  readonly primary: readonly string[] | null;
  readonly unique: readonly (readonly string[])[];
} {
  const isPlain = (names: readonly string[]): boolean =>
    names.length > 0 && names.every((name) => columns.get(name) === null);
  const primary = isPlain(relation.primaryKey) ? relation.primaryKey : null;
  const unique = relation.indexes.filter(
    (index) => index.unique && isPlain(index.columns) && index.columns.join('\n') !== relation.primaryKey.join('\n'),
  );
  return { primary, unique: unique.map((index) => index.columns) };
}

function printKeys(seen: RelationAccess, catalog: Catalog): readonly string[] {
  const list = (names: readonly string[]): string => names.map((name) => quoteName(name, catalog.dialect)).join(', ');
  const { primary, unique } = visibleKeys(seen);
  return [...(primary ? [`PRIMARY KEY (${list(primary)})`] : []), ...unique.map((names) => `UNIQUE (${list(names)})`)];
}

/**
 * CREATE TABLE of a relation as a principal sees it: visible columns alone, of the types that they have, computed ones
 * stored as they are; masked ones are text as an expression gives it, without a type on SQLite.
 *
 * @param fullName name of the database on the same server whose tables are the models; unused for SQLite
 */
export function printPlainTable(seen: RelationAccess, catalog: Catalog, fullName: string): string {
  const { dialect } = catalog;
  const table = quoteName(seen.relation.name, dialect);
  const keys = printKeys(seen, catalog);
  const columns = visibleColumns(seen).map(({ index, mask }) => ({ column: seen.relation.columns[index]!, mask }));
  if (dialect === 'sqlite') {
    const lines = columns.map(({ column, mask }) => {
      const name = quoteName(column.name, dialect);
      // The mask "null" is a CAST, which has an affinity; the others are CASE, which has none.
      if (mask !== null) return `${name} ${mask === 'null' ? 'TEXT' : ''}`;
      return `${name} ${column.declaredType}${column.collation ? ` COLLATE ${column.collation}` : ''}`;
    });
    return `CREATE TABLE ${table} (${[...lines, ...keys].join(', ')})`;
  }
  const items = columns.map(({ column, mask }) => {
    const name = quoteName(column.name, dialect);
    return mask === null ? name : `CAST(NULL AS CHAR(1000)) AS ${name}`;
  });
  const keyList = keys.length > 0 ? `(${keys.join(', ')}) ` : '';
  return `CREATE TABLE ${table} ${keyList}AS SELECT ${items.join(', ')} FROM ${fullName}.${table} LIMIT 0`;
}

/** INSERT columns of a relation as a principal sees it. */
export function plainColumnNames(seen: RelationAccess): readonly string[] {
  return visibleColumns(seen).map(({ index }) => seen.relation.columns[index]!.name);
}
