import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { Catalog } from '../../catalog/catalog.js';
import type { Principal } from '../../domain/principal.js';
import { foldName } from '../../sql/fold-name.js';
import { type DroppableDatabase, openSqliteFile } from '../databases.js';
import { foundIn, nameCell, owned, type RowRule } from '../slice-rules.js';
import type { Cell, WorldEntry, WorldOptions } from '../world.js';
import { planWorld, type WorldRules } from './open-world.js';
import { admin, customer } from './people.js';
import { printInserts, quoteName } from './print-cell.js';
import { readSqliteSchema, type StoredTables, tablesOf } from './stored-tables.js';

/** A published database and what tells there whose a row is. */
interface Published {
  readonly world: string;
  /** File without its ending: `FOLDER.sqlite` and `FOLDER.mysql.sql.gz`, or as spider-train has them. */
  readonly sqlite: string;
  readonly dump: string;
  /** Tables with the column that holds the owner. */
  readonly owners: readonly { readonly table: string; readonly column: string }[];
  /** Tables whose rows are somebody's through another table: `column IN (SELECT referenced FROM target WHERE …)`. */
  readonly through: readonly {
    readonly table: string;
    readonly column: string;
    readonly target: string;
    readonly referenced: string;
  }[];
}

const MOST_ROWS = 300;

const candidateSchema = z.array(
  z.object({
    db: z.string(),
    key: z.string(),
    tables: z.array(z.object({ table: z.string(), column: z.string() })),
  }),
);

/** SQLite keeps decimals as floating point, so a claim cannot be compared with one there. */
const DECIMAL_KEYS: ReadonlySet<string> = new Set(['hr_1']);

function spiderDatabases({ dataDir, dialect }: WorldOptions): readonly Published[] {
  if (dataDir === null) return [];
  const folder = join(dataDir, 'spider-train');
  const candidates = candidateSchema.parse(JSON.parse(readFileSync(join(folder, 'isolation-candidates.json'), 'utf8')));
  return candidates
    .filter(({ db }) => dialect !== 'sqlite' || !DECIMAL_KEYS.has(db))
    .map(({ db, key, tables }) => ({
      world: `spider/${db}.${key}`,
      sqlite: join(folder, 'sqlite', `${db}.sqlite`),
      dump: join(folder, 'mysql', `${db}.sql.gz`),
      owners: tables,
      through: [],
    }));
}

function sampleDatabases({ dataDir }: WorldOptions): readonly Published[] {
  if (dataDir === null) return [];
  const at = (name: string) => ({
    world: name,
    sqlite: join(dataDir, name, `${name}.sqlite`),
    dump: join(dataDir, name, `${name}.mysql.sql.gz`),
  });
  const own = (column: string, ...tables: readonly string[]) => tables.map((table) => ({ table, column }));
  return [
    {
      ...at('chinook'),
      owners: own('CustomerId', 'Customer', 'Invoice'),
      through: [{ table: 'InvoiceLine', column: 'InvoiceId', target: 'Invoice', referenced: 'InvoiceId' }],
    },
    { ...at('sakila'), owners: own('customer_id', 'customer', 'payment', 'rental'), through: [] },
    {
      ...at('northwind'),
      owners: [...own('id', 'customers'), ...own('customer_id', 'orders')],
      through: [
        { table: 'order_details', column: 'order_id', target: 'orders', referenced: 'id' },
        { table: 'invoices', column: 'order_id', target: 'orders', referenced: 'id' },
      ],
    },
    {
      ...at('classicmodels'),
      owners: own('customerNumber', 'customers', 'orders', 'payments'),
      through: [{ table: 'orderdetails', column: 'orderNumber', target: 'orders', referenced: 'orderNumber' }],
    },
  ];
}

/** Statements of a dump, without triggers, routines and the settings for them: a semicolon ends one where a line ends. */
function splitDump(text: string): readonly string[] {
  return text
    .replace(/^DELIMITER ;;$[\s\S]*?^DELIMITER ;$/gm, '')
    .split(/;[ \t]*\r?\n/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '' && !/^(?:\/\*!50003|LOCK TABLES|UNLOCK TABLES)/.test(statement));
}

async function fillFromDump(database: DroppableDatabase, path: string): Promise<void> {
  // Strings of a dump are written with backslashes.
  const before = "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', unique_checks = 0; START TRANSACTION";
  const after =
    "COMMIT; SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', unique_checks = 1, foreign_key_checks = 0; SET NAMES utf8mb4";
  const statements = splitDump(gunzipSync(readFileSync(path)).toString('utf8'));
  let packet = [before];
  let length = 0;
  for (const statement of statements) {
    if (length > 2_000_000) {
      await database.run(packet.join(';\n'));
      packet = [];
      length = 0;
    }
    packet.push(statement);
    length += statement.length;
  }
  await database.run([...packet, after].join(';\n'));
}

