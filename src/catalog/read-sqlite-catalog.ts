import type { ResultValue } from '../domain/result-set.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Source } from '../source/source.js';
import { readSqliteType } from '../source/sqlite-type.js';
import type { CatalogColumn, CatalogIndex, CatalogRelation, ForeignKey } from './catalog.js';
import { readSqliteCollations } from './read-sqlite-collations.js';

type Row = Readonly<Record<string, ResultValue>>;

/** `hidden` of table_xinfo: 1 is a hidden column of a virtual table, 2 a virtual and 3 a stored generated column. */
const GENERATED: ReadonlyMap<ResultValue, CatalogColumn['generated']> = new Map([
  [0, 'no'],
  [2, 'virtual'],
  [3, 'stored'],
]);

function toColumn(row: Row, collations: ReadonlyMap<string, string> | null, rowid: string | null): CatalogColumn {
  const name = String(row.name);
  const declared = String(row.type ?? '');
  return {
    name,
    family: readSqliteType(declared).family,
    declaredType: declared.toLowerCase(),
    unsigned: false,
    // A rowid alias cannot hold NULL though table_xinfo says it may; other primary keys of SQLite can, and it says so.
    nullable: row.notnull !== 1 && name !== rowid,
    generated: GENERATED.get(row.hidden ?? 0) ?? 'virtual',
    collation: collations ? (collations.get(name.toLowerCase()) ?? 'BINARY') : null,
    characterSet: null,
  };
}

interface TableIndexes {
  readonly indexes: readonly CatalogIndex[];
  /** True where the primary key has an index of its own: then it is not the rowid (`INTEGER PRIMARY KEY DESC`). */
  readonly keyIsIndexed: boolean;
}

async function readIndexes(
  source: Source,
  table: string,
  collations: ReadonlyMap<string, string>,
): Promise<TableIndexes> {
  const listed = await source.inspect('SELECT name, "unique" AS is_unique, partial, origin FROM pragma_index_list(?)', [
    table,
  ]);
  const indexes: CatalogIndex[] = [];
  for (const index of listed) {
    const name = String(index.name);
    const parts = await source.inspect(
      'SELECT cid, name, coll FROM pragma_index_xinfo(?) WHERE key = 1 ORDER BY seqno',
      [name],
    );
    // An expression has cid -2. An index that compares otherwise than its column finds and guards other values.
    const isOwn = (part: Row): boolean =>
      Number(part.cid) >= 0 &&
      String(part.coll).toUpperCase() === (collations.get(String(part.name).toLowerCase()) ?? 'BINARY');
    const firstOther = parts.findIndex((part) => !isOwn(part));
    const leading = index.partial === 0 ? parts.slice(0, firstOther < 0 ? parts.length : firstOther) : [];
    if (leading.length > 0)
      indexes.push({
        name,
        unique: firstOther < 0 && index.is_unique === 1,
        columns: leading.map((part) => String(part.name)),
      });
  }
  return { indexes, keyIsIndexed: listed.some((index) => index.origin === 'pk') };
}

async function readForeignKeys(source: Source, table: string): Promise<readonly ForeignKey[]> {
  const rows = await source.inspect(
    'SELECT id, seq, "table" AS target, "from" AS here, "to" AS there FROM pragma_foreign_key_list(?) ORDER BY id, seq',
    [table],
  );
  const byId = new Map<ResultValue, Row[]>();
  for (const row of rows) byId.set(row.id ?? null, [...(byId.get(row.id ?? null) ?? []), row]);
  return [...byId.values()].map((parts) => ({
    columns: parts.map((part) => String(part.here)),
    relation: String(parts[0]!.target),
    // Without a column list the key refers to the primary key; filled in once every relation is read.
    referenced: parts.flatMap((part) => (part.there === null || part.there === undefined ? [] : [String(part.there)])),
  }));
}

/** A key to a table that is not there, or to no key of it, says nothing and is left out; spellings become the catalog's. */
function completeForeignKeys(relations: readonly CatalogRelation[]): readonly CatalogRelation[] {
  const byName = new Map(relations.map((relation) => [relation.name.toLowerCase(), relation]));
  return relations.map((relation) => ({
    ...relation,
    foreignKeys: relation.foreignKeys.flatMap((key) => {
      const target = byName.get(key.relation.toLowerCase());
      if (!target) return [];
      const spell = (owner: CatalogRelation, name: string): string | undefined =>
        owner.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())?.name;
      const referenced = key.referenced.length > 0 ? key.referenced : target.primaryKey;
      const columns = key.columns.map((name) => spell(relation, name));
      const spelled = referenced.map((name) => spell(target, name));
      const isSound = columns.length === spelled.length && [...columns, ...spelled].every((name) => name !== undefined);
      return isSound ? [{ columns: columns as string[], relation: target.name, referenced: spelled as string[] }] : [];
    }),
  }));
}

/**
 * Reads the tables and views of a SQLite database. Left out: SQLite's own tables, virtual tables and the tables behind them.
 *
 * @param source of dialect `sqlite`
 * @throws SwaliError of {@link Source.inspect}; a view that no longer compiles is left out
 */
export async function readSqliteRelations(source: Source): Promise<readonly CatalogRelation[]> {
  const listed = await source.inspect(
    `SELECT l.name, l.type, s.sql FROM pragma_table_list AS l LEFT JOIN sqlite_schema AS s ON s.name = l.name AND s.type = l.type
     WHERE l.schema = 'main' AND l.type IN ('table', 'view') AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name`,
  );
  const relations: CatalogRelation[] = [];
  for (const entry of listed) {
    const relation =
      entry.type === 'view'
        ? await readView(source, String(entry.name))
        : await readTable(source, String(entry.name), String(entry.sql ?? ''));
    if (relation) relations.push(relation);
  }
  return completeForeignKeys(relations);
}

async function readTable(source: Source, name: string, createSql: string): Promise<CatalogRelation> {
  const rows = await readColumns(source, name);
  const collations = readSqliteCollations(createSql);
  const { indexes, keyIsIndexed } = await readIndexes(source, name, collations);
  const key = rows.filter((row) => Number(row.pk) > 0).sort((a, b) => Number(a.pk) - Number(b.pk));
  const [only] = key;
  const isRowid = key.length === 1 && !keyIsIndexed && String(only?.type).toUpperCase() === 'INTEGER';
  const rowid = isRowid ? String(only?.name) : null;
  return {
    name,
    kind: 'table',
    columns: rows.filter((row) => row.hidden !== 1).map((row) => toColumn(row, collations, rowid)),
    primaryKey: key.map((row) => String(row.name)),
    indexes: rowid === null ? indexes : [{ name: 'PRIMARY', unique: true, columns: [rowid] }, ...indexes],
    foreignKeys: await readForeignKeys(source, name),
  };
}

/** Null for a view that no longer compiles, because its tables have changed. */
async function readView(source: Source, name: string): Promise<CatalogRelation | null> {
  try {
    const columns = (await readColumns(source, name)).map((row) => toColumn(row, null, null));
    return columns.length > 0 ? { name, kind: 'view', columns, primaryKey: [], indexes: [], foreignKeys: [] } : null;
  } catch (error) {
    if (error instanceof SwaliError && error.code === 'EXECUTE_FAILED') return null;
    throw error;
  }
}

function readColumns(source: Source, name: string): Promise<readonly Row[]> {
  return source.inspect('SELECT cid, name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid', [
    name,
  ]);
}
