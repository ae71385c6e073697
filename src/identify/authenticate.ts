import type { Clock } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { Account } from './find-account.js';
import { principalOf } from './principal-of.js';
import { createReadSignedIn } from './read-signed-in.js';
import type { SecondFactors } from './second-factor.js';
import type { SessionLife } from './session-life.js';
import type { Tenants } from './tenants.js';
import type { Tokens } from './tokens.js';

/**
 * Makes the function that turns an access token into a principal. The token proves who; what they may do is read from
 * the store each time, so a changed role or list, a disabled account, an ended session or a factor confirmed or removed
 * counts at once.
 *
 * @param deps.requireTotpFor kinds, and roles of employees as `employee:ROLE`, who must have a second factor; without a
 *   confirmed one, and without a provider's word for one in this session, their principal lacks it and has no permissions
 * @returns a function of the token (without `Bearer `) that throws SwaliError `AUTH_TOKEN_INVALID` where the token is
 *   not valid, its session has ended, was idle for too long or has expired, or its account or tenant is disabled or gone;
 *   `STORE_UNAVAILABLE`
 */
export function createAuthenticate(deps: {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly life: Pick<SessionLife, 'idleTtlS'>;
  readonly tenants: Pick<Tenants, 'isOpen'>;
  readonly secondFactors: Pick<SecondFactors, 'isConfirmed'>;
  readonly requireTotpFor: ReadonlySet<string>;
}): (token: string) => Promise<Principal> {
  const readSignedIn = createReadSignedIn(deps);
  return async (token) => {
    const { tenant, kind, accountId, session } = deps.tokens.verify(token);
    const signedIn = await readSignedIn({ id: session, tenant, kind, accountId });
    if (signedIn?.account.status !== 'active' || !(await deps.tenants.isOpen(signedIn.account.tenant))) {
      throw new SwaliError('AUTH_TOKEN_INVALID', {
        cause: new Error('the session has ended or expired, or the account or its tenant is disabled'),
      });
    }
    const { account, factorMet } = signedIn;
    const lacksSecondFactor =
      !factorMet && mustHaveFactor(account, deps.requireTotpFor) && !(await deps.secondFactors.isConfirmed(account));
    return principalOf(account, session, lacksSecondFactor);
  };
}

function mustHaveFactor({ kind, role }: Account, required: ReadonlySet<string>): boolean {
  return required.has(kind) || (role !== null && required.has(`${kind}:${role}`));
}
