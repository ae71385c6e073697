import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import { readAccountId } from './account-id.js';
import { type DemandPasswordDeps, demandPassword } from './demand-password.js';
import { findAccount } from './find-account.js';
import type { SecondFactors } from './second-factor.js';

/** What came with a request to show that the account's owner sends it, and not only somebody who has their token. */
export interface Proof {
  /** A code of the second factor, or a recovery code; null where none came. */
  readonly code: string | null;
  /** The present password; null where none came. */
  readonly password: string | null;
}

/**
 * Demands fresh proof of the account that asks: a code where a second factor is in force, else the present password.
 *
 * @param address of the caller
 * @throws SwaliError where a factor is in force `AUTH_SECOND_FACTOR_REQUIRED` without a code and `AUTH_SECOND_FACTOR_WRONG`
 *   with a wrong one; else `AUTH_PASSWORD_REQUIRED` and `AUTH_CREDENTIALS_WRONG`; `RATE_LIMITED` after wrong ones,
 *   `STORE_UNAVAILABLE`
 */
export type StepUp = (principal: Principal, proof: Proof, address: string) => Promise<void>;

export function createStepUp(
  deps: DemandPasswordDeps & {
    readonly store: Store;
    readonly secondFactors: Pick<SecondFactors, 'isConfirmed' | 'verify'>;
  },
): StepUp {
  const { store, secondFactors } = deps;
  return async ({ kind, subject }, { code, password }, address) => {
    const account = await findAccount(store, kind, { id: readAccountId(kind, subject) });
    if (!account) throw new SwaliError('AUTH_TOKEN_INVALID', { cause: new Error('the account is gone') });
    if (await secondFactors.isConfirmed(account)) {
      if (code === null) throw new SwaliError('AUTH_SECOND_FACTOR_REQUIRED');
      if (!(await secondFactors.verify(account, code))) throw new SwaliError('AUTH_SECOND_FACTOR_WRONG');
      return;
    }
    if (password === null) throw new SwaliError('AUTH_PASSWORD_REQUIRED');
    await demandPassword(deps, account, password, address);
  };
}