async function fillFromSqlite(database: DroppableDatabase, path: string): Promise<void> {
  const file = openSqliteFile(path);
  const schema = await readSqliteSchema(file);
  const statements = ['BEGIN'];
  for (const [name, sql] of schema.tables) {
    statements.push(...sql);
    const columns = await file.query(
      `SELECT name FROM pragma_table_info('${name.replaceAll("'", "''")}') ORDER BY cid`,
    );
    const rows = await file.query(`SELECT * FROM ${quoteName(name, 'sqlite')} NOT INDEXED`);
    statements.push(
      ...printInserts(
        name,
        columns.map(([column]) => String(column)),
        rows,
        'sqlite',
      ),
    );
  }
  await database.run([...statements, 'COMMIT'].join(';\n'));
}

/** Values of the owner columns, those that stand in most tables and rows first; ties by value. */
function rankOwners(cells: readonly (readonly Cell[])[]): readonly Cell[] {
  const found = new Map<string, { cell: Cell; tables: number; rows: number }>();
  for (const column of cells) {
    const counts = new Map<string, { cell: Cell; rows: number }>();
    for (const cell of column) {
      const name = nameCell(cell);
      if (name === null || cell === '') continue;
      counts.set(name, { cell, rows: (counts.get(name)?.rows ?? 0) + 1 });
    }
    for (const [name, { cell, rows }] of counts) {
      const before = found.get(name) ?? { cell, tables: 0, rows: 0 };
      found.set(name, { cell, tables: before.tables + 1, rows: before.rows + rows });
    }
  }
  return [...found]
    .sort(([a, left], [b, right]) => right.tables - left.tables || right.rows - left.rows || (a < b ? -1 : 1))
    .map(([, { cell }]) => cell);
}

const yaml = (name: string): string => JSON.stringify(name);

function rulesOf(published: Published, catalog: Catalog, tables: StoredTables): WorldRules {
  const relations = tablesOf(catalog);
  const relationOf = (name: string) => {
    const relation = relations.find((each) => foldName(each.name) === foldName(name));
    if (!relation) throw new Error(`${published.world} has no table ${name}`);
    return relation;
  };
  const columnOf = (table: string, name: string) => {
    const column = relationOf(table).columns.find((each) => foldName(each.name) === foldName(name));
    if (!column) throw new Error(`${published.world} has no column ${table}.${name}`);
    return column;
  };
  const quote = (name: string): string => quoteName(name, catalog.dialect);
  const texts = new Map<string, string>();
  const rules = new Map<string, RowRule>();
  const state = (table: string, text: string, rule: RowRule): void => {
    texts.set(relationOf(table).name, text);
    rules.set(text, rule);
  };
  const ownRule = (table: string, column: string) => {
    const { name } = columnOf(table, column);
    return { text: `${quote(name)} = :owner`, rule: owned(name, 'owner') };
  };
  for (const { table, column } of published.owners) {
    const { text, rule } = ownRule(table, column);
    state(table, text, rule);
  }
  for (const { table, column, target, referenced } of published.through) {
    const owner = published.owners.find((each) => each.table === target);
    if (!owner) throw new Error(`${published.world}: nothing tells whose rows of ${target} are`);
    const inner = ownRule(target, owner.column);
    const [here, there] = [columnOf(table, column).name, columnOf(target, referenced).name];
    const from = relationOf(target).name;
    const text = `${quote(here)} IN (SELECT ${quote(there)} FROM ${quote(from)} WHERE ${inner.text})`;
    state(table, text, foundIn(here, from, there, inner.rule));
  }
  const lines = relations.map((relation) => {
    const rule = texts.get(relation.name);
    const columns = relation.columns
      .filter((column) => rule === undefined || column.generated !== 'virtual')
      .map(({ name }) => `${yaml(name)}: {}`);
    return `  ${yaml(relation.name)}: { open_to: [customer, admin], rows: { customer: ${yaml(rule ?? 'all')} }, columns: { ${columns.join(', ')} } }`;
  });
  const cells = published.owners.map(({ table, column }) => {
    const relation = relationOf(table);
    const place = relation.columns.indexOf(columnOf(table, column));
    return (tables.get(relation.name) ?? []).map((row) => row[place] ?? null);
  });
  const principals: readonly Principal[] = [
    ...rankOwners(cells)
      .slice(0, 2)
      .map((cell) => customer(String(cell), { claims: { owner: String(cell) } })),
    admin('1'),
  ];
  return {
    policyText: ['version: 1', 'source: prove', `dialect: ${catalog.dialect}`, 'relations:', ...lines, ''].join('\n'),
    rules,
    principals,
  };
}

/** Published sample databases, trimmed, with two owners and an admin each. */
export function publishedWorlds(options: WorldOptions): readonly WorldEntry[] {
  return [...sampleDatabases(options), ...spiderDatabases(options)].map((published) =>
    planWorld(
      {
        name: published.world,
        mostRows: MOST_ROWS,
        fill: (database) =>
          options.dialect === 'sqlite'
            ? fillFromSqlite(database, published.sqlite)
            : fillFromDump(database, published.dump),
        rulesFor: (catalog, tables) => rulesOf(published, catalog, tables),
      },
      options,
    ),
  );
}
