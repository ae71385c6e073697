import type { ResultValue } from '../domain/result-set.js';

/**
 * Rows that the optimiser means to visit: within one SELECT the product over its tables, over the SELECTs the sum.
 *
 * @param plan rows of EXPLAIN: `id` tells the SELECT, `rows` the estimate for one table, null where there is none
 */
export function estimateRows(plan: readonly Readonly<Record<string, ResultValue>>[]): number {
  const products = new Map<ResultValue, number>();
  for (const step of plan) {
    const rows = Number(step.rows ?? 1);
    const id = step.id ?? null;
    products.set(id, (products.get(id) ?? 1) * (Number.isFinite(rows) ? Math.max(rows, 1) : 1));
  }
  return [...products.values()].reduce((sum, product) => sum + product, 0);
}
