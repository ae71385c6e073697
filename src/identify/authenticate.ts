import type { Clock } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import { principalOf } from './principal-of.js';
import { createReadSignedIn } from './read-signed-in.js';
import type { SessionLife } from './session-life.js';
import type { Tokens } from './tokens.js';

/**
 * Makes the function that turns an access token into a principal. The token proves who; what they may do is read from
 * the store each time, so a changed role or list, a disabled account or an ended session counts at once.
 *
 * @returns a function of the token (without `Bearer `) that throws SwaliError `AUTH_TOKEN_INVALID` where the token is
 *   not valid, its session has ended, was idle for too long or has expired, or its account is disabled or gone;
 *   `STORE_UNAVAILABLE`
 */
export function createAuthenticate(deps: {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly life: Pick<SessionLife, 'idleTtlS'>;
}): (token: string) => Promise<Principal> {
  const readSignedIn = createReadSignedIn(deps);
  return async (token) => {
    const { kind, accountId, session } = deps.tokens.verify(token);
    const account = await readSignedIn({ id: session, kind, accountId });
    if (account?.status !== 'active') {
      throw new SwaliError('AUTH_TOKEN_INVALID', {
        cause: new Error('the session has ended or expired, or the account is disabled'),
      });
    }
    return principalOf(account, session);
  };
}
