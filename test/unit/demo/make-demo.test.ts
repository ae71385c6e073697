import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoAccounts } from '../../../src/demo/demo-accounts.js';
import { makeDemo } from '../../../src/demo/make-demo.js';
import { planDemo } from '../../../src/demo/plan.js';
import { batchRows, generateRows } from '../../../src/demo/row-batches.js';
import { DEMO_TABLES } from '../../../src/demo/tables.js';

const TODAY = '2026-07-15';
const request = { scale: 1, seed: 2026, today: TODAY };
let folder: string;
let database: DatabaseSyncInstance;
const rowsOf = (sql: string) =>
  database
    .prepare(sql)
    .all()
    .map((row) => Object.values(row as object) as unknown[]);
const oneValue = (sql: string) => rowsOf(sql)[0]![0];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swali-demo-'));
  await makeDemo({ ...request, target: `sqlite:${join(folder, 'demo.sqlite')}` });
  database = new DatabaseSync(join(folder, 'demo.sqlite'), { readOnly: true });
});
afterAll(async () => {
  database.close();
  await rm(folder, { recursive: true, force: true });
});

const digestOf = (rows: Iterable<unknown>) => {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(JSON.stringify(row));
  return hash.digest('hex');
};

describe('the demonstration business', () => {
  it('is the same for the same seed, scale and day, and another for another seed', () => {
    const digest = (seed: number) => digestOf(generateRows(planDemo(0.2, seed, TODAY)));
    expect(digest(1)).toBe(digest(1));
    expect(digest(1)).not.toBe(digest(2));
  });

  it('fills every table, each row with a value for every column', () => {
    const counts = new Map(DEMO_TABLES.map((table) => [table.name, 0]));
    for (const { table, rows } of batchRows(generateRows(planDemo(1, 2026, TODAY)))) {
      counts.set(table.name, counts.get(table.name)! + rows.length);
      for (const row of rows) {
        expect(row.length).toBe(table.columns.length);
        for (const [index, column] of table.columns.entries()) {
          if (row[index] === null) expect(`${table.name}.${column.name} ${column.nullable}`).toMatch(/ true$/);
        }
      }
    }
    for (const [name, count] of counts) expect([name, count > 0]).toEqual([name, true]);
    for (const [name, count] of counts) expect([name, oneValue(`SELECT COUNT(*) FROM ${name}`)]).toEqual([name, count]);
  });

  it('holds no row that refers to a missing one, and is sound', () => {
    expect(rowsOf('PRAGMA foreign_key_check')).toEqual([]);
    expect(rowsOf('PRAGMA integrity_check')).toEqual([['ok']]);
  });

  it('keeps text within the declared lengths', () => {
    let checked = 0;
    for (const table of DEMO_TABLES) {
      for (const column of table.columns) {
        const length = /char\((\d+)\)/.exec(column.type)?.[1];
        if (!length) continue;
        checked += 1;
        expect([
          table.name,
          column.name,
          Number(oneValue(`SELECT MAX(LENGTH(${column.name})) FROM ${table.name}`)) <= Number(length),
        ]).toEqual([table.name, column.name, true]);
      }
    }
    expect(checked).toBeGreaterThan(25);
  });

  it('reaches the day it is made, and no day after it', () => {
    expect(String(oneValue('SELECT MAX(ordered_at) FROM orders')).slice(0, 10)).toBe(TODAY);
    const dates = DEMO_TABLES.flatMap((table) =>
      table.columns
        .filter((column) => column.type.startsWith('date') && column.name !== 'due_on')
        .map((column) => [table.name, column.name]),
    );
    expect(dates.length).toBeGreaterThan(12);
    for (const [table, column] of dates) {
      const latest = String(oneValue(`SELECT MAX(${column}) FROM ${table}`)).slice(0, 10);
      expect([table, column, latest <= TODAY]).toEqual([table, column, true]);
    }
  });

  it('adds up: an order is the sum of its lines, and nobody pays more than they owe', () => {
    expect(
      oneValue(
        'SELECT COUNT(*) FROM orders o WHERE total <> (SELECT SUM(quantity * unit_price) FROM order_items i WHERE i.order_id = o.id)',
      ),
    ).toBe(0);
    expect(
      oneValue(
        'SELECT COUNT(*) FROM orders o WHERE total < (SELECT COALESCE(SUM(amount), 0) FROM payments p WHERE p.order_id = o.id)',
      ),
    ).toBe(0);
    expect(
      oneValue(
        "SELECT COUNT(*) FROM invoices v WHERE (status = 'paid') <> (amount = (SELECT COALESCE(SUM(p.amount), 0) FROM payments p WHERE p.order_id = v.order_id))",
      ),
    ).toBe(0);
    expect(
      oneValue(
        'SELECT COUNT(*) FROM payments p JOIN orders o ON o.id = p.order_id WHERE o.customer_number <> p.customer_number',
      ),
    ).toBe(0);
  });

  it('counts money in halves of a shilling, so that every engine adds up alike', () => {
    for (const [table, column] of [
      ['orders', 'total'],
      ['order_items', 'unit_price'],
      ['payments', 'amount'],
      ['invoices', 'tax'],
      ['salaries', 'amount'],
    ])
      expect(oneValue(`SELECT COUNT(*) FROM ${table} WHERE ${column} * 2 <> CAST(${column} * 2 AS INTEGER)`)).toBe(0);
  });

  it('is skewed as business is: a few customers order most, some never, totals have a long tail', () => {
    const counts = rowsOf('SELECT COUNT(*) FROM orders GROUP BY customer_number ORDER BY 1 DESC').map(([count]) =>
      Number(count),
    );
    const best = counts.slice(0, 20).reduce((sum, count) => sum + count, 0);
    expect(best / 3400).toBeGreaterThan(0.35);
    expect(counts.length).toBeLessThan(195);
    expect(Number(oneValue('SELECT AVG(total) FROM orders'))).toBeGreaterThan(
      1.5 * Number(oneValue('SELECT total FROM orders ORDER BY total LIMIT 1 OFFSET 1700')),
    );
  });

  it('grows over the years and is busiest in December', () => {
    const ordersOf = (period: string) =>
      Number(oneValue(`SELECT COUNT(*) FROM orders WHERE ordered_at LIKE '${period}%'`));
    expect(ordersOf('2024')).toBeGreaterThan(ordersOf('2023'));
    expect(ordersOf('2025')).toBeGreaterThan(ordersOf('2024'));
    expect(ordersOf('2025-12')).toBeGreaterThan(1.4 * ordersOf('2025-01'));
  });

  it('writes in several scripts, with emoji', () => {
    const text = rowsOf(
      'SELECT name FROM customers UNION ALL SELECT customer_note FROM orders UNION ALL SELECT message FROM support_tickets',
    )
      .map(([value]) => value)
      .join('\n');
    for (const script of ['Latin', 'Arabic', 'Ethiopic', 'Han', 'Cyrillic', 'Devanagari']) {
      expect([script, new RegExp(`\\p{Script=${script}}`, 'u').test(text)]).toEqual([script, true]);
    }
    expect(text).toMatch(/\p{Emoji_Presentation}/u);
    expect(text).toMatch(/é/);
  });

  it('leaves nothing behind but the file, and replaces a former demonstration', async () => {
    const path = join(folder, 'again.sqlite');
    await makeDemo({ ...request, scale: 0.1, target: `sqlite:${path}` });
    const progress: number[] = [];
    const made = await makeDemo({
      ...request,
      scale: 0.2,
      target: `sqlite:${path}`,
      onProgress: (orders) => progress.push(orders),
    });
    expect(made).toEqual({ customers: 40, orders: 680 });
    expect(progress.at(-1)).toBe(680);
    const again = new DatabaseSync(path, { readOnly: true });
    expect(again.prepare('SELECT COUNT(*) AS n FROM orders').get()).toEqual({ n: 680 });
    again.close();
    expect((await readdir(folder)).sort()).toEqual(['again.sqlite', 'demo.sqlite']);
    await rm(path);
  });

  it('refuses a file that holds anything else, and leaves it as it is', async () => {
    const path = join(folder, 'other.sqlite');
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE precious (id INTEGER)');
    other.close();
    await expect(makeDemo({ ...request, target: `sqlite:${path}` })).rejects.toMatchObject({
      code: 'DEMO_TARGET_REFUSED',
    });
    const text = join(folder, 'text.txt');
    await writeFile(text, 'not a database at all, but long enough to be looked at');
    await expect(makeDemo({ ...request, target: `sqlite:${text}` })).rejects.toMatchObject({
      code: 'DEMO_TARGET_REFUSED',
    });
    const kept = new DatabaseSync(path, { readOnly: true });
    expect(kept.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'precious' }]);
    kept.close();
    await rm(path);
    await rm(text);
  });

  it.each([
    '',
    'sqlite:',
    'demo.sqlite',
    'postgres://root@127.0.0.1/x',
    'mysql://root@127.0.0.1',
    'mysql://root@127.0.0.1/a/b',
  ])('refuses the target %j', async (target) => {
    await expect(makeDemo({ ...request, target })).rejects.toMatchObject({ code: 'DEMO_TARGET_REFUSED' });
  });

  it('never repeats the password of a target', async () => {
    await expect(makeDemo({ ...request, target: 'postgres://root:hunter2@127.0.0.1/x' })).rejects.toSatisfy(
      (error: Error) => !error.message.includes('hunter2'),
    );
  });
});

