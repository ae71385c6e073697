import { expect, it } from 'vitest';
import { describeEngines } from '../engines/engines.js';
import { makeView } from '../support/hand-made-catalog.js';
import { openSeal } from '../support/open-seal.js';
import { admin } from '../support/principals.js';

/** What is listed and what it is ordered by are the second column of their tables: SQLite takes the one for the other. */
const TABLES = `CREATE TABLE orders (id INTEGER PRIMARY KEY, place INTEGER NOT NULL);
CREATE TABLE items (line INTEGER PRIMARY KEY, order_id INTEGER NOT NULL);
INSERT INTO orders VALUES (1, 90), (2, 80), (3, 70);
INSERT INTO items VALUES (11, 1), (12, 2), (13, 3);`;

const STATEMENT = `SELECT GROUP_CONCAT(i.line ORDER BY o.place) AS v FROM (SELECT id, place FROM orders ORDER BY id LIMIT 9) o
  JOIN (SELECT order_id, line FROM items ORDER BY line LIMIT 9) i ON i.order_id = o.id GROUP BY i.line ORDER BY i.line`;

describeEngines('an aggregate in the order of another table', TABLES, (under) => {
  const opened = openSeal(under);

  it('gives the values, and not those that it is ordered by', async () => {
    const { ask, catalog } = opened();
    expect(await ask(STATEMENT, admin(), makeView(catalog, {}))).toEqual([['11'], ['12'], ['13']]);
  });
});
