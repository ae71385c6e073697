import { describeSubject } from '../domain/access-event.js';
import type { Clock } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { type AccountDetails, addInvitedAccount, DEFAULT_ROLE } from './accounts.js';
import { assertManages } from './assert-manages.js';
import { type Account, findAccount } from './find-account.js';
import { type Letters, readMailAddress } from './letters.js';
import type { MailedTokens } from './mailed-tokens.js';
import { describeForAudit, type ManagedAccount, readAccount } from './managed-account.js';
import type { Outbox } from './outbox.js';
import type { Passwords } from './passwords.js';
import { type Attempt, putOnRecord } from './put-on-record.js';
import { assertOpen, sendLetter } from './send-letter.js';

/** An account that was invited. */
export interface Invited {
  readonly account: ManagedAccount;
  /** False where the account was invited before, and only has a new link now. */
  readonly isNew: boolean;
}

/** The details of a new account as whoever invites it states them: it is of their tenant. */
export type StatedDetails = Omit<AccountDetails, 'tenant'>;

/**
 * Makes an account that nobody can sign in to, and mails a link by which its owner sets the password. One that is still
 * invited gets a new link and stays as it is otherwise; the old link ends. Who may do it is who may make the account.
 *
 * @throws SwaliError `AUTH_PERMISSION_MISSING`, `IDENTITY_INPUT_INVALID` for what no account may have and where it has no
 *   e-mail address, `IDENTITY_EXISTS` for an account that is not only invited, `MAIL_UNAVAILABLE` where no mail can be
 *   sent at all (nothing is made then) and where this one was not (the account stays invited), `AUDIT_UNAVAILABLE`,
 *   `STORE_UNAVAILABLE`
 */
export type Invite = (actor: Principal, account: StatedDetails, context: AccessContext) => Promise<Invited>;

type AccountAttempt = Extract<Attempt, { readonly event: 'account' }>;

/**
 * @param deps.audit where the act is written before its answer leaves
 * @param deps.lateAudit where mail that could not be sent is written, after that
 */
export function createInvite(deps: {
  readonly store: Store;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly mailedTokens: MailedTokens;
  readonly letters: Letters;
  readonly outbox: Outbox;
  readonly audit: AccessLog;
  readonly lateAudit: AccessLog;
}): Invite {
  const { store, mailedTokens, letters, outbox } = deps;

  async function make(details: AccountDetails): Promise<{ id: number; token: string; isNew: true }> {
    const { id, result: token } = await addInvitedAccount(deps, details, (db, owner) =>
      mailedTokens.issue(db, 'invitation', owner),
    );
    return { id, token, isNew: true };
  }

  async function renew(actor: Principal, there: Account): Promise<{ id: number; token: string; isNew: false }> {
    assertManages(actor, there.kind, there.role);
    if (there.status !== 'invited') throw new SwaliError('IDENTITY_EXISTS');
    const token = await store.transaction((db) => mailedTokens.issue(db, 'invitation', there));
    return { id: there.id, token, isNew: false };
  }

  async function prepare(actor: Principal, stated: StatedDetails) {
    const { kind } = stated;
    const { tenant } = actor;
    const details = { ...stated, tenant };
    assertManages(actor, kind, details.role ?? DEFAULT_ROLE);
    assertOpen(outbox);
    const to = readMailAddress(details.identifier);
    if (to === null)
      throw new SwaliError('IDENTITY_INPUT_INVALID', { detail: 'only accounts with an e-mail address can be invited' });
    const there = await findAccount(store, kind, { tenant, identifier: to });
    const { id, token, isNew } = there ? await renew(actor, there) : await make(details);
    const account = await store.run((db) => readAccount(db, tenant, kind, id));
    return { account, isNew, letter: letters.write('invitation', { tenant, identifier: to }, token) };
  }

  return async (actor, details, context) => {
    const about = { ...describeSubject(actor, context), action: 'invite' as const };
    const attempt: AccountAttempt = { event: 'account', ...about, target: null, before: null, after: null };
    const { account, isNew, letter } = await putOnRecord(
      deps.audit,
      attempt,
      () => prepare(actor, details),
      (made) => ({ target: made.account.subject, after: made.isNew ? describeForAudit(made.account) : null }),
    );
    const sending = { purpose: 'invitation', account, context } as const;
    const whatStands = 'the account is invited; invite it again to send the link';
    await sendLetter({ outbox, audit: deps.lateAudit }, sending, letter, whatStands);
    return { account, isNew };
  };
}
