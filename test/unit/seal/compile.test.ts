import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../../src/catalog/catalog.js';
import { DIALECTS, type Dialect } from '../../../src/domain/dialect.js';
import { SwaliError } from '../../../src/errors/swali-error.js';
import type { PrincipalView } from '../../../src/policy/view.js';
import { compile } from '../../../src/seal/compile.js';
import type { Judges } from '../../../src/seal/judges.js';
import { makeCatalog, makeRelation, makeView } from '../../support/hand-made-catalog.js';
import { callerSql, readFixture } from '../../support/seal-engine.js';
import { parseSealedCases } from '../../support/sealed-cases.js';

/** The text alone is looked at here: the judges have tests of their own, and so has the whole road on the engines. */
const judges: Judges = { gate: async () => 0, judge: async () => {}, close: async () => {} };

/** The tables of the shop's schema as a catalog, read from its CREATE TABLE statements. */
function schemaShop(dialect: Dialect): Catalog {
  const schema = readFixture(`schemas/shop-${dialect === 'sqlite' ? 'sqlite' : 'mysql'}.sql`);
  const tables = [...schema.matchAll(/^CREATE TABLE (\w+)\((.*)\)(?: ENGINE=InnoDB)?;$/gm)];
  return makeCatalog(
    dialect,
    tables.map(([, name, body]) => {
      const parts = body!.split(/,\s*(?![^(]*\))/);
      const columns = parts.filter((part) => !/^(?:KEY|PRIMARY KEY|FULLTEXT)/.test(part));
      const key = /(?:^|, ?)PRIMARY KEY ?\(([^)]*)\)/.exec(body!);
      const words = (part: string): [string, string] => {
        const [column, type] = part.split(' ') as [string, string];
        return [column, `${type.toLowerCase()}${/NOT NULL|PRIMARY KEY/.test(part) ? '' : ' null'}`];
      };
      const more = key ? { primaryKey: key[1]!.split(/, ?/) } : {};
      return makeRelation(dialect, name!, Object.fromEntries(columns.map(words)), more);
    }),
  );
}

function customerOf(catalog: Catalog): PrincipalView {
  const own = { rows: 'customer_number = :customer_number' };
  return makeView(
    catalog,
    { customers: own, orders: own, order_items: own, payments: own, salaries: { closed: true } },
    { customer_number: 121 },
    { rows: 1000, joins: 8, depth: 8 },
  );
}

describe.each(DIALECTS)('sealed text on %s', (dialect) => {
  const cases = parseSealedCases(readFixture(`sql/seal.${dialect}.sql`));
  const catalog = schemaShop(dialect);

  it('has cases', () => expect(cases.length).toBeGreaterThanOrEqual(34));

  it.each(cases)('is what the fixture says: $name', async ({ sql, as, sealed }) => {
    const all = makeView(catalog, { salaries: { closed: true } }, {}, { rows: 1000, joins: 8, depth: 8 });
    const view = as === 'admin' ? all : customerOf(catalog);
    expect((await compile(callerSql(sql), { catalog, view, judges })).sql).toBe(sealed);
  });
});

