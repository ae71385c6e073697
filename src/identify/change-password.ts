import { describeSubject } from '../domain/access-event.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { readAccountId } from './account-id.js';
import { ACCOUNT_TABLES } from './accounts.js';
import { demandPassword } from './demand-password.js';
import { findAccount } from './find-account.js';
import type { Passwords } from './passwords.js';
import { putOnRecord } from './put-on-record.js';
import type { Sessions } from './sessions.js';
import type { SignInAttempts } from './sign-in-attempts.js';

/**
 * Changes the password of the account that asks, for who knows the present one. Ends its other sessions: whoever opened
 * them may have known the old password. A wrong present password counts as a failed sign-in does.
 *
 * @throws SwaliError `AUTH_CREDENTIALS_WRONG` for a wrong present password, `RATE_LIMITED` after failures,
 *   `IDENTITY_INPUT_INVALID` for a weak new one and for the present one over again, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
 */
export type ChangePassword = (
  principal: Principal,
  passwords: { readonly present: string; readonly next: string },
  context: AccessContext,
) => Promise<void>;

/** @param deps.audit where every attempt is written before its answer leaves */
export function createChangePassword(deps: {
  readonly store: Store;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly attempts: SignInAttempts;
  readonly audit: AccessLog;
}): ChangePassword {
  const { store, passwords, sessions, attempts, audit } = deps;

  async function change(principal: Principal, present: string, next: string, address: string): Promise<void> {
    const { kind, subject } = principal;
    const id = readAccountId(kind, subject);
    const account = await findAccount(store, kind, { id });
    if (!account) throw new SwaliError('AUTH_TOKEN_INVALID', { cause: new Error('the account is gone') });
    await demandPassword({ passwords, attempts }, account, present, address);
    if (await passwords.matches(next, account.passwordHash))
      throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: 'the new password is the present one' });
    const digest = await passwords.hash(next, [account.identifier, account.customerNumber ?? '']);
    // Whoever changed it meanwhile was first.
    const { numUpdatedRows } = await store.run((db) =>
      db
        .updateTable(ACCOUNT_TABLES[kind])
        .set({ password_hash: digest })
        .where('id', '=', id)
        .where('password_hash', '=', account.passwordHash)
        .executeTakeFirst(),
    );
    if (numUpdatedRows !== 1n) throw new SwaliError('AUTH_CREDENTIALS_WRONG');
    await sessions.endAll({ tenant: account.tenant, kind, accountId: id }, principal.session ?? undefined);
  }

  return async (principal, { present, next }, context) => {
    const attempt = {
      event: 'password' as const,
      ...describeSubject(principal, context),
      action: 'change' as const,
    };
    await putOnRecord(audit, attempt, () => change(principal, present, next, context.address));
  };
}
