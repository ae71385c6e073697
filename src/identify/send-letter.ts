import { describeSubject } from '../domain/access-event.js';
import { SwaliError } from '../errors/swali-error.js';
import type { AccessContext, AccessLog } from './access-log.js';
import type { Account } from './find-account.js';
import type { TokenPurpose } from './mailed-tokens.js';
import type { Letter, Outbox } from './outbox.js';

/** The event that tells what becomes of links of each purpose. */
const EVENTS = { invitation: 'invitation', reset: 'password' } as const;

/** Whom a letter goes to, and what for. */
export interface Sending {
  readonly purpose: TokenPurpose;
  readonly account: Pick<Account, 'tenant' | 'kind' | 'subject'>;
  readonly context: AccessContext;
}

/** Puts on record that a letter could not be sent. @throws SwaliError `AUDIT_UNAVAILABLE` */
export async function recordUnsent(audit: AccessLog, { purpose, account, context }: Sending): Promise<void> {
  // The tenant is the account's: who forgot a password is signed in nowhere.
  const who = describeSubject(account, { ...context, tenant: account.tenant });
  const about = { event: EVENTS[purpose], ...who, action: 'mail' as const };
  await audit.append({ ...about, decision: 'refused', code: 'MAIL_UNAVAILABLE' });
}

/**
 * Sends a letter and waits for it; a failure is on record.
 *
 * @param whatStands what is done already and stays, in words for whoever asked
 * @throws SwaliError `MAIL_UNAVAILABLE`, `AUDIT_UNAVAILABLE`
 */
export async function sendLetter(
  deps: { readonly outbox: Outbox; readonly audit: AccessLog },
  sending: Sending,
  letter: Letter,
  whatStands: string,
): Promise<void> {
  try {
    await deps.outbox.send(letter);
  } catch (error) {
    await recordUnsent(deps.audit, sending);
    const cause = error instanceof SwaliError ? (error.cause ?? error) : error;
    throw new SwaliError('MAIL_UNAVAILABLE', { detail: whatStands, cause });
  }
}

/** @throws SwaliError `MAIL_UNAVAILABLE` where no mail can be sent here, saying what to set */
export function assertOpen(outbox: Outbox): void {
  if (!outbox.isOpen) throw new SwaliError('MAIL_UNAVAILABLE', { detail: 'set SMTP_URL and MAIL_FROM' });
}
