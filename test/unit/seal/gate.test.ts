import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SwaliError } from '../../../src/errors/swali-error.js';
import { assertGate } from '../../../src/seal/gate.js';
import { readWithNodeSqlParser } from '../../../src/seal/read-node-sql-parser.js';

const OPEN = new Set(['orders', 'customers', 'products', 'employees', 'order_items', 'payments', 'v_all']);
const isOpen = (name: string): boolean => OPEN.has(name.toLowerCase());

/** The code of the refusal; null where the gate lets the text through. */
function passGate(sql: string, dialect: 'mysql' | 'mariadb' | 'sqlite' = 'mysql'): SwaliError | null {
  try {
    assertGate(readWithNodeSqlParser(sql, dialect), isOpen);
    return null;
  } catch (error) {
    if (error instanceof SwaliError) return error;
    throw error;
  }
}

describe('assertGate', () => {
  it.each([
    'SELECT 1',
    'SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id',
    'SELECT id FROM Orders UNION SELECT id FROM customers LIMIT 3',
    'WITH salaries AS (SELECT id FROM orders) SELECT * FROM salaries',
    'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT * FROM n',
    'SELECT * FROM (WITH x AS (SELECT 1 AS a) SELECT a FROM x) AS d',
    'SELECT * FROM orders WHERE id IN (SELECT order_id FROM order_items)',
    'SELECT 1 FROM DUAL',
    'SELECT * FROM `shop`.`orders`',
  ])('lets through %s', (sql) => {
    expect(passGate(sql)).toBeNull();
  });

  it.each([
    'INSERT INTO orders VALUES (1)',
    'UPDATE orders SET id = 1',
    'DELETE FROM orders',
    'DROP TABLE orders',
    'CREATE TABLE x (id INT)',
    'TRUNCATE TABLE orders',
    "SELECT * FROM orders INTO OUTFILE '/tmp/x'",
    'SELECT id INTO @x FROM orders',
    "SET GLOBAL general_log = 'ON'",
    'CALL p()',
    'SHOW TABLES',
    'SELECT 1 FROM orders GO DELETE FROM orders',
  ])('refuses what would change data or settings: %s', (sql) => {
    expect(passGate(sql)?.code).toBe('SEAL_NOT_SELECT');
  });

  it.each(['SELECT 1; SELECT 2', 'SELECT 1; DROP TABLE orders'])('refuses several statements: %s', (sql) => {
    expect(passGate(sql)?.code).toBe('SEAL_SEVERAL_STATEMENTS');
  });

  it.each([
    'SELECT * FROM salaries',
    'SELECT * FROM orders JOIN salaries ON TRUE',
    'SELECT (SELECT MAX(salary) FROM salaries) FROM orders',
    'SELECT id FROM orders UNION SELECT salary FROM salaries',
    'WITH x AS (SELECT * FROM salaries) SELECT * FROM x',
    'SELECT * FROM mysql.user',
  ])('refuses a relation that is not open: %s', (sql) => {
    expect(passGate(sql)?.code).toBe('SEAL_RELATION_UNKNOWN');
  });

  it('answers a closed relation and one that does not exist with the very same words', () => {
    const closed = passGate('SELECT * FROM salaries');
    const absent = passGate('SELECT * FROM nothing_of_that_name');
    expect(closed).not.toBeNull();
    expect([closed?.code, closed?.message, closed?.detail]).toEqual([absent?.code, absent?.message, absent?.detail]);
  });

  it('lets text that the parser cannot read go on', () => {
    expect(readWithNodeSqlParser('SELECT FROM WHERE', 'mysql')).toBeNull();
    expect(passGate('SELECT FROM WHERE')).toBeNull();
  });

  it('unescapes doubled backticks in names', () => {
    expect(readWithNodeSqlParser('SELECT 1 FROM `a``b`', 'mysql')?.relations).toEqual(['a`b']);
  });
});

const data = process.env.EVAL_DATA_DIR;
const missing = !data || !existsSync(`${data}/attacks`);
if (missing) console.warn('EVAL_DATA_DIR is not set: the gate is not tried on the attack corpus');

describe.skipIf(missing)('the gate on the attack corpus', () => {
  const read = (file: string): readonly { readonly sql: string }[] =>
    readFileSync(`${data}/attacks/${file}`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  it.each(['mysql', 'sqlite'] as const)('lets every benign statement through on %s', (dialect) => {
    const statements = read(`${dialect}-benign.jsonl`);
    expect(statements.length).toBeGreaterThanOrEqual(36);
    expect(statements.filter(({ sql }) => passGate(sql, dialect))).toEqual([]);
  });

  it.each([
    { dialect: 'mysql', total: 235, least: 60 },
    { dialect: 'sqlite', total: 48, least: 15 },
  ] as const)(
    'refuses at least $least of the $total attacks on $dialect before they are read',
    ({ dialect, total, least }) => {
      const statements = read(`${dialect}-attacks.jsonl`);
      expect(statements.length).toBeGreaterThanOrEqual(total);
      const codes = statements.flatMap(({ sql }) => passGate(sql, dialect)?.code ?? []);
      expect(codes.length).toBeGreaterThanOrEqual(least);
      const allowed = ['SEAL_NOT_SELECT', 'SEAL_SEVERAL_STATEMENTS', 'SEAL_RELATION_UNKNOWN'];
      expect(codes.filter((code) => !allowed.includes(code))).toEqual([]);
    },
  );
});
