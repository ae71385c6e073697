import { describe, expect, it } from 'vitest';
import { printInsert, printTable } from '../../../src/demo/print-tables.js';
import { DEMO_TABLES } from '../../../src/demo/tables.js';

const leads = (table: (typeof DEMO_TABLES)[number], column: string) =>
  table.primaryKey === column || [...table.unique, ...table.indexes].some(([first]) => first === column);

describe('the tables of the demonstration', () => {
  it('lead an index with every foreign key, so that row rules are quick', () => {
    const keys = DEMO_TABLES.flatMap((table) =>
      table.columns.filter((column) => column.references).map((column) => ({ table, column: column.name })),
    );
    expect(keys.length).toBeGreaterThanOrEqual(15);
    expect(
      keys.filter(({ table, column }) => !leads(table, column)).map(({ table, column }) => `${table.name}.${column}`),
    ).toEqual([]);
  });

  it('refer to tables made before them', () => {
    const made = new Set<string>();
    for (const table of DEMO_TABLES) {
      made.add(table.name);
      for (const { references } of table.columns) if (references) expect(made).toContain(references[0]);
    }
  });

  it('name only columns that they have in their keys', () => {
    for (const table of DEMO_TABLES) {
      const names = table.columns.map((column) => column.name);
      for (const column of [table.primaryKey, ...table.unique.flat(), ...table.indexes.flat()])
        expect(names).toContain(column);
    }
  });
});

describe('the words for each engine', () => {
  const orders = DEMO_TABLES.find((table) => table.name === 'orders')!;

  it('give MySQL its keys inside the table, utf8mb4 and a binary collation', () => {
    const { create, indexes } = printTable(orders, 'mysql');
    expect(indexes).toEqual([]);
    expect(create).toContain('`id` INT NOT NULL');
    expect(create).toContain('`total` DECIMAL(12,2) NOT NULL');
    expect(create).toContain('KEY `orders_by_customer_number_ordered_at` (`customer_number`, `ordered_at`)');
    expect(create).toMatch(/DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin$/);
  });

  it('give SQLite a row id as primary key, and indexes by themselves', () => {
    const { create, indexes } = printTable(orders, 'sqlite');
    expect(create).toContain('"id" INTEGER NOT NULL');
    expect(create).toContain('FOREIGN KEY ("customer_number") REFERENCES "customers" ("customer_number")');
    expect(indexes).toContain(
      'CREATE INDEX "orders_by_customer_number_ordered_at" ON "orders" ("customer_number", "ordered_at")',
    );
  });

  it('insert several rows by one statement, no value in its text', () => {
    const branches = DEMO_TABLES.find((table) => table.name === 'branches')!;
    expect(printInsert(branches, 2, 'sqlite')).toBe(
      'INSERT INTO "branches" ("id", "name", "city", "country", "opened_on", "phone") VALUES (?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?)',
    );
  });
});
