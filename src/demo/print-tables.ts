import type { DemoColumn, DemoTable } from './tables.js';

/** Which engines' words the text is for; MariaDB reads what MySQL reads. */
export type DemoEngine = 'sqlite' | 'mysql';

/** Index and table statements of one table, in order. Names are this repository's own, plain and in lower case. */
export function printTable(
  table: DemoTable,
  engine: DemoEngine,
): { readonly create: string; readonly indexes: readonly string[] } {
  const lines = [
    ...table.columns.map(
      (column) => `${quote(column.name, engine)} ${printType(column, engine)}${column.nullable ? '' : ' NOT NULL'}`,
    ),
    `PRIMARY KEY (${quote(table.primaryKey, engine)})`,
    ...table.columns.flatMap((column) =>
      column.references
        ? [
            `FOREIGN KEY (${quote(column.name, engine)}) REFERENCES ${quote(column.references[0], engine)} (${quote(column.references[1], engine)})`,
          ]
        : [],
    ),
  ];
  // On MySQL the keys stand in the table, so that no foreign key makes a second index of its own.
  if (engine === 'mysql') {
    lines.push(
      ...table.unique.map((columns) => `UNIQUE KEY ${keyName(table, columns, engine)} (${list(columns, engine)})`),
      ...table.indexes.map((columns) => `KEY ${keyName(table, columns, engine)} (${list(columns, engine)})`),
    );
  }
  // A binary collation, as SQLite compares: then all engines sort and group alike.
  const options = engine === 'mysql' ? ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin' : '';
  const create = `CREATE TABLE ${quote(table.name, engine)} (\n  ${lines.join(',\n  ')}\n)${options}`;
  if (engine === 'mysql') return { create, indexes: [] };
  const index = (unique: string) => (columns: readonly string[]) =>
    `CREATE ${unique}INDEX ${keyName(table, columns, engine)} ON ${quote(table.name, engine)} (${list(columns, engine)})`;
  return { create, indexes: [...table.unique.map(index('UNIQUE ')), ...table.indexes.map(index(''))] };
}

/** `INSERT` for several rows, values as `?`. */
export function printInsert(table: DemoTable, rows: number, engine: DemoEngine): string {
  const row = `(${table.columns.map(() => '?').join(', ')})`;
  const columns = list(
    table.columns.map((column) => column.name),
    engine,
  );
  return `INSERT INTO ${quote(table.name, engine)} (${columns}) VALUES ${Array.from({ length: rows }, () => row).join(', ')}`;
}

function printType(column: DemoColumn, engine: DemoEngine): string {
  switch (column.type) {
    case 'int':
      // INTEGER makes SQLite's primary key the row id.
      return engine === 'sqlite' ? 'INTEGER' : 'INT';
    case 'money':
      return 'DECIMAL(12,2)';
    case 'date':
      return 'DATE';
    case 'datetime':
      return 'DATETIME';
    default:
      return column.type.toUpperCase();
  }
}

function keyName(table: DemoTable, columns: readonly string[], engine: DemoEngine): string {
  return quote(`${table.name}_by_${columns.join('_')}`, engine);
}

function list(names: readonly string[], engine: DemoEngine): string {
  return names.map((name) => quote(name, engine)).join(', ');
}

function quote(name: string, engine: DemoEngine): string {
  return engine === 'mysql' ? `\`${name}\`` : `"${name}"`;
}
