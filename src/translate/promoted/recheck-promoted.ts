import type { Tenant } from '../../domain/tenant.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { Policy } from '../../policy/policy.js';
import type { Store } from '../../store/store.js';
import { markPromoted, type PromotedQuestion, readPromoted } from './promoted-rows.js';

/** Rows read at a time. */
const PAGE = 200;

/** What a check changed for one tenant. */
export interface Recheck {
  readonly tenant: Tenant;
  /** Those that fit no more, `verified:3: why`. */
  readonly broken: readonly string[];
  /** How many fit again. */
  readonly mended: number;
}

/** Why a promoted question does not fit a policy; null where it does. */
export function faultOf({ entry }: PromotedQuestion, policy: Pick<Policy, 'compileQuestion'>): string | null {
  if (entry === null) return 'what is kept of it has no form that is accepted';
  try {
    policy.compileQuestion(entry);
    return null;
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    return error.detail ?? error.message;
  }
}

/** Every promoted question of every tenant that is not retired. @throws SwaliError `STORE_UNAVAILABLE` */
export async function* walkPromoted(store: Store): AsyncGenerator<PromotedQuestion> {
  for (let after = 0; ; ) {
    const page = await store.run((db) => readPromoted(db, { after, limit: PAGE }));
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.id ?? after;
  }
}

/**
 * Holds every promoted question against a policy. What fits no more is marked as broken, and answered with no more; what was
 * broken and fits again is answered with again.
 *
 * @returns the tenants for whom that changed something
 * @throws SwaliError `STORE_UNAVAILABLE`
 */
export async function recheckPromoted(
  store: Store,
  policy: Pick<Policy, 'compileQuestion' | 'version'>,
): Promise<readonly Recheck[]> {
  const changes = new Map<Tenant, { broken: string[]; mended: number }>();
  for await (const promoted of walkPromoted(store)) {
    const fault = faultOf(promoted, policy);
    if ((fault === null) === (promoted.status === 'active')) continue;
    await store.run((db) => markPromoted(db, promoted.id, { fault, policyVersion: policy.version }));
    const change = changes.get(promoted.tenant) ?? { broken: [], mended: 0 };
    changes.set(promoted.tenant, change);
    if (fault === null) change.mended += 1;
    else change.broken.push(`verified:${promoted.id}: ${fault}`);
  }
  return [...changes].map(([tenant, change]) => ({ tenant, ...change }));
}
