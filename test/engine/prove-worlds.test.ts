import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/domain/dialect.js';
import type { Principal } from '../../src/domain/principal.js';
import type { Cell, OwnedDatabase, World } from '../../src/prove/world.js';
import { listWorlds } from '../../src/prove/worlds/list-worlds.js';
import { printExpression } from '../../src/sql/printer.js';
import { engineUrl } from '../engines/engines.js';

/** Seeds that a mutated copy is made of for each principal. */
const SEEDS = [1, 2, 77, -5];

function principalOf(world: World, subject: string): Principal {
  const found = world.principals.find((principal) => principal.subject === subject);
  if (!found) throw new Error(`${world.name} has no ${subject}`);
  return found;
}

const quoteFor = (dialect: Dialect) => (name: string) =>
  dialect === 'sqlite' ? `"${name.replaceAll('"', '""')}"` : `\`${name.replaceAll('`', '``')}\``;

/** A cell that can be compared and shown. */
function show(cell: Cell): string | null {
  if (cell === null) return null;
  return cell instanceof Uint8Array ? `0x${Buffer.from(cell).toString('hex')}` : String(cell);
}

async function read(database: OwnedDatabase, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  return (await database.query(sql)).map((row) => row.map(show));
}

/** Rows by table, read from the database itself. */
async function countRows(world: World, database: OwnedDatabase): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { name, kind } of world.catalog.relations.values())
    if (kind === 'table')
      counts[name] = Number((await read(database, `SELECT COUNT(*) FROM ${quoteFor(world.dialect)(name)}`))[0]?.[0]);
  return counts;
}

/** Names of a table's columns, in order. */
async function columnsOf(world: World, database: OwnedDatabase, table: string): Promise<readonly (string | null)[]> {
  const name = `'${table.replaceAll("'", "''")}'`;
  const rows = await read(
    database,
    world.dialect === 'sqlite'
      ? `SELECT name FROM pragma_table_xinfo(${name}) ORDER BY cid`
      : `SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ${name} ORDER BY ORDINAL_POSITION`,
  );
  return rows.map(([column]) => column ?? null);
}

/** Rows of the slice that each principal has, counted by hand from the rows as they are written in the world. */
const SLICES: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>> = {
  'odd-names-and-collations': Object.fromEntries(
    // 30, 36 (every sixth without an owner), 25 rows by five owners; 10 rows for everybody.
    ['1', '2', '3', '4', '5'].map((number) => [
      `customer:${number}`,
      { select: 6, "it's a table": 6, 'Überweisungen 表': 5, key: 10 },
    ]),
  ),
  types: {
    // Four owners, one of whom nobody asks for; an open view shows every row of price_list.
    'customer:7': { readings: 8, loose_ends: 5, marks: 5, measures: 12, price_list: 10 },
    'customer:odd': { readings: 8, loose_ends: 5, marks: 5, measures: 12, price_list: 10 },
    'customer:even': { readings: 8, loose_ends: 5, marks: 5, measures: 12, price_list: 10 },
    'admin:1': { readings: 32, loose_ends: 24, marks: 20, measures: 12, price_list: 10 },
  },
  tenants: {
    // accounts: row i has tenant i mod 3 and number i mod 4, so each pair three times in 36; invoices follow account i mod 36.
    'customer:acme-7': { accounts: 3 + 6, invoices: 4, currencies: 4 },
    'customer:acme-8': { accounts: 3 + 6, invoices: 3, currencies: 4 },
    'customer:fold-7': { accounts: 3 + 6, invoices: 3, currencies: 4 },
    'customer:beta-7': { accounts: 3 + 6, invoices: 3, currencies: 4 },
    'employee:acme': { accounts: 12, invoices: 14, currencies: 0 },
    'employee:beta': { accounts: 12, invoices: 0, currencies: 4 },
    'admin:acme': { accounts: 12, invoices: 14, currencies: 4 },
  },
  masks: {
    'customer:3': { customers: 1, orders: 5, order_items: 6, reviews: 2, audit: 0 },
    'customer:4': { customers: 1, orders: 5, order_items: 6, reviews: 1, audit: 0 },
    'employee:wide': { customers: 6, orders: 24, order_items: 4, reviews: 0, audit: 0 },
    'employee:narrow': { customers: 6, orders: 2, order_items: 4, reviews: 0, audit: 0 },
    'employee:books': { customers: 6, orders: 24, order_items: 0, reviews: 0, audit: 0 },
    'employee:head': { customers: 16, orders: 40, order_items: 40, reviews: 18, audit: 0 },
    'admin:1': { customers: 16, orders: 40, order_items: 40, reviews: 18, audit: 0 },
  },
};

