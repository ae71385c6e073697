import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../../src/catalog/catalog.js';
import { DIALECTS, type Dialect } from '../../../src/domain/dialect.js';
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
