import { EMPLOYEE_ROLES, PERMISSIONS, type Principal } from '../domain/principal.js';
import type { Tenant } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import { nameStanding, opensTo, STANDINGS, type Standing } from './audience.js';
import type { CompiledQuestion } from './compile-verified.js';
import type { Policy } from './policy.js';
import type { PrincipalView } from './view.js';

/** Seals the SQL of a question for somebody, with values of the types of its slots, and runs nothing. @throws SwaliError of the seal */
export type SealQuestion = (question: CompiledQuestion, principal: Principal, view: PrincipalView) => Promise<unknown>;

/**
 * Seals a verified question for everyone whom it is open to, as they would ask it.
 *
 * @param tenant whose people they are
 * @returns for whom it is refused, as `customer: CODE: why`; empty where it holds
 */
export async function sealForAudience(
  question: CompiledQuestion,
  policy: Pick<Policy, 'viewFor' | 'relations'>,
  tenant: Tenant,
  seal: SealQuestion,
): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const standing of STANDINGS.filter((each) => opensTo(question.openTo, each))) {
    const principal = somebody(standing, policy, tenant);
    // Sealing puts claims into parameters and judges by none of them, so any value will do.
    const view: PrincipalView = { ...policy.viewFor(principal), claim: () => 1 };
    try {
      await seal(question, principal, view);
    } catch (error) {
      if (!(error instanceof SwaliError)) throw error;
      refused.push(`${nameStanding(standing)}: ${error.code}: ${error.message}`);
    }
  }
  return refused;
}

/** Somebody of a standing whose list of tables has all of them. */
function somebody({ kind, role }: Standing, { relations }: Pick<Policy, 'relations'>, tenant: Tenant): Principal {
  const isEmployee = kind === 'employee';
  return Object.freeze({
    kind,
    subject: `verified:${kind}`,
    role: isEmployee ? (role ?? EMPLOYEE_ROLES[0]) : null,
    claims: new Map(),
    allowTables: isEmployee ? [...relations.values()].map(({ relation }) => relation.name) : null,
    permissions: new Set(PERMISSIONS),
    tier: 'standard',
    tenant,
    session: null,
    lacksSecondFactor: false,
  });
}
