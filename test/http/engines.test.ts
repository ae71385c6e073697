import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../engines/engines.js';
import { sameRows } from '../support/compare-rows.js';
import { openTestGateway, type TestGateway } from './open-test-gateway.js';

/** A question of each who signs in, and statements of an employee; every engine must answer them alike. */
const QUESTIONS = [
  ['customer', 'How many orders did I place in 2025?'],
  ['customer', 'What are my latest orders?'],
  ['employee', 'How many orders were placed in 2025?'],
  ['admin', 'What was the revenue per branch in 2025?'],
] as const;
const STATEMENTS = [
  'SELECT o.id, c.name FROM orders o JOIN customers c ON c.customer_number = o.customer_number ORDER BY o.id LIMIT 5',
  'SELECT status, COUNT(*) AS n, SUM(total) AS total FROM orders GROUP BY status ORDER BY status',
  'SELECT name FROM customers WHERE customer_number IN (SELECT customer_number FROM orders WHERE total > 1000) ORDER BY customer_number LIMIT 5',
  "SELECT city FROM branches WHERE country = 'Kenya' UNION SELECT name FROM products WHERE price > 5000 ORDER BY 1",
] as const;
const REFUSED = [
  ['DELETE FROM orders', 'SEAL_NOT_SELECT'],
  ['SELECT * FROM salaries', 'SEAL_RELATION_UNKNOWN'],
  ['SELECT 1 INTO @x', null],
  ['SELECT SLEEP(9)', null],
] as const;

type Rows = readonly (readonly unknown[])[];

/** What the first engine answered, by question: the others are held to it. */
const expected = new Map<string, Rows>();

function expectSame(question: string, rows: Rows): void {
  const first = expected.get(question);
  if (first === undefined) expected.set(question, rows);
  else expect(sameRows(first, rows, true), JSON.stringify([first.slice(0, 3), rows.slice(0, 3)])).toBe(true);
}

describeEngines(
  'the three logins and what they ask',
  { sqlite: 'SELECT 1', mariadb: 'SELECT 1', mysql: 'SELECT 1' },
  (engine) => {
    let gateway: TestGateway;
    beforeAll(async () => {
      // The account of the tests owns its databases, so it can write; a gateway runs with one that cannot.
      gateway = await openTestGateway({ SOURCE_URL: engine.url, ALLOW_WIDE_GRANTS: 'on' });
    }, 180_000);
    afterAll(() => gateway?.close());

    it.each(QUESTIONS)('answer a %s alike: %s', async (as, question) => {
      const response = await gateway.post('/v1/ask', as, { question });
      expect(response.body, response.text).toMatchObject({
        status: 'answered',
        provenance: { translator: 'verified' },
      });
      expect(response.body.row_count).toBeGreaterThan(0);
      expectSame(question, response.body.rows);
    });

    it.each(STATEMENTS)('run alike: %s', async (sql) => {
      const response = await gateway.post('/v1/sql', 'employee', { sql });
      expect(response.body, response.text).toMatchObject({ status: 'answered' });
      expect(response.body.row_count).toBeGreaterThan(0);
      expectSame(sql, response.body.rows);
    });

    it.each(REFUSED)('refuse alike: %s', async (sql, code) => {
      const response = await gateway.post('/v1/sql', 'employee', { sql });
      expect(response.status).toBeGreaterThanOrEqual(400);
      if (code !== null) expect(response.body.code).toBe(code);
      const [count] = await engine.queryAsOwner('SELECT COUNT(*) AS n FROM orders');
      expect(Number(count?.n)).toBeGreaterThan(0);
    });
  },
);
