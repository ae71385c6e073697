import { readsItself } from '../sql/levels.js';
import type { Query } from '../sql/nodes.js';

/**
 * Merges the row cap into the top query: `min(limit, cap + 1)`; the one row more shows that there was more. Never a wrapper
 * around the statement: that would lose ORDER BY and fail on equal output names. A LIMIT given by a parameter stays: execute
 * stops reading at the cap.
 *
 * @param cap rows handed out at most, ≥ 1
 */
export function cap(query: Query, cap: number): Query {
  const most = BigInt(cap) + 1n;
  const { limit } = query;
  if (!limit) return { ...query, limit: { count: { kind: 'integer', value: most }, offset: null } };
  if (limit.count.kind !== 'integer') return query;
  // A negative count means no limit on SQLite.
  const asked = limit.count.value;
  const count = asked >= 0n && asked < most ? asked : most;
  return { ...query, limit: { ...limit, count: { kind: 'integer', value: count } } };
}

/** Rows that a recursive common table may make on SQLite, which has no bound of its own; the servers stop at theirs. */
const MAX_RECURSIVE_ROWS = 100_000n;

/** Bounds recursive common tables on SQLite. */
export function boundRecursion(query: Query): Query {
  if (!query.with) return query;
  const tables = query.with.tables.map((table) => {
    const { body, limit } = table.query;
    if (body.kind !== 'set-operation' || !readsItself(table.query, table.name)) return table;
    const asked = limit?.count.kind === 'integer' && limit.count.value >= 0n ? limit.count.value : MAX_RECURSIVE_ROWS;
    const value = asked < MAX_RECURSIVE_ROWS ? asked : MAX_RECURSIVE_ROWS;
    return {
      ...table,
      query: { ...table.query, limit: { count: { kind: 'integer' as const, value }, offset: limit?.offset ?? null } },
    };
  });
  return { ...query, with: { ...query.with, tables } };
}
