import type { Clock } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { ACCOUNT_TABLES, endSessionsOf } from './accounts.js';
import { type Account, findAccount } from './find-account.js';
import type { HeldToken, MailedTokens, TokenPurpose } from './mailed-tokens.js';
import type { Passwords } from './passwords.js';
import { putOnRecord } from './put-on-record.js';
import type { SignInAttempts } from './sign-in-attempts.js';
import type { Tenants } from './tenants.js';

/**
 * Sets the password of the account that a mailed token is for, and uses the token up. Accepting an invitation makes the
 * account active. A reset ends its sessions: whoever opened them may have known the old password. Both end the waits of
 * failed sign-ins. Neither signs in, and neither touches the second factor: the password alone lets in nobody who has one.
 *
 * @throws SwaliError `AUTH_LINK_INVALID` alike for a token that is unknown, used, expired, ended by a newer one or of the
 *   other purpose, and for one of an account or tenant that is disabled; `IDENTITY_INPUT_INVALID` for a weak password, and then the
 *   token still works; `RATE_LIMITED` where too many wait, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
 */
export type SetPasswordByLink = (
  purpose: TokenPurpose,
  given: { readonly token: string; readonly password: string },
  context: AccessContext,
) => Promise<void>;

/** The status that an account must have, and what the record calls the act. */
const RULES = {
  invitation: { status: 'invited', act: { event: 'invitation', action: 'accept' } },
  reset: { status: 'active', act: { event: 'password', action: 'reset' } },
} as const satisfies Readonly<Record<TokenPurpose, object>>;

/** @param deps.audit where every attempt is written before its answer leaves */
export function createSetPasswordByLink(deps: {
  readonly store: Store;
  readonly tenants: Pick<Tenants, 'isOpen'>;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly mailedTokens: MailedTokens;
  readonly attempts: SignInAttempts;
  readonly audit: AccessLog;
}): SetPasswordByLink {
  const { store, tenants, passwords, clock, mailedTokens, attempts, audit } = deps;

  async function set(purpose: TokenPurpose, held: HeldToken, account: Account, password: string): Promise<void> {
    const { kind, id, identifier, customerNumber } = account;
    // Judged before the token is used up.
    const digest = await passwords.hash(password, [identifier, customerNumber ?? '']);
    await store.transaction(async (db) => {
      if (!(await mailedTokens.use(db, held))) refuse('it was used meanwhile');
      const { numUpdatedRows } = await db
        .updateTable(ACCOUNT_TABLES[kind])
        .set({ password_hash: digest, status: 'active' })
        .where('id', '=', id)
        .where('status', '=', RULES[purpose].status)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) refuse('the account has changed meanwhile');
      await endSessionsOf(db, account, clock(), 'reset');
    });
    // The password stands; whoever must still wait only waits.
    await attempts.clear(account).catch(() => undefined);
  }

  return async (purpose, { token, password }, { requestId, address, userAgent }) => {
    const { status, act } = RULES[purpose];
    const held = await mailedTokens.read(purpose, token);
    const account = held ? await findAccount(store, held.owner.kind, { id: held.owner.id }) : null;
    const about = {
      requestId,
      address,
      userAgent,
      tenant: account?.tenant ?? null,
      subject: account?.subject ?? null,
      kind: account?.kind ?? null,
    };
    await putOnRecord(audit, { ...act, ...about }, async () => {
      if (!held || !account) refuse('unknown');
      if (!held.works) refuse('used or expired');
      if (account.status !== status) refuse(`the account is ${account.status}`);
      if (!(await tenants.isOpen(account.tenant))) refuse('its tenant is closed');
      await set(purpose, held, account, password);
    });
  };
}

function refuse(why: string): never {
  throw new SwaliError('AUTH_LINK_INVALID', { cause: new Error(`link: ${why}`) });
}
