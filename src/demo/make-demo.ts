import { SwaliError } from '../errors/swali-error.js';
import { type MysqlAddress, parseMysqlUrl } from '../transport/mysql-url.js';
import type { TransportRules } from '../transport/transport-rules.js';
import { planDemo } from './plan.js';
import { batchRows, generateRows, type RowBatch } from './row-batches.js';
import { writeMysql } from './write-mysql.js';
import { writeSqlite } from './write-sqlite.js';

export interface DemoRequest {
  /** `sqlite:PATH` or `mysql://USER:PASSWORD@HOST:PORT/DATABASE`. */
  readonly target: string;
  /** 1 means 200 customers and 3 400 orders; 0.05–10000. */
  readonly scale: number;
  /** A whole number; equal seeds, scales and days make equal rows. */
  readonly seed: number;
  /** `YYYY-MM-DD`: the last day with orders. */
  readonly today: string;
  /** Called now and then with the orders written so far and in all. */
  readonly onProgress?: (orders: number, all: number) => void;
  /** How a server may be spoken to. Default TLS, verified, off loopback. */
  readonly transport?: TransportRules;
}

/** The seed of the demonstration that a first start makes. */
export const DEFAULT_DEMO_SEED = 2026;

/**
 * Makes the demonstration business: branches, employees, salaries, customers, products, orders, order items, payments,
 * invoices, support tickets; the same rows on every engine. Rows are streamed: memory does not grow with the scale.
 *
 * @returns how many customers and orders were written
 * @throws SwaliError `DEMO_TARGET_REFUSED` where the target, scale, seed or day is not acceptable, or the target holds
 *   other data; `SOURCE_UNAVAILABLE` where a server cannot be reached
 */
export async function makeDemo(request: DemoRequest): Promise<{ readonly customers: number; readonly orders: number }> {
  const plan = planDemo(request.scale, request.seed, request.today);
  let orders = 0;
  const count = (batch: RowBatch) => {
    if (batch.table.name !== 'orders') return;
    orders += batch.rows.length;
    request.onProgress?.(orders, plan.orders);
  };
  const batches = batchRows(generateRows(plan));
  if (request.target.startsWith('sqlite:') && request.target.length > 'sqlite:'.length) {
    await writeSqlite(request.target.slice('sqlite:'.length), batches, count);
  } else {
    await writeMysql(parseServerTarget(request.target, request.transport), batches, count);
  }
  return { customers: plan.customers, orders };
}

function parseServerTarget(target: string, transport?: TransportRules): MysqlAddress {
  try {
    return parseMysqlUrl(target, transport);
  } catch {
    // The text may hold a password, so it is not repeated.
    throw new SwaliError('DEMO_TARGET_REFUSED', {
      detail: 'the target must be sqlite:PATH or mysql://USER@HOST/DATABASE',
    });
  }
}
