import { describeRecheck } from './audit/describe-gateway.js';
import type { AuditLog } from './audit/record.js';
import type { Candidate } from './domain/candidate.js';
import type { Clock, Logger } from './domain/ports.js';
import type { Principal } from './domain/principal.js';
import { putOnRecord } from './identify/put-on-record.js';
import type { CompiledQuestion } from './policy/compile-verified.js';
import type { Policy } from './policy/policy.js';
import type { Store } from './store/store.js';
import { createVerifiedManager, type VerifiedManager } from './translate/promoted/manage-verified.js';
import { createPromotedBook } from './translate/promoted/promoted-book.js';
import { recheckPromoted } from './translate/promoted/recheck-promoted.js';
import type { Translate } from './translate/translate.js';

/** Questions that people promoted to verified ones: beside those of the policy file, from the store. */
export interface Promotion {
  /** Those of the file and the promoted ones that are open to a principal; the latter as of the last {@link Promotion.freshen}. */
  readonly verifiedFor: (principal: Principal) => readonly CompiledQuestion[];
  /** A translate stage that knows what was promoted meanwhile, here or on another replica. */
  readonly freshen: (translate: Translate) => Translate;
  /** Makes promotion over an audit log. */
  readonly createManager: (audit: AuditLog) => VerifiedManager;
  /** Holds all of them against the policy, and puts on record and into the log what changed by it. @throws SwaliError `STORE_UNAVAILABLE`, `AUDIT_UNAVAILABLE` */
  readonly recheck: (audit: AuditLog) => Promise<void>;
}

/** @param parts.seal seals as a principal would ask, and runs nothing */
export function openPromotion(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly policy: Policy;
  readonly seal: (candidate: Candidate, principal: Principal) => Promise<unknown>;
}): Promotion {
  const { store, clock, logger, policy, seal } = parts;
  const book = createPromotedBook({ store, policy, clock, logger });
  return {
    verifiedFor: (principal) => policy.verifiedFor(principal, book.of(principal.tenant)),
    freshen: (translate) => async (request) => {
      await book.refresh(request.principal.tenant);
      return translate(request);
    },
    createManager: (audit) =>
      createVerifiedManager({
        store,
        clock,
        policy,
        book,
        seal,
        putOnRecord: (attempt, work, describe) => putOnRecord(audit, attempt, work, describe),
      }),
    async recheck(audit) {
      for (const { tenant, broken, mended } of await recheckPromoted(store, policy)) {
        const { source, version } = policy;
        for (const fault of broken)
          logger.error({ tenant, fault }, 'a promoted question does not fit the policy any more');
        await audit.append(describeRecheck({ source, version, tenant, broken, mended }));
      }
    },
  };
}
