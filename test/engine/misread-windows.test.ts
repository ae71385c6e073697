import { expect, it } from 'vitest';
import { describeEngines } from '../engines/engines.js';
import { makeView } from '../support/hand-made-catalog.js';
import { openSeal } from '../support/open-seal.js';
import { customer } from '../support/principals.js';

/** One's own customers are one row, as in every shop: MariaDB then loses the condition of a subquery with a window. */
const TABLES = `CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_number INTEGER NOT NULL, paid INTEGER NOT NULL);
CREATE TABLE customers (customer_number INTEGER PRIMARY KEY, name VARCHAR(20));
INSERT INTO orders VALUES (1, 1, 0), (2, 1, 1), (3, 2, 1);
INSERT INTO customers VALUES (1, 'a'), (2, 'b');`;

const EXISTS = 'SELECT o.id FROM orders o WHERE EXISTS (SELECT COUNT(*) OVER () FROM customers c WHERE o.paid = 1)';
const SCALAR =
  'SELECT o.id, (SELECT COUNT(*) OVER () FROM customers c WHERE o.paid = 1) AS n FROM orders o ORDER BY o.id';

describeEngines('a window in a subquery over one row', TABLES, (under) => {
  const opened = openSeal(under);
  const ask = (sql: string) => {
    const own = { rows: 'customer_number = :customer_number' };
    const { ask: run, catalog } = opened();
    return run(sql, customer(1), makeView(catalog, { orders: own, customers: own }, { customer_number: 1 }));
  };

  it('does not make EXISTS true where the condition is false', async () => {
    expect(await ask(EXISTS)).toEqual([[2]]);
  });

  it('gives the value of the condition, or is refused', async () => {
    const rows = [
      [1, null],
      [2, 1],
    ];
    expect(await ask(SCALAR)).toEqual(under.dialect === 'mariadb' ? 'SEAL_UNSUPPORTED' : rows);
  });
});

/** Windows of which MariaDB computes many wrongly beside each other. */
const WINDOWS: Readonly<Record<string, string>> = {
  none: '',
  status: 'PARTITION BY status',
  'status, region down': 'PARTITION BY status ORDER BY region DESC',
  'by status, region': 'ORDER BY status, region',
  'by status': 'ORDER BY status',
  'by number': 'ORDER BY cn',
  'by region': 'ORDER BY region',
  number: 'PARTITION BY cn',
};

const ROWS = Array.from({ length: 24 }, (_, at) => {
  const id = at + 1;
  return `(${id}, ${1 + ((id * 7) % 5)}, '${'abc'[id % 3]}', ${1 + (id % 2)}, ${id * 3})`;
});
const WIDE = `CREATE TABLE sales (id INTEGER PRIMARY KEY, cn INTEGER NOT NULL, status VARCHAR(10) NOT NULL, region INTEGER NOT NULL, total INTEGER NOT NULL);
INSERT INTO sales VALUES ${ROWS.join(', ')};`;

describeEngines('windows beside each other', WIDE, (under) => {
  const opened = openSeal(under);
  const ask = (windows: readonly string[]) => {
    const items = windows.map((name, at) => `SUM(total) OVER (${WINDOWS[name]}) AS k${at}`);
    const { ask: run, catalog } = opened();
    return run(`SELECT ${items.join(', ')} FROM sales ORDER BY id`, customer(1), makeView(catalog, {}));
  };

  it('give what each gives alone, or are refused', { timeout: 120_000 }, async () => {
    const names = Object.keys(WINDOWS);
    const alone = new Map<string, unknown[]>();
    for (const name of names)
      alone.set(
        name,
        ((await ask([name])) as unknown[][]).map(([value]) => value),
      );
    const lists = names.flatMap((a) =>
      names.flatMap((b) => [[a, b], ...names.filter((c) => new Set([a, b, c]).size === 3).map((c) => [a, b, c])]),
    );
    let refused = 0;
    for (const list of lists) {
      const rows = await ask(list);
      if (rows === 'SEAL_UNSUPPORTED') {
        refused += 1;
        continue;
      }
      for (const [at, name] of list.entries())
        expect(
          (rows as unknown[][]).map((row) => row[at]),
          list.join(' | '),
        ).toEqual(alone.get(name));
    }
    expect(lists.length).toBe(64 + 336);
    expect(refused).toBe(under.dialect === 'mariadb' ? 102 : 0);
  });
});
