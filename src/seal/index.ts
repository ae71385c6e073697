import { LRUCache } from 'lru-cache';
import type { Catalog } from '../catalog/catalog.js';
import type { Candidate } from '../domain/candidate.js';
import { NO_METRICS } from '../domain/no-telemetry.js';
import type { Metrics } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { type SealedStatement, sealStatement } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import { compile, mayNameParameters } from './compile.js';
import type { Judges } from './judges.js';
import { fillParameters, type Plan } from './plan.js';

/** Plans kept at most. */
const MAX_PLANS = 10_000;
/** Bytes of plans and their keys kept at most, as {@link sizeOf} counts them. */
const MAX_PLAN_BYTES = 64 * 1024 * 1024;
/** Bytes that a plan, a parameter or a column takes beside its texts. */
const OBJECT_BYTES = 120;

export interface SealOptions {
  readonly catalog: Catalog;
  readonly judges: Judges;
  /** Told of each look for a plan. */
  readonly metrics?: Pick<Metrics, 'cacheRead'>;
}

/** The one way to a {@link SealedStatement}. */
export interface Seal {
  /**
   * @param view the catalog as `principal` sees it now
   * @throws SwaliError with a `SEAL_` code; nothing else
   */
  seal(candidate: Candidate, principal: Principal, view: PrincipalView): Promise<SealedStatement>;
}

/**
 * Everything that shapes a plan. Of the principal only the digest of what they may see goes in, and not the values of
 * claims, which are parameters: one plan serves every customer.
 *
 * No two sets of parts have one key: the list ends where its JSON ends, and the text, as it is, is the rest.
 */
function planKey(candidate: Candidate, catalog: Catalog, view: PrincipalView): string {
  const slots = candidate.slots.size === 0 ? [] : [...candidate.slots.keys()].sort();
  const parts = [
    mayNameParameters(candidate),
    slots,
    catalog.dialect,
    catalog.version,
    view.policyVersion,
    view.digest,
  ];
  return JSON.stringify(parts) + candidate.sql;
}

/** Bytes that a plan and its key take, two for each character: never less than they do. */
function sizeOf({ sql, parameters, columns }: Plan, key: string): number {
  let characters = sql.length + key.length;
  for (const { value } of parameters) characters += typeof value === 'string' ? value.length : 0;
  for (const { name } of columns) characters += name.length;
  return 2 * characters + OBJECT_BYTES * (4 + parameters.length + columns.length);
}

/** Makes the seal over one catalog. Plans are cached; a cached plan skips every step but the binding of values. */
export function createSeal({ catalog, judges, metrics = NO_METRICS }: SealOptions): Seal {
  const plans = new LRUCache<string, Plan>({ max: MAX_PLANS, maxSize: MAX_PLAN_BYTES, sizeCalculation: sizeOf });
  const makePlan = async (key: string, candidate: Candidate, view: PrincipalView): Promise<Plan> => {
    // A copy: parts of a text hold the whole of it in memory, and printed text is a tree of pieces until it is copied.
    const plan = structuredClone(await compile(candidate, { catalog, judges, view }));
    plans.set(key, plan);
    return plan;
  };
  return {
    async seal(candidate, principal, view) {
      try {
        const key = planKey(candidate, catalog, view);
        const kept = plans.get(key);
        metrics.cacheRead('plans', kept !== undefined);
        const plan = kept ?? (await makePlan(key, candidate, view));
        return sealStatement({
          dialect: catalog.dialect,
          sql: plan.sql,
          parameters: fillParameters(plan, candidate, view),
          columns: plan.columns,
          limits: { rows: view.limits.rows, timeoutMs: view.limits.timeoutMs, bytes: view.limits.bytes },
          filtered: plan.filtered,
          kind: principal.kind,
          provenance: plan.provenance,
        });
      } catch (error) {
        // Sealing is total: a plan or a coded refusal. Whatever else goes wrong here refuses too.
        throw error instanceof SwaliError ? error : new SwaliError('SEAL_UNPROVEN', { cause: error });
      }
    },
  };
}
