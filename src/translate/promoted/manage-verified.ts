import { type AccessContext, describeSubject } from '../../domain/access-event.js';
import type { Candidate } from '../../domain/candidate.js';
import { digestText } from '../../domain/digest-text.js';
import type { Clock } from '../../domain/ports.js';
import type { Principal } from '../../domain/principal.js';
import { SwaliError } from '../../errors/swali-error.js';
import { opensTo, STANDINGS } from '../../policy/audience.js';
import type { CompiledQuestion } from '../../policy/compile-verified.js';
import type { Policy } from '../../policy/policy.js';
import type { VerifiedEntry } from '../../policy/policy-file.js';
import type { Store } from '../../store/store.js';
import { isDuplicateKey } from '../../store/store-error.js';
import { checkQuestion } from '../check-question.js';
import { MAX_PROMOTED, type PromotedBook } from './promoted-book.js';
import { countPromoted, insertPromoted, keyOfQuestion, type PromotedQuestion, readPromoted } from './promoted-rows.js';
import { demandPermission, type PutVerifiedOnRecord, retireVerified } from './retire-verified.js';
import { sampleSlots } from './sample-slots.js';

/** What is promoted: an entry of a policy file with its SQL for this source. */
export type NewPromoted = VerifiedEntry & { readonly sql: string };

/** A promoted question as its reader may see it. */
export interface ShownPromoted extends PromotedQuestion {
  /** False where the SQL names what the reader may not see, or they may not read SQL. */
  readonly showsSql: boolean;
}

/**
 * Promotes answers to verified questions of a tenant, for those with `verified:promote` who may read SQL. A promoted question
 * can show nothing that its asker may not see, as its SQL is sealed at each use; but it can answer wrongly. So employees open
 * to employees alone, admins to everyone; and employees retire what they promoted themselves, admins everything.
 *
 * Every method also throws SwaliError `AUTH_PERMISSION_MISSING` and `STORE_UNAVAILABLE`, those with a context `AUDIT_UNAVAILABLE`.
 */
export interface VerifiedManager {
  /** Those that the actor may see: an admin all, an employee their own and those over relations that are open to them. */
  list(actor: Principal, page: { readonly limit: number; readonly after?: number }): Promise<readonly ShownPromoted[]>;
  /**
   * Seals the statement as the actor would ask it, then checks it as an entry of the policy file.
   *
   * @throws SwaliError of the seal; `VERIFIED_INVALID`, `VERIFIED_EXISTS`, `TRANSLATE_QUESTION_INVALID`
   */
  promote(actor: Principal, entry: NewPromoted, context: AccessContext): Promise<ShownPromoted>;
  /** Ends one for good; its row is kept. @throws SwaliError `VERIFIED_UNKNOWN`, alike where it is not the actor's to end */
  retire(actor: Principal, id: number, context: AccessContext): Promise<void>;
}

