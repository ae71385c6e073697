import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Catalog, CatalogColumn, CatalogRelation } from '../../src/catalog/catalog.js';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import type { Dialect } from '../../src/domain/dialect.js';
import { openSource } from '../../src/source/open-source.js';
import type { OpenedSource } from '../../src/source/opened-source.js';
import { describeEngines } from '../engines/engines.js';

const SERVER = `
  CREATE TABLE Customers (customer_number INT UNSIGNED PRIMARY KEY, name VARCHAR(60) NOT NULL, code CHAR(4) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL,
    shout VARCHAR(60) AS (UPPER(name)) VIRTUAL, kept INT AS (2) STORED, hidden INT INVISIBLE, UNIQUE KEY by_code (code), KEY by_start (name(3)), KEY by_hidden (code, hidden), FULLTEXT KEY words (name));
  CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_number INT UNSIGNED NOT NULL, total DECIMAL(10,2), placed DATETIME, day DATE, kind ENUM('a','b'), flags SET('x','y'), raw VARBINARY(5), bits BIT(3), ratio DOUBLE, year YEAR, clock TIME,
    KEY by_customer (customer_number, placed), CONSTRAINT owner FOREIGN KEY (customer_number) REFERENCES Customers (customer_number));
  CREATE TABLE order_lines (order_id BIGINT, line INT, note TEXT, PRIMARY KEY (order_id, line), FOREIGN KEY (order_id) REFERENCES orders (id));
  CREATE VIEW big_orders AS SELECT id, total FROM orders WHERE total > 100;`;

const SCRIPT = {
  mysql: SERVER,
  mariadb: `${SERVER} CREATE SEQUENCE numbers;`,
  sqlite: `
    CREATE TABLE Customers (customer_number INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL COLLATE NOCASE, code CHAR(4) NOT NULL,
      shout VARCHAR(60) AS (upper(name)) VIRTUAL, kept INT AS (2) STORED);
    CREATE UNIQUE INDEX by_code ON Customers (code);
    CREATE UNIQUE INDEX by_other_rule ON Customers (name COLLATE BINARY);
    CREATE UNIQUE INDEX by_expression ON Customers (code, lower(name));
    CREATE UNIQUE INDEX by_some ON Customers (code) WHERE code <> '';
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_number INT NOT NULL REFERENCES customers, total DECIMAL(10,2), placed DATETIME, day DATE, raw BLOB, ratio DOUBLE, clock TIME, paid BOOLEAN);
    CREATE INDEX by_customer ON orders (customer_number, placed);
    CREATE TABLE order_lines (order_id INT REFERENCES orders (id), line INT, note TEXT, gone INT REFERENCES nowhere (id), PRIMARY KEY (order_id, line));
    CREATE TABLE loose (id INTEGER PRIMARY KEY DESC, t TEXT);
    CREATE TABLE tight (a TEXT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID;
    CREATE VIEW big_orders AS SELECT id, total FROM orders WHERE total > 100;
    CREATE VIEW broken AS SELECT x FROM nowhere;
    CREATE VIRTUAL TABLE words USING fts5(body);`,
} satisfies Record<Dialect, string>;

