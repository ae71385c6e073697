import type { Catalog } from '../catalog/catalog.js';
import type { Candidate } from '../domain/candidate.js';
import type { Principal } from '../domain/principal.js';
import type { SealedStatement } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import { createSeal } from '../seal/index.js';
import type { Judges } from '../seal/judges.js';
import { type SpoiledStatement, type Spoiler, sealWithoutCare, spoilers } from './sabotage.js';

/** The ways to break the seal that the harness must be able to find. */
export const SABOTAGES = ['no-fence', 'copied-range', 'plan-key', 'where-filter'] as const;
export type Sabotage = (typeof SABOTAGES)[number];

/** Text and who asks it, to what runs. */
export type Sealer = (
  sql: string,
  principal: Principal,
  view: PrincipalView,
) => Promise<SealedStatement | SpoiledStatement>;

/** SQL as a caller wrote it. */
function callerSql(sql: string): Candidate {
  return { sql, translator: 'caller', slots: new Map(), usage: { promptTokens: 0, completionTokens: 0 } };
}

/** The seal itself. One per world, so that all of its principals share one plan cache. */
export function createSealer(catalog: Catalog, judges: Judges): Sealer {
  const seal = createSeal({ catalog, judges });
  return (sql, principal, view) => seal.seal(callerSql(sql), principal, view);
}

/** A plan cache whose key forgets which tables an employee was given: the first one's plan serves every other of the role. */
function forgetAllowList(sealer: Sealer): Sealer {
  const plans = new Map<string, SealedStatement | SpoiledStatement>();
  return async (sql, principal, view) => {
    if (principal.kind !== 'employee') return sealer(sql, principal, view);
    const key = JSON.stringify([principal.role, sql]);
    const known = plans.get(key);
    if (known) return known;
    const sealed = await sealer(sql, principal, view);
    plans.set(key, sealed);
    return sealed;
  };
}

/** A seal that is broken in one way, to show that the harness finds it. Its statements never leave the harness. */
export function createSabotagedSealer(sabotage: Sabotage, catalog: Catalog, judges: Judges): Sealer {
  if (sabotage === 'plan-key') return forgetAllowList(createSealer(catalog, judges));
  const spoil: Spoiler = spoilers[sabotage];
  return async (sql, principal, view) => {
    try {
      return sealWithoutCare(sql, principal, view, catalog, spoil);
    } catch (error) {
      throw error instanceof SwaliError ? error : new SwaliError('SEAL_UNPROVEN', { cause: error });
    }
  };
}