/** Wires promotion over the store, the policy and the seal. */
export function createVerifiedManager(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly book: Pick<PromotedBook, 'forget'>;
  /** Seals as a principal would ask, and runs nothing. @throws SwaliError of the seal */
  readonly seal: (candidate: Candidate, principal: Principal) => Promise<unknown>;
  readonly putOnRecord: PutVerifiedOnRecord;
}): VerifiedManager {
  const { store, clock, policy, book, seal, putOnRecord } = deps;

  /** What an employee may see of one: its relations are all open to them. Of a broken one nobody can tell. */
  function sees(actor: Principal, promoted: PromotedQuestion): boolean {
    if (actor.kind === 'admin') return true;
    const { entry, status } = promoted;
    if (entry === null || status !== 'active') return false;
    try {
      const visible = policy.viewFor(actor).relations;
      return policy.compileQuestion(entry).relations.every((name) => visible.has(name));
    } catch (error) {
      if (error instanceof SwaliError) return false;
      throw error;
    }
  }

  function show(actor: Principal, promoted: PromotedQuestion): readonly ShownPromoted[] {
    const isSeen = sees(actor, promoted);
    if (!isSeen && promoted.createdBy !== actor.subject) return [];
    return [{ ...promoted, showsSql: isSeen && actor.permissions.has('sql:read') }];
  }

  async function check(actor: Principal, entry: NewPromoted): Promise<void> {
    assertMayOpen(actor, entry);
    if (/[{}]/u.test(entry.question.replace(/\{\s*[A-Za-z_]\w*\s*\}/gu, '')))
      throw new SwaliError('VERIFIED_INVALID', { detail: 'a slot stands in braces, and braces hold a slot' });
    // First as the actor: what is closed to them is unknown to them, whoever else it is open to.
    const slots = sampleSlots(new Map(Object.entries(entry.slots ?? {})));
    const usage = { promptTokens: 0, completionTokens: 0 };
    await seal({ sql: entry.sql, translator: 'verified', slots, usage }, actor);
    const compiled = policy.compileQuestion(entry);
    if (policy.verified.some((other) => areSame(other, compiled))) throw new SwaliError('VERIFIED_EXISTS');
  }

  return {
    async list(actor, { limit, after = 0 }) {
      demandPermission(actor, 'verified:promote');
      const shown: ShownPromoted[] = [];
      for (let from = after; shown.length < limit; ) {
        const page = await store.run((db) => readPromoted(db, { tenant: actor.tenant, after: from, limit }));
        shown.push(...page.flatMap((each) => show(actor, each)));
        if (page.length < limit) break;
        from = page.at(-1)?.id ?? from;
      }
      return shown.slice(0, limit);
    },

    promote(actor, given, context) {
      const about = {
        event: 'verified',
        ...describeSubject(actor, context),
        action: 'promote',
        verified: null,
      } as const;
      const attempt = { ...about, sqlDigest: digestText(given.sql), openTo: given.open_to };
      const work = async (): Promise<ShownPromoted> => {
        demandPermission(actor, 'verified:promote');
        demandPermission(actor, 'sql:read');
        const entry = { ...given, question: checkQuestion(given.question) };
        await check(actor, entry);
        const promoted = {
          tenant: actor.tenant,
          entry,
          createdBy: actor.subject,
          createdAt: clock(),
          policyVersion: policy.version,
        };
        const id = await store
          .transaction(async (db) => {
            if ((await countPromoted(db, actor.tenant)) >= MAX_PROMOTED)
              throw new SwaliError('VERIFIED_INVALID', { detail: `there are ${MAX_PROMOTED} already; retire some` });
            return insertPromoted(db, promoted);
          })
          .catch((error: unknown) => {
            throw isDuplicateKey(error) ? new SwaliError('VERIFIED_EXISTS', { cause: error }) : error;
          });
        book.forget(actor.tenant);
        const { policyVersion: _, ...kept } = promoted;
        return { ...kept, id, question: entry.question, status: 'active', fault: null, showsSql: true };
      };
      return putOnRecord(attempt, work, ({ id }) => ({ verified: `verified:${id}` }));
    },

    async retire(actor, id, context) {
      await retireVerified({ store, putOnRecord }, actor, id, context);
      book.forget(actor.tenant);
    },
  };
}

function assertMayOpen(actor: Principal, { open_to: openTo }: NewPromoted): void {
  if (actor.kind === 'admin') return;
  if (openTo.some((audience) => audience.split(':')[0] !== 'employee'))
    throw new SwaliError('AUTH_PERMISSION_MISSING', { detail: 'only admins open to customers and admins' });
}

/** The same words for somebody in common. */
function areSame(one: CompiledQuestion, other: CompiledQuestion): boolean {
  if (keyOfQuestion(one.question) !== keyOfQuestion(other.question)) return false;
  return STANDINGS.some((standing) => opensTo(one.openTo, standing) && opensTo(other.openTo, standing));
}
