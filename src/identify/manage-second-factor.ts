import type { AccessEvent } from '../domain/access-event.js';
import { describeSubject } from '../domain/access-event.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { readAccountId } from './account-id.js';
import { type Account, findAccount } from './find-account.js';
import { putOnRecord } from './put-on-record.js';
import type { FactorStatus, SecondFactors } from './second-factor.js';
import type { TotpSetup } from './totp.js';

/**
 * What signed-in accounts do with their own second factor. Whatever changes a factor in force needs a fresh code of it, or
 * a recovery code: a stolen access token is not enough. Each attempt is on record before it is answered, without codes.
 *
 * Every method also throws SwaliError `STORE_UNAVAILABLE`, those with a context `AUDIT_UNAVAILABLE`; and where a code is
 * looked at `AUTH_SECOND_FACTOR_WRONG`, or `RATE_LIMITED` after wrong ones.
 */
export interface ManageSecondFactor {
  readStatus(principal: Principal): Promise<FactorStatus>;
  /**
   * Draws a new seed, which {@link ManageSecondFactor.confirm} puts in force.
   *
   * @param code of the factor in force; null where there is none
   * @throws SwaliError `AUTH_SECOND_FACTOR_REQUIRED` where one is in force and no code was given
   */
  enrol(principal: Principal, code: string | null, context: AccessContext): Promise<TotpSetup>;
  /**
   * @param code of the new seed
   * @returns recovery codes, which are never shown again
   * @throws SwaliError `AUTH_SECOND_FACTOR_ABSENT` where no seed waits
   */
  confirm(principal: Principal, code: string, context: AccessContext): Promise<readonly string[]>;
  /** Draws new recovery codes; the old ones end. @throws SwaliError `AUTH_SECOND_FACTOR_ABSENT` where none is in force */
  drawRecoveryCodes(principal: Principal, code: string, context: AccessContext): Promise<readonly string[]>;
  /** @throws SwaliError `AUTH_SECOND_FACTOR_ABSENT` where none is in force */
  remove(principal: Principal, code: string, context: AccessContext): Promise<void>;
}

type FactorAction = Extract<AccessEvent, { event: 'second-factor' }>['action'];

/** @param deps.audit where every attempt is written before its answer leaves */
export function createManageSecondFactor(deps: {
  readonly store: Store;
  readonly secondFactors: SecondFactors;
  readonly audit: AccessLog;
}): ManageSecondFactor {
  const { store, secondFactors, audit } = deps;

  async function readAccount({ kind, subject }: Principal): Promise<Account> {
    const account = await findAccount(store, kind, { id: readAccountId(kind, subject) });
    // It was there when the token was read; whoever is gone since has no factor to manage.
    if (!account) throw new SwaliError('AUTH_TOKEN_INVALID');
    return account;
  }

  /** Does the work for the account and puts on record what came of it. */
  function recorded<T>(
    action: FactorAction,
    principal: Principal,
    context: AccessContext,
    work: (account: Account) => Promise<T>,
  ): Promise<T> {
    const attempt = { event: 'second-factor' as const, ...describeSubject(principal, context), action };
    return putOnRecord(audit, attempt, async () => work(await readAccount(principal)));
  }

  async function demandCode(account: Account, code: string): Promise<void> {
    if (!(await secondFactors.verify(account, code))) throw new SwaliError('AUTH_SECOND_FACTOR_WRONG');
  }

  return Object.freeze({
    readStatus: async (principal) => secondFactors.readStatus(await readAccount(principal)),

    enrol: (principal, code, context) =>
      recorded('enrol', principal, context, async (account) => {
        const replaces = await secondFactors.isConfirmed(account);
        if (replaces && code === null) throw new SwaliError('AUTH_SECOND_FACTOR_REQUIRED');
        if (replaces && code !== null) await demandCode(account, code);
        return secondFactors.enrol(account, replaces);
      }),

    confirm: (principal, code, context) =>
      recorded('confirm', principal, context, async (account) => {
        const recoveryCodes = await secondFactors.confirm(account, code);
        if (!recoveryCodes) throw new SwaliError('AUTH_SECOND_FACTOR_WRONG');
        return recoveryCodes;
      }),

    drawRecoveryCodes: (principal, code, context) =>
      recorded('recovery-codes', principal, context, async (account) => {
        await demandCode(account, code);
        return secondFactors.drawRecoveryCodes(account);
      }),

    remove: (principal, code, context) =>
      recorded('remove', principal, context, async (account) => {
        await demandCode(account, code);
        await secondFactors.remove(account);
      }),
  } satisfies ManageSecondFactor);
}
