import type { Catalog, CatalogRelation } from '../../catalog/catalog.js';
import type { DroppableDatabase } from '../databases.js';
import type { Cell, OwnedDatabase } from '../world.js';
import { type InsertVerb, printInserts, quoteName } from './print-cell.js';

/** One row, cells in the catalog's order of columns; generated ones are there, and are not written. */
export type Row = readonly Cell[];

/** Rows of every table by catalog spelling, in the order in which a scan of the table meets them. */
export type StoredTables = ReadonlyMap<string, readonly Row[]>;

/** Statements that make the same tables elsewhere. */
export interface Schema {
  /** Tables and their indexes, in an order that works where keys to other tables are not checked. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
  /** Views; one may need another that comes later. */
  readonly views: readonly string[];
}

/** The tables of a catalog, without its views. */
export function tablesOf(catalog: Catalog): readonly CatalogRelation[] {
  return [...catalog.relations.values()].filter((relation) => relation.kind === 'table');
}

function printScan(relation: CatalogRelation, catalog: Catalog): string {
  const { dialect } = catalog;
  const print = (column: CatalogRelation['columns'][number]): string => {
    const name = quoteName(column.name, dialect);
    // The driver ends a text at a zero byte: such a text comes as its bytes, and is no text of anybody's.
    if (dialect === 'sqlite')
      return `CASE WHEN typeof(${name}) = 'text' AND instr(${name}, char(0)) > 0 THEN CAST(${name} AS BLOB) ELSE ${name} END`;
    // A FLOAT prints six digits; as a double it prints all of them.
    return column.declaredType.startsWith('float') ? `${name} + 0e0` : name;
  };
  const columns = relation.columns.map(print).join(', ');
  const table = quoteName(relation.name, dialect);
  // Without an index the rows come as the table holds them.
  return `SELECT ${columns} FROM ${table} ${dialect === 'sqlite' ? 'NOT INDEXED' : 'USE INDEX ()'}`;
}

/** Reads the rows of one table. */
export function readTable(
  database: Pick<OwnedDatabase, 'query'>,
  relation: CatalogRelation,
  catalog: Catalog,
): Promise<readonly Row[]> {
  return database.query(printScan(relation, catalog));
}

/** Reads the rows of every table. */
export async function readTables(database: Pick<OwnedDatabase, 'query'>, catalog: Catalog): Promise<StoredTables> {
  const tables = new Map<string, readonly Row[]>();
  for (const relation of tablesOf(catalog)) tables.set(relation.name, await readTable(database, relation, catalog));
  return tables;
}

/** The script of a SQLite file: tables with their indexes, and views. Triggers are left out: copies are written once. */
export async function readSqliteSchema(database: Pick<OwnedDatabase, 'query'>): Promise<Schema> {
  const rows = await database.query(
    `SELECT type, tbl_name, sql FROM sqlite_schema
     WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid`,
  );
  const tables = new Map<string, string[]>();
  for (const [type, name, sql] of rows) if (type === 'table') tables.set(String(name), [String(sql)]);
  for (const [type, name, sql] of rows) if (type === 'index') tables.get(String(name))?.push(String(sql));
  return { tables, views: rows.flatMap(([type, , sql]) => (type === 'view' ? [String(sql)] : [])) };
}

/** The statements that made a database. */
export async function readSchema(database: DroppableDatabase, catalog: Catalog): Promise<Schema> {
  if (catalog.dialect === 'sqlite') return readSqliteSchema(database);
  const tables = new Map<string, readonly string[]>();
  const views: string[] = [];
  for (const { name, kind } of catalog.relations.values()) {
    const [row] = await database.query(`SHOW CREATE ${kind.toUpperCase()} ${quoteName(name, catalog.dialect)}`);
    const text = String(row?.[1]);
    if (kind === 'table') tables.set(name, [text]);
    // A view's text names its database; copies read their own.
    else views.push(text.replace(/ DEFINER=`[^`]*`@`[^`]*`/, '').replaceAll(`\`${database.name}\`.`, ''));
  }
  return { tables, views };
}

/** Makes views, each once those that it needs are there. One that never compiles is left out: nobody can read it. */
export async function makeViews(database: OwnedDatabase, views: readonly string[]): Promise<void> {
  let waiting = views;
  for (let before = Number.POSITIVE_INFINITY; waiting.length > 0 && waiting.length < before; ) {
    before = waiting.length;
    const failed: string[] = [];
    for (const view of waiting) await database.run(view).catch(() => failed.push(view));
    waiting = failed;
  }
}

/** Makes the tables of a schema, or some of them. */
export async function makeTables(
  database: OwnedDatabase,
  schema: Schema,
  isWanted: (name: string) => boolean = () => true,
): Promise<void> {
  const statements = [...schema.tables].flatMap(([name, sql]) => (isWanted(name) ? sql : []));
  if (statements.length > 0) await database.run(statements.join(';\n'));
}

/** INSERT statements for rows of a table; what the engine computes is left out. */
export function printRows(
  relation: CatalogRelation,
  rows: readonly Row[],
  catalog: Catalog,
  verb: InsertVerb = 'insert',
): readonly string[] {
  const written = relation.columns.flatMap((column, index) => (column.generated === 'no' ? [index] : []));
  const names = written.map((index) => relation.columns[index]!.name);
  const cells = rows.map((row) => written.map((index) => row[index] ?? null));
  return printInserts(relation.name, names, cells, catalog.dialect, verb);
}

/** Runs statements together: one transaction on SQLite. */
export async function runTogether(
  database: OwnedDatabase,
  statements: readonly string[],
  catalog: Catalog,
): Promise<void> {
  if (statements.length === 0) return;
  const [before, after] = catalog.dialect === 'sqlite' ? ['BEGIN;\n', ';\nCOMMIT'] : ['', ''];
  // A server takes no packet beyond its limit.
  let packet: string[] = [];
  let length = 0;
  const flush = async (): Promise<void> => {
    if (packet.length > 0) await database.run(before + packet.join(';\n') + after);
    packet = [];
    length = 0;
  };
  for (const statement of statements) {
    if (length + statement.length > 4_000_000) await flush();
    packet.push(statement);
    length += statement.length;
  }
  await flush();
}
