import { LRUCache } from 'lru-cache';
import type { Stages } from './ask.js';
import type { Dialect } from './domain/dialect.js';
import { NO_METRICS } from './domain/no-telemetry.js';
import type { Metrics } from './domain/ports.js';
import type { Principal } from './domain/principal.js';
import { SwaliError } from './errors/swali-error.js';
import type { ReadSharedValues } from './translate/request.js';

/** A column with more distinct values than this is free text: none of them is handed on. */
const MAX_VALUES = 50;

/** How long values are believed, in milliseconds. */
const KEEP_MS = 60_000;

/** Columns of principals that are kept at most. */
const MAX_KEPT = 2_000;

/**
 * Reads the distinct values of columns whose owner shares them (`share_values` in the policy), as one principal sees
 * them: through the same seal, filter and limits as any answer.
 *
 */
export function createReadSharedValues(deps: {
  readonly seal: Stages['seal'];
  readonly execute: Stages['execute'];
  readonly dialect: Dialect;
  /** Told of each look for values. */
  readonly metrics?: Pick<Metrics, 'cacheRead'>;
}): ReadSharedValues {
  const { metrics = NO_METRICS } = deps;
  const kept = new LRUCache<string, readonly string[]>({ max: MAX_KEPT, ttl: KEEP_MS });
  return async ({ principal, view, signal }, relation, column) => {
    const key = JSON.stringify([whoSees(principal), view.digest, view.policyVersion, relation, column]);
    const known = kept.get(key);
    metrics.cacheRead('shared values', known !== undefined);
    if (known) return known;
    const [from, what] = [relation, column].map((name) => quote(name, deps.dialect));
    const sql = `SELECT DISTINCT ${what} FROM ${from} WHERE ${what} IS NOT NULL ORDER BY 1 LIMIT ${MAX_VALUES + 1}`;
    const usage = { promptTokens: 0, completionTokens: 0 };
    try {
      const statement = await deps.seal({ sql, translator: 'caller', slots: new Map(), usage }, principal, view);
      const { rows } = await deps.execute(statement, signal);
      const values = rows.length > MAX_VALUES ? [] : rows.map(([value]) => String(value));
      kept.set(key, values);
      return values;
    } catch (error) {
      if (signal.aborted) throw error;
      // A question can be put without them; what is wrong with the source will show when it runs.
      if (error instanceof SwaliError) return [];
      throw error;
    }
  };
}

/** Two principals that differ in any of this may see other rows. */
function whoSees({ kind, subject, role, claims, allowTables, tenant }: Principal): unknown {
  return [kind, subject, role, [...claims], allowTables, tenant];
}

function quote(name: string, dialect: Dialect): string {
  return dialect === 'sqlite' ? `"${name.replaceAll('"', '""')}"` : `\`${name.replaceAll('`', '``')}\``;
}
