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
