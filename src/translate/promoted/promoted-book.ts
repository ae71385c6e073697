import type { Clock, Logger } from '../../domain/ports.js';
import type { Tenant } from '../../domain/tenant.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { CompiledQuestion } from '../../policy/compile-verified.js';
import type { Policy } from '../../policy/policy.js';
import type { Store } from '../../store/store.js';
import { type PromotedQuestion, readPromoted } from './promoted-rows.js';

/** Promoted questions of one tenant at most that are not retired. */
export const MAX_PROMOTED = 1000;
/** How long the other replicas may answer as before a promotion or the end of one, in milliseconds. */
const FRESH_MS = 5000;
/** Tenants whose questions are held at most; the one that was looked at longest ago goes first. */
const MAX_TENANTS = 1000;

interface Kept {
  readonly questions: readonly CompiledQuestion[];
  readonly readAt: number;
}

/** The promoted questions of each tenant, compiled, as the store had them a few seconds ago at most. */
export interface PromotedBook {
  /** Reads anew what is too old. @throws SwaliError `STORE_UNAVAILABLE`: a retired question is not answered with */
  refresh(tenant: Tenant): Promise<void>;
  /** As of the last refresh; empty before the first. */
  of(tenant: Tenant): readonly CompiledQuestion[];
  /** Has the next refresh read anew: something was promoted or retired here. */
  forget(tenant: Tenant): void;
}

/** Makes the book of a process; its policy never changes. */
export function createPromotedBook(deps: {
  readonly store: Store;
  readonly policy: Pick<Policy, 'compileQuestion'>;
  readonly clock: Clock;
  readonly logger: Logger;
}): PromotedBook {
  const { store, policy, clock, logger } = deps;
  const kept = new Map<Tenant, Kept>();
  const reading = new Map<Tenant, Promise<void>>();
  const compiled = new Map<number, CompiledQuestion | null>();
  let changes = 0;

  /** Each is compiled once; its row never changes but in its status. */
  function compile({ id, entry }: PromotedQuestion): readonly CompiledQuestion[] {
    const known = compiled.get(id);
    if (known !== undefined) return known === null ? [] : [known];
    let made: CompiledQuestion | null = null;
    try {
      made = entry && policy.compileQuestion(entry);
    } catch (error) {
      if (!(error instanceof SwaliError)) throw error;
      logger.warn({ id, code: error.code }, 'a promoted question does not fit the policy of this replica');
    }
    compiled.set(id, made);
    return made === null ? [] : [made];
  }

  async function read(tenant: Tenant): Promise<void> {
    const [readAt, begun] = [clock(), changes];
    const rows = await store.run((db) => readPromoted(db, { tenant, after: 0, limit: MAX_PROMOTED }));
    // What was read may be of before a change that was made here meanwhile.
    if (begun !== changes) return read(tenant);
    const questions = rows.filter(({ status }) => status === 'active').flatMap(compile);
    kept.delete(tenant);
    kept.set(tenant, { questions, readAt });
    if (kept.size <= MAX_TENANTS) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  }

  return {
    async refresh(tenant) {
      const age = clock() - (kept.get(tenant)?.readAt ?? Number.NEGATIVE_INFINITY);
      if (age >= 0 && age < FRESH_MS) return;
      const running = reading.get(tenant) ?? read(tenant).finally(() => reading.delete(tenant));
      reading.set(tenant, running);
      await running;
    },
    of: (tenant) => kept.get(tenant)?.questions ?? [],
    forget: (tenant) => {
      changes += 1;
      const { questions = [] } = kept.get(tenant) ?? {};
      kept.set(tenant, { questions, readAt: Number.NEGATIVE_INFINITY });
    },
  };
}
