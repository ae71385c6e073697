import { describeSubject } from '../domain/access-event.js';
import type { Principal, PrincipalKind } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { assertManages } from './assert-manages.js';
import { type Account, findAccount } from './find-account.js';
import { type Letters, readMailAddress } from './letters.js';
import type { MailedTokens } from './mailed-tokens.js';
import type { Letter, Outbox } from './outbox.js';
import { NO_PASSWORD } from './passwords.js';
import { putOnRecord } from './put-on-record.js';
import { assertOpen, sendLetter } from './send-letter.js';

/**
 * Sends an account a link by which a new password can be set, for those who manage it. The present password stays until
 * the link is used; older links end.
 *
 * @returns the account
 * @throws SwaliError `AUTH_PERMISSION_MISSING`, `IDENTITY_UNKNOWN`, `IDENTITY_INPUT_INVALID` where the account is not
 *   active or has no e-mail address, `MAIL_UNAVAILABLE`, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
 */
export type SendPasswordReset = (
  actor: Principal,
  kind: PrincipalKind,
  id: number,
  context: AccessContext,
) => Promise<Account>;

/** @param deps.audit where the act is written before its answer leaves */
export function createSendPasswordReset(deps: {
  readonly store: Store;
  readonly mailedTokens: MailedTokens;
  readonly letters: Letters;
  readonly outbox: Outbox;
  readonly audit: AccessLog;
}): SendPasswordReset {
  const { store, mailedTokens, letters, outbox, audit } = deps;

  async function prepare(
    actor: Principal,
    kind: PrincipalKind,
    id: number,
  ): Promise<{ readonly account: Account; readonly letter: Letter }> {
    assertManages(actor, kind);
    assertOpen(outbox);
    const account = await findAccount(store, kind, { id });
    if (account?.tenant !== actor.tenant) throw new SwaliError('IDENTITY_UNKNOWN');
    assertManages(actor, kind, account.role);
    const to = readMailAddress(account.identifier);
    if (to === null) invalid('the account has no e-mail address');
    if (account.status === 'invited') invalid('the account has not accepted its invitation; invite it again');
    if (account.status !== 'active') invalid('the account is disabled');
    if (account.passwordHash === NO_PASSWORD) invalid('the account signs in by its provider, and has no password');
    const token = await store.transaction((db) => mailedTokens.issue(db, 'reset', account));
    return { account, letter: letters.write('reset', { ...account, identifier: to }, token) };
  }

  return async (actor, kind, id, context) => {
    const attempt = {
      event: 'account' as const,
      ...describeSubject(actor, context),
      target: `${kind}:${id}`,
      action: 'reset-password' as const,
      before: null,
      after: null,
    };
    const { account, letter } = await putOnRecord(audit, attempt, () => prepare(actor, kind, id));
    const sending = { purpose: 'reset', account, context } as const;
    await sendLetter({ outbox, audit }, sending, letter, 'the present password still holds');
    return account;
  };
}

function invalid(detail: string): never {
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail });
}