describe.each(DIALECTS)('a row rule that asks two relations further, on %s', (dialect) => {
  const columns = { id: 'int', owner: 'int' };
  const catalog = makeCatalog(
    dialect,
    ['people', 'orders', 'items'].map((name) => makeRelation(dialect, name, columns, { primaryKey: ['id'] })),
  );
  const asked = 'owner IN (SELECT id FROM people WHERE id = :customer_number)';
  const view = makeView(
    catalog,
    {
      people: { rows: 'id = :customer_number' },
      orders: { rows: asked },
      items: { rows: `owner IN (SELECT id FROM orders WHERE ${asked})` },
    },
    { customer_number: 121 },
    { rows: 1000, joins: 8, depth: 8 },
  );

  it.each([
    'SELECT owner FROM items WHERE -owner > 1 AND ABS(id) > 1 LIMIT 3',
    'SELECT COUNT(*) FROM orders o JOIN items i ON i.owner = o.id WHERE ABS(i.id) > 1 AND EXISTS (SELECT 1 FROM orders)',
    'SELECT id, ROW_NUMBER() OVER (ORDER BY owner) FROM items WHERE (SELECT COUNT(*) FROM items) > 1',
  ])('stays as it is in %s', async (sql) => {
    const { sql: printed } = await compile(callerSql(sql), { catalog, view, judges });
    expect(printed).toMatch(/IN \(SELECT .* IN \(SELECT /);
  });
});

describe('what a plan says of itself', () => {
  const catalog = makeCatalog('mysql', [
    makeRelation('mysql', 'orders', { id: 'int', owner: 'int', total: 'int', note: 'varchar(20)' }),
    makeRelation('mysql', 'items', { id: 'int', owner: 'int', qty: 'int' }),
    makeRelation('mysql', 'places', { id: 'int', name: 'varchar(20)' }),
  ]);
  const own = { rows: 'owner = :owner' };
  const view = makeView(
    catalog,
    { orders: { ...own, masks: { note: "'***'", total: '0' } }, items: { ...own, masks: { qty: '1' } } },
    { owner: 1 },
  );
  const plan = (sql: string, of: Judges = judges) => compile(callerSql(sql), { catalog, view, judges: of });

  it('relations and masked columns, each once and by name, and every policy', async () => {
    const { provenance, filtered } = await plan(
      'SELECT p.id, o.note, i.qty, q.note FROM places p, orders o, items i, orders q WHERE o.total = q.id',
    );
    expect(filtered).toBe(true);
    expect(provenance.relations).toEqual(['items', 'orders', 'places']);
    expect(provenance.policies).toEqual(['items.rows', 'orders.rows']);
    expect(provenance.maskedColumns).toEqual(['items.qty', 'orders.note', 'orders.total']);
  });

  it('nothing that it does not read', async () => {
    const { provenance, filtered } = await plan('SELECT o.id, p.name FROM orders o, places p');
    expect(provenance.maskedColumns).toEqual([]);
    expect(filtered).toBe(true);
    const open = await plan('SELECT name FROM places');
    expect(open.filtered).toBe(false);
    expect(open.provenance.policies).toEqual([]);
  });

  it('grouping is held to what decides it where rows are filtered, and left to the server where none are', async () => {
    await expect(plan('SELECT id, COUNT(*) FROM orders')).rejects.toMatchObject({ code: 'SEAL_GROUPING' });
    await expect(plan('SELECT id, COUNT(*) FROM orders GROUP BY owner')).rejects.toMatchObject({
      code: 'SEAL_GROUPING',
    });
    await expect(plan('SELECT id, COUNT(*) FROM orders GROUP BY id')).resolves.toBeDefined();
  });

  it('a text that spells out too long is refused, and the judges are not asked', async () => {
    let asked = 0;
    const counting: Judges = {
      ...judges,
      judge: async () => {
        asked += 1;
      },
    };
    await plan('SELECT id FROM orders', counting);
    expect(asked).toBe(1);
    const wide = Array.from({ length: 900 }, (_, at) => `'${'a'.repeat(130)}${at}'`).join();
    await expect(plan(`SELECT id FROM orders WHERE note IN (${wide})`, counting)).rejects.toBeInstanceOf(SwaliError);
    expect(asked).toBe(1);
  });

  it('a gate that refuses is what refuses, whatever else would', async () => {
    const closed: Judges = {
      ...judges,
      gate: async () => {
        throw new SwaliError('SEAL_NOT_SELECT');
      },
    };
    for (const sql of ['SELECT id FROM orders', 'SELECT nothing FROM nowhere'])
      await expect(plan(sql, closed)).rejects.toMatchObject({ code: 'SEAL_NOT_SELECT' });
  });
});
