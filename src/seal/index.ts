import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Catalog } from '../catalog/catalog.js';
import type { Candidate } from '../domain/candidate.js';
import type { Principal } from '../domain/principal.js';
import { type SealedStatement, sealStatement } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import { compile } from './compile.js';
import type { Judges } from './judges.js';
import { fillParameters, type Plan } from './plan.js';

/** Plans kept at most. */
const MAX_PLANS = 5_000;
/** Bytes of plans kept at most, counted as their texts. */
const MAX_PLAN_BYTES = 32 * 1024 * 1024;

export interface SealOptions {
  readonly catalog: Catalog;
  readonly judges: Judges;
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
 */
function planKey(candidate: Candidate, catalog: Catalog, view: PrincipalView): string {
  const parts = [
    candidate.sql,
    candidate.translator === 'verified',
    [...candidate.slots.keys()].sort(),
    catalog.dialect,
    catalog.version,
    view.policyVersion,
    view.digest,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}

function sizeOf(plan: Plan): number {
  return 2 * plan.sql.length + 200 * (1 + plan.parameters.length + plan.columns.length);
}

/** Makes the seal over one catalog. Plans are cached; a cached plan skips every step but the binding of values. */
export function createSeal({ catalog, judges }: SealOptions): Seal {
  const plans = new LRUCache<string, Plan>({ max: MAX_PLANS, maxSize: MAX_PLAN_BYTES, sizeCalculation: sizeOf });
  const planFor = async (candidate: Candidate, view: PrincipalView): Promise<Plan> => {
    const key = planKey(candidate, catalog, view);
    const known = plans.get(key);
    if (known) return known;
    const plan = await compile(candidate, { catalog, judges, view });
    plans.set(key, plan);
    return plan;
  };
  return {
    async seal(candidate, principal, view) {
      try {
        const plan = await planFor(candidate, view);
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