describeEngines('the catalog', SCRIPT, (engine) => {
  let source: OpenedSource;
  let catalog: Catalog;
  const isSqlite = engine.dialect === 'sqlite';
  const relation = (name: string): CatalogRelation => {
    const found = catalog.relations.get(name);
    if (!found) throw new Error(`${name} is not in the catalog`);
    return found;
  };
  const column = (of: string, name: string): CatalogColumn | undefined =>
    relation(of).columns.find((one) => one.name === name);

  beforeAll(async () => {
    source = await openSource({ url: engine.url, allowWideGrants: true });
    catalog = await readCatalog(source);
  });
  afterAll(() => source.close());

  it('names dialect, version and database', () => {
    expect(catalog.dialect).toBe(engine.dialect);
    expect(catalog.serverVersion).toBe(source.serverVersion);
    expect(catalog.database).toBe(isSqlite ? 'main' : new URL(engine.url).pathname.slice(1));
  });

  it('holds the tables and views of the business and nothing else', () => {
    const own = ['big_orders', 'customers', 'order_lines', 'orders'];
    expect([...catalog.relations.keys()].sort()).toEqual(isSqlite ? [...own, 'loose', 'tight'].sort() : own);
    expect(relation('customers')).toMatchObject({ name: 'Customers', kind: 'table' });
    expect(relation('big_orders')).toMatchObject({ kind: 'view', primaryKey: [], indexes: [], foreignKeys: [] });
    expect(relation('big_orders').columns.map((one) => one.name)).toEqual(['id', 'total']);
  });

  it('lists columns in declared order, without invisible ones, and says which are computed', () => {
    expect(relation('customers').columns.map((one) => [one.name, one.generated])).toEqual([
      ['customer_number', 'no'],
      ['name', 'no'],
      ['code', 'no'],
      ['shout', 'virtual'],
      ['kept', 'stored'],
    ]);
  });

  it('tells families, signs and what may be NULL', () => {
    const common = {
      id: 'integer',
      customer_number: 'integer',
      total: 'decimal',
      placed: 'datetime',
      day: 'date',
      raw: 'binary',
      ratio: 'float',
      clock: 'time',
    };
    const own = isSqlite ? { paid: 'boolean' } : { kind: 'enum', flags: 'set', bits: 'bit', year: 'year' };
    const families = Object.fromEntries(relation('orders').columns.map((one) => [one.name, one.family]));
    expect(families).toEqual({ ...common, ...own });
    expect(column('customers', 'customer_number')).toMatchObject({ unsigned: !isSqlite, nullable: false });
    expect(column('orders', 'total')).toMatchObject({ declaredType: 'decimal(10,2)', unsigned: false, nullable: true });
    expect(column('order_lines', 'note')?.family).toBe('text');
  });

  it('tells collations of text', () => {
    if (isSqlite) {
      expect(column('customers', 'name')?.collation).toBe('NOCASE');
      expect(column('customers', 'code')?.collation).toBe('BINARY');
    } else {
      expect(column('customers', 'code')).toMatchObject({ collation: 'latin1_bin', characterSet: 'latin1' });
      expect(column('customers', 'name')?.collation).toMatch(/^utf8mb4_/);
      expect(column('orders', 'total')?.collation).toBeNull();
    }
  });

  it('calls an index unique only where equal values of its whole columns are', () => {
    const indexes = Object.fromEntries(relation('customers').indexes.map((index) => [index.name, index]));
    expect(indexes.by_code).toEqual({ name: 'by_code', unique: true, columns: ['code'] });
    expect(indexes.PRIMARY).toEqual({ name: 'PRIMARY', unique: true, columns: ['customer_number'] });
    if (isSqlite) {
      expect(indexes.by_other_rule).toBeUndefined();
      expect(indexes.by_some).toBeUndefined();
      expect(indexes.by_expression).toEqual({ name: 'by_expression', unique: false, columns: ['code'] });
    } else {
      expect(indexes.by_start).toBeUndefined();
      expect(indexes.words).toBeUndefined();
      expect(indexes.by_hidden).toEqual({ name: 'by_hidden', unique: false, columns: ['code'] });
    }
    expect(relation('orders').indexes).toContainEqual({
      name: 'by_customer',
      unique: false,
      columns: ['customer_number', 'placed'],
    });
  });

  it('tells primary and foreign keys, in the spelling of the catalog', () => {
    expect(relation('order_lines').primaryKey).toEqual(['order_id', 'line']);
    expect(relation('order_lines').foreignKeys).toEqual([
      { columns: ['order_id'], relation: 'orders', referenced: ['id'] },
    ]);
    const [owner] = relation('orders').foreignKeys;
    expect(owner?.columns).toEqual(['customer_number']);
    expect(owner?.relation.toLowerCase()).toBe('customers');
    expect(owner?.referenced).toEqual(['customer_number']);
  });

  it('has the same version when read again, and another after a change', async () => {
    expect((await readCatalog(source)).version).toBe(catalog.version);
    await engine.runAsOwner('CREATE TABLE later (id INT)');
    try {
      expect((await readCatalog(source)).version).not.toBe(catalog.version);
    } finally {
      await engine.runAsOwner('DROP TABLE later');
    }
  });

  it('is refused where two names differ only in case or accents', async () => {
    await engine.runAsOwner('CREATE TABLE cafe (id INT); CREATE TABLE café (id INT)');
    try {
      await expect(readCatalog(source)).rejects.toMatchObject({ code: 'CATALOG_NAMES_COLLIDE', detail: 'cafe = café' });
    } finally {
      await engine.runAsOwner('DROP TABLE cafe; DROP TABLE café');
    }
  });

  if (isSqlite) {
    it('does not take a descending primary key for the row number, which is never NULL', () => {
      expect(column('loose', 'id')?.nullable).toBe(true);
      expect(column('orders', 'id')?.nullable).toBe(false);
      expect(column('order_lines', 'order_id')?.nullable).toBe(true);
      expect(column('tight', 'a')?.nullable).toBe(false);
    });
  }
});
