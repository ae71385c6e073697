import { describeSubject } from '../domain/access-event.js';
import { SwaliError } from '../errors/swali-error.js';
import type { AccessContext, AccessLog } from './access-log.js';
import type { Account } from './find-account.js';
import type { SecondFactors } from './second-factor.js';

/** Why the second factor lets an account not in; null where it does, or where there is none. */
export type JudgeSecondFactor = (
  account: Account,
  totp: string | null,
  context: AccessContext,
) => Promise<SwaliError | null>;

/**
 * Makes the last step of every way in: the code of the second factor, where the account has a confirmed one. Each code
 * that is looked at is on record.
 *
 * @returns a function that gives `AUTH_SECOND_FACTOR_REQUIRED` where only the code is missing, `AUTH_CREDENTIALS_WRONG` for
 *   a wrong one, and what the factor itself throws; it throws SwaliError `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
 */
export function createJudgeSecondFactor({
  secondFactors,
  audit,
}: {
  readonly secondFactors: SecondFactors;
  readonly audit: AccessLog;
}): JudgeSecondFactor {
  return async (account, totp, context) => {
    if (!(await secondFactors.isConfirmed(account))) return null;
    if (totp === null) return new SwaliError('AUTH_SECOND_FACTOR_REQUIRED');
    const fault = await secondFactors.verify(account, totp).then(
      (right) => (right ? null : new SwaliError('AUTH_CREDENTIALS_WRONG')),
      (error: unknown) => (error instanceof SwaliError ? error : new SwaliError('INTERNAL', { cause: error })),
    );
    await audit.append({
      event: 'second-factor',
      ...describeSubject(account, context),
      action: 'verify',
      decision: fault ? 'refused' : 'accepted',
      code: fault?.code ?? null,
    });
    return fault;
  };
}
