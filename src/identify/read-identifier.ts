import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import { readAccountId } from './account-id.js';
import { findAccount } from './find-account.js';

/**
 * Makes the function that tells an account what it signs in with.
 *
 * @returns a function that throws SwaliError `AUTH_TOKEN_INVALID` where the account is gone, `STORE_UNAVAILABLE`
 */
export function createReadIdentifier(store: Store): (principal: Principal) => Promise<string> {
  return async ({ kind, subject }) => {
    const account = await findAccount(store, kind, { id: readAccountId(kind, subject) });
    if (!account) throw new SwaliError('AUTH_TOKEN_INVALID', { cause: new Error('the account is gone') });
    return account.identifier;
  };
}
