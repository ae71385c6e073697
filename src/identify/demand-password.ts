import { SwaliError } from '../errors/swali-error.js';
import type { Account } from './find-account.js';
import type { Passwords } from './passwords.js';
import type { SignInAttempts } from './sign-in-attempts.js';

/** What comparing a password of somebody who is signed in stands on. */
export interface DemandPasswordDeps {
  readonly passwords: Passwords;
  readonly attempts: SignInAttempts;
}

/**
 * Makes sure that whoever asks knows the account's present password. A wrong one counts as a failed sign-in does, so that
 * a stolen token is no way to guess it.
 *
 * @param address of the caller
 * @throws SwaliError `AUTH_CREDENTIALS_WRONG` for a wrong one, `RATE_LIMITED` after failures, `STORE_UNAVAILABLE`
 */
export async function demandPassword(
  { passwords, attempts }: DemandPasswordDeps,
  account: Account,
  password: string,
  address: string,
): Promise<void> {
  const tried = await attempts.begin(account, account.identifier, address);
  if (tried.waitS > 0) throw new SwaliError('RATE_LIMITED', { retryAfterS: tried.waitS });
  const matches = await passwords
    .matches(password, account.passwordHash)
    .catch((error: unknown) => tried.withdraw().then(() => Promise.reject(error)));
  if (!matches) {
    await tried.fail();
    throw new SwaliError('AUTH_CREDENTIALS_WRONG');
  }
  await tried.withdraw();
}
