import { createHash } from 'node:crypto';
import { DatabaseSync } from '@photostructure/sqlite';
import { createConnection } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { makeDemo } from '../../src/demo/make-demo.js';
import { planDemo } from '../../src/demo/plan.js';
import { generateRows } from '../../src/demo/row-batches.js';
import { DEMO_TABLES, type DemoColumn, type DemoTable } from '../../src/demo/tables.js';
import { describeEngines, type EngineUnderTest } from '../engines/engines.js';

const request = { scale: 0.3, seed: 5, today: '2026-07-15' };

/** One spelling for what the engines store: money in cents, everything else as text. */
function spell(value: unknown, column: DemoColumn): string | null {
  if (value === null) return null;
  return column.type === 'money' ? String(Math.round(Number(value) * 100)) : String(value);
}

const digestOf = (table: DemoTable, rows: Iterable<readonly unknown[]>): string => {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(JSON.stringify(table.columns.map((column, index) => spell(row[index], column))));
  return hash.digest('hex');
};

async function readRows(engine: EngineUnderTest, table: DemoTable): Promise<readonly (readonly unknown[])[]> {
  const sql = `SELECT ${table.columns.map(({ name }) => name).join(', ')} FROM ${table.name} ORDER BY ${table.primaryKey}`;
  if (engine.dialect === 'sqlite') {
    const database = new DatabaseSync(engine.url.slice('sqlite:'.length), { readOnly: true });
    try {
      return database
        .prepare(sql)
        .all()
        .map((row) => Object.values(row as object) as unknown[]);
    } finally {
      database.close();
    }
  }
  const connection = await createConnection({
    uri: engine.url.replace(/^mariadb:/, 'mysql:'),
    charset: 'utf8mb4',
    dateStrings: true,
    rowsAsArray: true,
  });
  try {
    return (await connection.query(sql))[0] as unknown as unknown[][];
  } finally {
    await connection.end();
  }
}

describeEngines('the demonstration', 'SELECT 1', (engine) => {
  it('holds exactly the generated rows', async () => {
    const made = await makeDemo({ ...request, target: engine.url });
    expect(made).toEqual({ customers: 60, orders: 1020 });
    const generated = new Map(DEMO_TABLES.map((table) => [table.name, [] as (readonly unknown[])[]]));
    for (const { table, values } of generateRows(planDemo(request.scale, request.seed, request.today))) {
      generated.get(table)!.push(values);
    }
    for (const table of DEMO_TABLES) {
      const rows = await readRows(engine, table);
      expect([table.name, rows.length, digestOf(table, rows)]).toEqual([
        table.name,
        generated.get(table.name)!.length,
        digestOf(table, generated.get(table.name)!),
      ]);
    }
  });

  it('is made again over a former one', async () => {
    await makeDemo({ ...request, scale: 0.1, target: engine.url });
    const rows = await engine.queryAsOwner('SELECT COUNT(*) AS n FROM orders');
    expect(Number(rows[0]!.n)).toBe(340);
  });

  it('is not made beside anything else', async () => {
    await engine.runAsOwner('CREATE TABLE precious (id INTEGER)');
    await expect(makeDemo({ ...request, target: engine.url })).rejects.toMatchObject({ code: 'DEMO_TARGET_REFUSED' });
    const rows = await engine.queryAsOwner('SELECT COUNT(*) AS n FROM orders');
    expect(Number(rows[0]!.n)).toBe(340);
  });
});