describe('the table of slices', () => {
  it('names every world that is made by hand', () => {
    const options = { dialect: 'sqlite', serverUrl: null, dataDir: null, scratch: tmpdir() } as const;
    const names = listWorlds(options).map(({ name }) => name);
    expect(names).toEqual(['demo', ...Object.keys(SLICES)]);
    expect(Object.values(SLICES).flatMap(Object.keys).length).toBeGreaterThanOrEqual(23);
  });
});

for (const dialect of ['sqlite', 'mariadb', 'mysql'] as const) {
  const serverUrl = dialect === 'sqlite' ? null : engineUrl(dialect);
  describe.skipIf(dialect !== 'sqlite' && serverUrl === null)(`worlds of the proof on ${dialect}`, () => {
    let scratch = '';
    const worlds = new Map<string, World>();
    const worldOf = (name: string): World => {
      const world = worlds.get(name);
      if (!world) throw new Error(`${name} is not open`);
      return world;
    };

    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'swali-worlds-'));
      const options = { dialect, serverUrl, dataDir: null, scratch };
      for (const entry of listWorlds(options)) if (entry.name in SLICES) worlds.set(entry.name, await entry.open());
    }, 120_000);

    afterAll(async () => {
      for (const world of worlds.values()) await world.close();
      await rm(scratch, { recursive: true, force: true });
    });

    for (const [name, slices] of Object.entries(SLICES)) {
      it(`holds in the slices of ${name} the rows that were counted by hand`, async () => {
        const world = worldOf(name);
        expect(world.principals.map(({ subject }) => subject)).toEqual(Object.keys(slices));
        for (const [subject, wanted] of Object.entries(slices)) {
          const counts = await countRows(world, await world.sliceFor(principalOf(world, subject)));
          const spelled = Object.entries(wanted).map(([table, count]) => [
            table === "it's a table" ? (dialect === 'sqlite' ? 'it\'s a "table"' : "it's a `table`") : table,
            count,
          ]);
          expect([subject, counts]).toEqual([subject, Object.fromEntries(spelled)]);
        }
      }, 60_000);

      it(`shows in the plain tables of ${name} the columns that the policy opens, and no more`, async () => {
        const world = worldOf(name);
        for (const principal of world.principals) {
          const plain = await world.plainFor(principal);
          const isSlice = plain === (await world.sliceFor(principal));
          const view = world.policy.viewFor(principal);
          const open = [...view.relations.values()];
          for (const { relation, columns } of open)
            expect([principal.subject, relation.name, await columnsOf(world, plain, relation.name)]).toEqual([
              principal.subject,
              relation.name,
              [...columns.values()].map(({ column }) => column.name),
            ]);
          const hides = open.some(
            ({ relation, columns }) =>
              columns.size < relation.columns.length || [...columns.values()].some(({ mask }) => mask !== null),
          );
          if (hides) expect([principal.subject, isSlice]).toEqual([principal.subject, false]);
        }
      }, 60_000);

      it(`keeps in mutated copies of ${name} exactly the rows of each principal`, async () => {
        const world = worldOf(name);
        const before = JSON.stringify(await countRows(world, world.full));
        let changed = 0;
        for (const principal of world.principals)
          for (const seed of SEEDS) {
            // It reads every row back and throws where one of the principal's is not as it was.
            const mutated = await world.mutatedFor(principal, seed);
            if (JSON.stringify(await countRows(world, mutated)) !== before) changed += 1;
          }
        const restricted = world.principals.filter(({ kind }) => kind !== 'admin').length;
        expect(changed).toBeGreaterThanOrEqual(restricted * 2);
      }, 120_000);
    }

    it('tells owners apart by bytes alone', async () => {
      const world = worldOf('odd-names-and-collations');
      const quote = quoteFor(dialect);
      const owners = [];
      for (const principal of world.principals) {
        const slice = await world.sliceFor(principal);
        owners.push(await read(slice, `SELECT ${quote('from')} FROM ${quote('select')} ORDER BY ${quote('id')}`));
      }
      expect(owners).toEqual(['C7', 'c7', 'Ç7', 'C7 ', 'C70'].map((owner) => Array.from({ length: 6 }, () => [owner])));
    });

    it('makes equal copies of equal seeds', async () => {
      const world = worldOf('masks');
      const principal = principalOf(world, 'customer:3');
      const sql = 'SELECT * FROM orders ORDER BY id';
      const [one, two, three] = [
        await world.mutatedFor(principal, 9),
        await world.mutatedFor(principal, 9),
        await world.mutatedFor(principal, 10),
      ];
      expect(await read(two, sql)).not.toEqual(await read(three, sql));
      const again = await world.mutatedFor(principal, 9);
      expect(await read(again, sql)).not.toEqual(await read(three, sql));
      const fresh = await world.mutatedFor(principal, 9);
      expect(await read(again, sql)).toEqual(await read(fresh, sql));
      // No more than two are kept: one was dropped, or is one of the later ones.
      if (dialect === 'sqlite') await expect(read(one, sql)).rejects.toThrow();
      else expect([again, fresh]).toContain(one);
    }, 60_000);

    it('shows plain tables with the masks of the policy', async () => {
      const world = worldOf('masks');
      const plain = await world.plainFor(principalOf(world, 'customer:3'));
      const [row] = await read(plain, 'SELECT * FROM customers');
      const badge = dialect === 'sqlite' ? '••••-2' : expect.stringMatching(/^[0-9a-f]{64}$/);
      expect(row).toEqual(['3', 'Änne', '••••', '••••5678', '••••', '9999', '1970-01-01 00:00:00', null, badge]);
      // Only customers has anything hidden behind a mask here; the items have not.
      expect(await read(plain, 'SELECT order_id, line FROM order_items ORDER BY order_id, line')).toHaveLength(6);
    });

    it('masks in this process as the policy masks in the engine', async () => {
      const world = worldOf('masks');
      let compared = 0;
      for (const principal of world.principals) {
        const columns = [...(world.policy.viewFor(principal).relations.get('customers')?.columns.values() ?? [])];
        const plain = await world.plainFor(principal);
        for (const { column, mask } of columns) {
          const printed = mask && printExpression(mask, dialect, { strings: 'quoted' });
          // The hash has a parameter; the proof itself compares it.
          if (!printed || printed.parameters.length > 0) continue;
          const engine = new Map(
            (await read(world.full, `SELECT b.customer_number, ${printed.sql} FROM customers b`)).map(([id, cell]) => [
              id,
              cell,
            ]),
          );
          for (const [id, cell] of await read(plain, `SELECT customer_number, ${column.name} FROM customers`)) {
            expect([principal.subject, id, column.name, cell]).toEqual([
              principal.subject,
              id,
              column.name,
              engine.get(id!),
            ]);
            compared += 1;
          }
        }
      }
      expect(compared).toBeGreaterThan(100);
    }, 30_000);

    it('puts other values where a principal may not look, and the same where they may', async () => {
      const world = worldOf('masks');
      const principal = principalOf(world, 'customer:4');
      const slice = await world.sliceFor(principal);
      const one = 'SELECT name, email, card, born, note, grade FROM customers WHERE customer_number = 4';
      const [full, sliced] = [(await read(world.full, one))[0]!, (await read(slice, one))[0]!];
      expect(full).toEqual(['Bob', 'x@y@z', null, null, '[', null]);
      expect(sliced).toEqual(['Bob', 'none4', null, null, 'h4', '4']);
    });

    it('has samples of every column, each once', () => {
      for (const world of worlds.values())
        for (const relation of world.catalog.relations.values())
          for (const column of relation.columns) {
            const cells = (world.samples.get(relation.name)?.get(column.name) ?? []).map(show);
            if (relation.kind === 'table') expect(cells.length).toBeGreaterThan(0);
            expect(new Set(cells).size).toBeGreaterThanOrEqual(cells.length - 1);
          }
    });
  });
}
