import { isoDate } from './calendar.js';
import {
  type DemoRow,
  generateBranches,
  generateCustomers,
  generateEmployees,
  generatePasswordResets,
  generateProducts,
} from './generate-people.js';
import { generateTrade } from './generate-trade.js';
import type { DemoPlan } from './plan.js';
import { DEMO_TABLES, type DemoTable, type DemoValue, MARKER_TABLE } from './tables.js';

/** Rows of one table that can be inserted together. */
export interface RowBatch {
  readonly table: DemoTable;
  readonly rows: readonly (readonly DemoValue[])[];
}

/** Raised whenever equal seeds give other rows than before. */
const GENERATOR_VERSION = 1;

/** Every row of the demonstration, in an order in which no row refers to a later one. */
export function* generateRows(plan: DemoPlan): Generator<DemoRow> {
  yield {
    table: MARKER_TABLE,
    values: [1, GENERATOR_VERSION, String(plan.seed), String(plan.scale), isoDate(plan.lastDay)],
  };
  yield* generateBranches(plan);
  yield* generateEmployees(plan);
  yield* generateProducts(plan);
  yield* generateCustomers(plan);
  yield* generatePasswordResets(plan);
  yield* generateTrade(plan);
}

/**
 * Gathers rows into batches, table by table, parents first.
 *
 * @param held rows kept in memory at most
 */
export function* batchRows(rows: Iterable<DemoRow>, held = 5000): Generator<RowBatch> {
  const buffers = new Map(DEMO_TABLES.map((table) => [table.name, [] as (readonly DemoValue[])[]]));
  let count = 0;
  for (const { table, values } of rows) {
    buffers.get(table)!.push(values);
    count += 1;
    if (count < held) continue;
    yield* drain(buffers);
    count = 0;
  }
  yield* drain(buffers);
}

function* drain(buffers: ReadonlyMap<string, (readonly DemoValue[])[]>): Generator<RowBatch> {
  for (const table of DEMO_TABLES) {
    const rows = buffers.get(table.name)!;
    if (rows.length > 0) yield { table, rows: rows.splice(0) };
  }
}
