import { type AccessContext, type AccessEvent, describeSubject } from '../../domain/access-event.js';
import type { Permission, Principal } from '../../domain/principal.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { Store } from '../../store/store.js';
import { findPromoted, retirePromoted } from './promoted-rows.js';

type VerifiedAttempt = Omit<Extract<AccessEvent, { readonly event: 'verified' }>, 'decision' | 'code'>;

/** Does work and puts on record what came of it. */
export type PutVerifiedOnRecord = <Result>(
  attempt: VerifiedAttempt,
  work: () => Promise<Result>,
  describe?: (result: Result) => Partial<VerifiedAttempt>,
) => Promise<Result>;

/**
 * Ends a promoted question for good; its row is kept. Admins end every one of their tenant, employees those that they promoted.
 *
 * @throws SwaliError `AUTH_PERMISSION_MISSING`, `VERIFIED_UNKNOWN` alike where it is not the actor's to end,
 *   `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
 */
export async function retireVerified(
  { store, putOnRecord }: { readonly store: Store; readonly putOnRecord: PutVerifiedOnRecord },
  actor: Principal,
  id: number,
  context: AccessContext,
): Promise<void> {
  const about = { event: 'verified', ...describeSubject(actor, context), action: 'retire' } as const;
  await putOnRecord({ ...about, verified: `verified:${id}`, sqlDigest: null, openTo: [] }, async () => {
    demandPermission(actor, 'verified:promote');
    const found = await store.run((db) => findPromoted(db, actor.tenant, id));
    const isTheirs = found !== null && (actor.kind === 'admin' || found.createdBy === actor.subject);
    if (!isTheirs || !(await store.run((db) => retirePromoted(db, id)))) throw new SwaliError('VERIFIED_UNKNOWN');
  });
}

/** @throws SwaliError `AUTH_PERMISSION_MISSING` */
export function demandPermission(actor: Principal, permission: Permission): void {
  if (!actor.permissions.has(permission)) throw new SwaliError('AUTH_PERMISSION_MISSING');
}
