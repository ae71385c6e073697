import { DatabaseSync } from '@photostructure/sqlite';

/** Rows of owner 1 are open; those of owner 2 make every predicate below fail. */
const TABLE = `
  CREATE TABLE orders (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, total INTEGER, note TEXT);
  CREATE INDEX orders_owner ON orders (owner);
  CREATE INDEX orders_total ON orders (total, owner, note);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO orders SELECT i, 1 + i % 2, CASE WHEN i % 2 = 1 THEN 9 ELSE 1 END, CASE WHEN i % 2 = 1 THEN '[' ELSE '[1]' END FROM n;
  ANALYZE;`;

const FENCE = '(SELECT b.id, b.owner, b.total, b.note FROM orders AS b WHERE b.owner = 1 LIMIT -1)';

/** Expressions that fail on a hidden row and on no open one. */
const PREDICATES = [
  'abs(CASE WHEN q.total > 5 THEN -9223372036854775808 ELSE 1 END) > 0',
  'q.total > 5 AND abs(q.total - 9 - 9223372036854775807 - 1) > 0',
  "json_extract(q.note, '$[0]') IS NOT NULL",
];

/** Statements around an enclosure in which a caller can put a predicate. */
const SHAPES: readonly ((predicate: string) => string)[] = [
  (p) => `SELECT count(*) FROM ${FENCE} AS q WHERE ${p}`,
  (p) => `SELECT count(*) FROM ${FENCE} AS q WHERE q.total = 9 AND ${p}`,
  (p) => `SELECT count(*) FROM ${FENCE} AS q WHERE q.id = 2 AND ${p}`,
  (p) => `WITH c AS (SELECT * FROM ${FENCE}) SELECT count(*) FROM c AS q WHERE ${p}`,
  (p) => `SELECT DISTINCT q.total FROM ${FENCE} AS q WHERE ${p}`,
  (p) => `SELECT q.total, count(*) FROM ${FENCE} AS q GROUP BY q.total HAVING max(CASE WHEN ${p} THEN 1 END) = 1`,
  (p) => `SELECT count(*) FROM ${FENCE} AS q JOIN ${FENCE} AS r ON r.id = q.id AND ${p}`,
  (p) => `SELECT count(*) FROM ${FENCE} AS r LEFT JOIN ${FENCE} AS q ON r.id = q.id AND ${p}`,
  (p) => `SELECT count(*) FROM ${FENCE} AS r WHERE EXISTS (SELECT 1 FROM ${FENCE} AS q WHERE q.id = r.id AND ${p})`,
  (p) => `SELECT max(CASE WHEN ${p} THEN q.id END) OVER (ORDER BY q.total) FROM ${FENCE} AS q`,
];

type Database = InstanceType<typeof DatabaseSync>;

function makeDatabase(script: string): Database {
  const database = new DatabaseSync(':memory:');
  database.exec(script);
  return database;
}

/** The rows of a statement, or the message of its failure: all that a caller can observe. */
function observe(database: Database, sql: string): string {
  try {
    return JSON.stringify(database.prepare(sql).all());
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Runs the known oracles against the fence in databases of its own, in memory: one with rows behind the fence and one
 * without. SQLite hoists constant expressions, so a statement may fail on both; only a difference is a leak.
 *
 * @returns one line for each statement in which the rows behind the fence made themselves felt; empty where it holds
 */
export function proveSqliteFence(): readonly string[] {
  const whole = makeDatabase(TABLE);
  const slice = makeDatabase(`${TABLE} DELETE FROM orders WHERE owner <> 1;`);
  try {
    const statements = SHAPES.flatMap((shape) => PREDICATES.map(shape));
    return statements.flatMap((sql) => {
      const [seen, expected] = [observe(whole, sql), observe(slice, sql)];
      return seen === expected ? [] : [`${sql}: ${seen} instead of ${expected}`];
    });
  } finally {
    whole.close();
    slice.close();
  }
}
