import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { readCatalog } from '../../src/catalog/read-catalog.js';
import { SETTINGS } from '../../src/config/setting-table.js';
import { openSource } from '../../src/source/open-source.js';
import { migrateStore, openStore } from '../../src/store/store.js';
import { describeEngines, type EngineUnderTest } from '../engines/engines.js';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

/** The statements of a block of SQL with a mark. */
const blockOf = (mark: string): string =>
  new RegExp(`^\`\`\`sql ${mark}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? '';

describe('docs/operations.md', () => {
  it('lists every setting once, with its default and meaning', () => {
    const listed = [...page.matchAll(/^\| `([A-Z][A-Z0-9_]*)` \| (.*?) \| (.*) \|$/gm)].map(([, ...row]) => row);
    const expected = SETTINGS.map(({ name, default: value, description, secret }) => [
      name,
      value === '' ? 'none' : `\`${value}\``,
      secret ? `${description} Secret.` : description,
    ]);
    const byName = (a: readonly string[], b: readonly string[]) => (a[0]! < b[0]! ? -1 : 1);
    expect([...listed].sort(byName)).toEqual([...expected].sort(byName));
  });
});

it('helps an account that has lost its second factor, and no other', async () => {
  const store = await openStore('sqlite::memory:');
  try {
    await migrateStore(store);
    const rest = {
      last_step: 0,
      wrong_codes: 0,
      locked_until: 0,
      created_at: 1,
      confirmed_at: 1,
      pending_secret: null,
      tenant: '',
    };
    for (const [kind, account_id] of [
      ['employee', 17],
      ['employee', 18],
      ['admin', 17],
    ] as const) {
      await store.run((db) =>
        db
          .insertInto('second_factors')
          .values({ kind, account_id, secret: 's', ...rest })
          .execute(),
      );
      await store.run((db) =>
        db.insertInto('recovery_codes').values({ kind, account_id, digest: 'd', used_at: null, tenant: '' }).execute(),
      );
    }
    const statements = blockOf('recovery').split(';\n').filter(Boolean);
    expect(statements).toHaveLength(2);
    for (const statement of statements) await store.run((db) => sql.raw(statement).execute(db));
    for (const table of ['second_factors', 'recovery_codes'] as const) {
      const left = await store.run((db) => db.selectFrom(table).select(['kind', 'account_id']).execute());
      expect(left.map(({ kind, account_id }) => `${kind}:${account_id}`).sort()).toEqual(['admin:17', 'employee:18']);
    }
  } finally {
    await store.close();
  }
});

const TABLES = `
CREATE TABLE customers (id INT PRIMARY KEY, customer_number INT NOT NULL UNIQUE, name VARCHAR(40));
CREATE TABLE orders (id INT PRIMARY KEY, customer_number INT NOT NULL, status VARCHAR(20), total DECIMAL(10,2), secret_note TEXT, KEY by_customer (customer_number));
CREATE TABLE salaries (id INT PRIMARY KEY, amount INT);
CREATE VIEW order_totals AS SELECT customer_number, SUM(total) AS total FROM orders GROUP BY customer_number;
INSERT INTO orders VALUES (1, 103, 'shipped', 5.00, 'x'), (2, 104, 'shipped', 7.00, 'y');`;

/** Makes the account of a block on an engine, for the suite's own database. @returns its URL */
async function makeAccount(engine: EngineUnderTest, mark: string, documented: string): Promise<string> {
  const [, user = '', password = ''] = /CREATE USER '(\w+)'@'%' IDENTIFIED BY '([\w-]+)'/.exec(blockOf(mark)) ?? [];
  const own = `${user.slice(0, 12)}_${randomBytes(4).toString('hex')}`;
  const url = new URL(engine.url);
  // An underscore in the name of a whole database stands for any character, as the page says.
  const name = url.pathname.slice(1);
  const [connection] = await engine.queryAsOwner("SELECT SUBSTRING_INDEX(USER(), '@', -1) AS host");
  const host = String(connection?.host);
  const text = blockOf(mark)
    .replaceAll(user, own)
    .replaceAll(`\`${documented}\`.*`, `\`${name.replaceAll('_', '\\_')}\`.*`)
    .replaceAll(`\`${documented}\`.`, `\`${name}\`.`)
    // An account for any host yields to the anonymous one that a fresh server has; one for the very host does not.
    .replaceAll("@'%'", `@'${host}'`);
  await engine.runAsOwner(text);
  accounts.push(() => engine.runAsOwner(`DROP USER '${own}'@'${host}'`));
  url.username = own;
  url.password = password;
  return url.href;
}
const accounts: (() => Promise<void>)[] = [];

describeEngines(
  'the documented rights',
  TABLES,
  (engine) => {
    afterAll(async () => {
      for (const drop of accounts.splice(0)) await drop();
    });

    it('of the source pass the check at start, and are enough to read what they open', async () => {
      const source = await openSource({ url: await makeAccount(engine, 'grants', 'shop') });
      try {
        expect(source.grantFaults).toEqual([]);
        expect(source.fenceFaults).toEqual([]);
        const { relations } = await readCatalog(source);
        expect([...relations.keys()].sort()).toEqual(['customers', 'order_totals', 'orders']);
        const orders = relations.get('orders')!;
        expect(orders.columns.map((column) => column.name)).toEqual(['id', 'customer_number', 'status', 'total']);
        expect(orders.primaryKey).toEqual(['id']);
        expect(orders.indexes.map((index) => index.columns)).toContainEqual(['customer_number']);
        const run = async (sql: string, mayEstimate: boolean) => {
          const limits = { timeoutMs: 10_000, maxRows: 10, maxBytes: 1e6, mayEstimate };
          return (await source.execute({ sql, parameters: [], kind: 'admin', ...limits })).rows;
        };
        expect(await run('SELECT COUNT(*) FROM (SELECT 1 AS c0 FROM orders AS b) AS t1', true)).toEqual([[2]]);
        expect(
          await run('SELECT t1.c1 FROM (SELECT b.customer_number AS c1 FROM order_totals AS b) AS t1 ORDER BY 1', true),
        ).toEqual([[103], [104]]);
        await expect(run('SELECT secret_note FROM orders', false)).rejects.toMatchObject({ code: 'EXECUTE_FAILED' });
      } finally {
        await source.close();
      }
    });

    it('of the store are enough, with the setting that triggers need on MySQL', async () => {
      const [server] = await engine.queryAsOwner(
        'SELECT @@GLOBAL.log_bin AS logs, @@GLOBAL.log_bin_trust_function_creators AS trusts',
      );
      // The store's own tables have some of these names; a store is never in the database of a source.
      await engine.runAsOwner('DROP VIEW order_totals; DROP TABLE customers, orders, salaries');
      const store = await openStore(await makeAccount(engine, 'store', 'swali'));
      try {
        const migrated = migrateStore(store);
        if (Number(server?.logs) === 1 && Number(server?.trusts) === 0)
          await expect(migrated).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        else expect(await migrated).toContain('0008-tenants');
      } finally {
        await store.close();
      }
    });
  },
  ['mariadb', 'mysql'],
);