describe('the accounts of the demonstration', () => {
  it.each(['2026-01-01', '2026-07-15', '2028-02-29'])(
    'has a customer with orders in both of the last two years on %s',
    (today) => {
      const number = demoAccounts().find((account) => account.kind === 'customer')!.customerNumber;
      const year = Number(today.slice(0, 4));
      const orders = [...generateRows(planDemo(1, 2026, today))].filter(
        ({ table, values }) => table === 'orders' && values[1] === number,
      );
      const ofYear = (wanted: number) =>
        orders.filter(({ values }) => String(values[4]).startsWith(String(wanted))).length;
      expect(ofYear(year - 1)).toBeGreaterThanOrEqual(5);
      expect(ofYear(year - 1) + ofYear(year - 2)).toBeGreaterThanOrEqual(10);
    },
  );

  it('has one of each kind, and lists only tables that exist for the employee, without the salaries', () => {
    expect(demoAccounts().map((account) => account.kind)).toEqual(['customer', 'employee', 'admin']);
    const names = new Set(DEMO_TABLES.map((table) => table.name));
    const allowed = demoAccounts().find((account) => account.kind === 'employee')!.allowTables!;
    expect(allowed.length).toBeGreaterThan(5);
    for (const name of allowed) expect(names).toContain(name);
    expect(allowed).not.toContain('salaries');
    expect(allowed).not.toContain('password_resets');
  });
});
