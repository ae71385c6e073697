import type { PrincipalKind } from '../domain/principal.js';
import type { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { type Account, findAccount } from './find-account.js';
import { type Letters, readMailAddress } from './letters.js';
import type { MailedTokens } from './mailed-tokens.js';
import type { Outbox } from './outbox.js';
import { NO_PASSWORD } from './passwords.js';
import { assertOpen, recordUnsent } from './send-letter.js';
import type { Tenants } from './tenants.js';

/**
 * Mails a link by which a new password can be set to whoever has forgotten theirs. Whether there is such an account shows
 * neither in the answer nor in its time: the store has the same work for known and unknown ones, and the mail is sent
 * after. No more than three an hour for one account: what is over that, and what is asked for an account that is unknown,
 * disabled, only invited, signed in by a provider alone or without an e-mail address, sends nothing and says nothing, but is on record.
 *
 * @param identifier as typed
 * @param context its tenant is the one to look in
 * @throws SwaliError `MAIL_UNAVAILABLE` where no mail can be sent here at all, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
 */
export type ForgotPassword = (kind: PrincipalKind, identifier: string, context: AccessContext) => Promise<void>;

/**
 * @param deps.audit where every request is written before its answer leaves
 * @param deps.lateAudit where mail that could not be sent is written, after that
 */
export function createForgotPassword(deps: {
  readonly store: Store;
  readonly tenants: Pick<Tenants, 'isOpen'>;
  readonly mailedTokens: MailedTokens;
  readonly letters: Letters;
  readonly outbox: Outbox;
  readonly audit: AccessLog;
  readonly lateAudit: AccessLog;
}): ForgotPassword {
  const { store, tenants, mailedTokens, letters, outbox, audit } = deps;
  return async (kind, identifier, context) => {
    const { requestId, address, userAgent, tenant } = context;
    const about = {
      event: 'password' as const,
      requestId,
      address,
      userAgent,
      tenant,
      kind,
      action: 'request' as const,
    };
    if (!outbox.isOpen) await audit.append({ ...about, subject: null, decision: 'refused', code: 'MAIL_UNAVAILABLE' });
    assertOpen(outbox);
    const account = await findAccount(store, kind, { tenant, identifier });
    const isOpen = await tenants.isOpen(tenant);
    const fault = isOpen ? findFault(account) : 'AUTH_LINK_INVALID';
    const token = await mailedTokens.issueSparingly('reset', { tenant, kind }, fault === null ? account : null);
    const code = fault ?? (token === null ? 'RATE_LIMITED' : null);
    const decision = code === null ? 'accepted' : 'refused';
    await audit.append({ ...about, subject: account?.subject ?? null, decision, code });
    if (account === null || token === null) return;
    outbox.sendLater(letters.write('reset', account, token), () =>
      recordUnsent(deps.lateAudit, { purpose: 'reset', account, context }),
    );
  };
}

/** Why an account gets no link, as a code for the record; null where it gets one. */
function findFault(account: Account | null): SwaliError['code'] | null {
  if (!account) return 'IDENTITY_UNKNOWN';
  if (account.status !== 'active') return 'AUTH_LINK_INVALID';
  // Whom a provider alone signs in must not get around it by a mail.
  if (account.passwordHash === NO_PASSWORD) return 'AUTH_LINK_INVALID';
  return readMailAddress(account.identifier) === null ? 'IDENTITY_INPUT_INVALID' : null;
}
