import { DatabaseSync } from '@photostructure/sqlite';

/**
 * Rows of owner 1 are open; those of owner 2 make every predicate below fail. The indexes do not hold the owner: SQLite
 * judges what an index alone can answer before it looks the row up, and so before the filter.
 */
const TABLE = `
  CREATE TABLE orders (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, total INTEGER, note TEXT);
  CREATE INDEX orders_total ON orders (total);
  CREATE INDEX orders_note ON orders (note, total);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO orders SELECT i, 1 + i % 2, CASE WHEN i % 2 = 1 THEN 9 ELSE 1 END, CASE WHEN i % 2 = 1 THEN '[' ELSE '[1]' END FROM n;`;

/** The fence of SQLite: a LIMIT that never bites. */
export const SQLITE_FENCE = 'LIMIT -1';

/** Expressions that fail on a hidden row and on no open one. */
const PREDICATES = [
  'abs(CASE WHEN q.total > 5 THEN -9223372036854775808 ELSE 1 END) > 0',
  'q.total > 5 AND abs(q.total - 9 - 9223372036854775807 - 1) > 0',
  "json_extract(q.note, '$[0]') IS NOT NULL",
];

/** Statements around an enclosure in which a caller can put a predicate. */
const SHAPES: readonly ((e: string, predicate: string) => string)[] = [
  (e, p) => `SELECT count(*) FROM ${e} AS q WHERE ${p}`,
  (e, p) => `SELECT count(*) FROM ${e} AS q WHERE q.total > 5 AND ${p}`,
  (e, p) => `SELECT count(*) FROM ${e} AS q WHERE q.note > '' AND ${p}`,
  (e, p) => `SELECT count(*) FROM ${e} AS q WHERE q.total IN (1, 9) AND ${p}`,
  (e, p) => `SELECT count(*) FROM ${e} AS q WHERE q.id = 2 AND ${p}`,
  (e, p) => `WITH c AS (SELECT * FROM ${e}) SELECT count(*) FROM c AS q WHERE ${p}`,
  (e, p) => `SELECT DISTINCT q.total FROM ${e} AS q WHERE ${p}`,
  (e, p) => `SELECT q.total, count(*) FROM ${e} AS q GROUP BY q.total HAVING max(CASE WHEN ${p} THEN 1 END) = 1`,
  (e, p) => `SELECT count(*) FROM ${e} AS q JOIN ${e} AS r ON r.id = q.id AND ${p}`,
  (e, p) => `SELECT count(*) FROM ${e} AS r LEFT JOIN ${e} AS q ON r.id = q.id AND ${p}`,
  (e, p) => `SELECT count(*) FROM ${e} AS r WHERE EXISTS (SELECT 1 FROM ${e} AS q WHERE q.id = r.id AND ${p})`,
  (e, p) => `SELECT max(CASE WHEN ${p} THEN q.id END) OVER (ORDER BY q.total) FROM ${e} AS q`,
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
 * @param fence what ends an enclosure; another is given only to show that the test finds leaks
 * @returns one line for each statement in which the rows behind the fence made themselves felt; empty where it holds
 */
export function proveSqliteFence(fence: string = SQLITE_FENCE): readonly string[] {
  const whole = makeDatabase(TABLE);
  const slice = makeDatabase(`${TABLE} DELETE FROM orders WHERE owner <> 1;`);
  try {
    const enclosure = `(SELECT b.id, b.owner, b.total, b.note FROM orders AS b WHERE b.owner = 1 ${fence})`;
    const statements = SHAPES.flatMap((shape) => PREDICATES.map((predicate) => shape(enclosure, predicate)));
    return statements.flatMap((sql) => {
      const [seen, expected] = [observe(whole, sql), observe(slice, sql)];
      return seen === expected ? [] : [`${sql}: ${seen} instead of ${expected}`];
    });
  } finally {
    whole.close();
    slice.close();
  }
}
