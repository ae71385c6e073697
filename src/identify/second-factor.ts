import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/ports.js';
import { toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { isDuplicateKey } from '../store/store-error.js';
import { takeTry } from './code-tries.js';
import type { Account } from './find-account.js';
import { digestRecoveryCode, makeRecoveryCode, RECOVERY_CODES } from './recovery-codes.js';
import type { SeedCipher } from './seed-cipher.js';
import { describeTotp, findTotpStep, isTotpCode, TOTP_SEED_BYTES, type TotpSetup } from './totp.js';

/** Whose factor it is. */
export type FactorOwner = Pick<Account, 'tenant' | 'kind' | 'id' | 'subject'>;

/** How an account stands. */
export interface FactorStatus {
  /** Whether a factor is in force. */
  readonly confirmed: boolean;
  readonly recoveryCodesLeft: number;
}

/**
 * Time-based codes (RFC 6238) as second factors. Says nothing to the audit log, and asks for no step-up: its callers do.
 * Every method also throws SwaliError `STORE_UNAVAILABLE`.
 */
export interface SecondFactors {
  readStatus(owner: FactorOwner): Promise<FactorStatus>;
  isConfirmed(owner: FactorOwner): Promise<boolean>;
  /**
   * Draws a new seed. It is not in force until {@link SecondFactors.confirm}; a factor that is stays so until then.
   *
   * @param replaces whether the owner has just proven the factor in force. Decided again where it is written, so that a
   *   factor which is confirmed meanwhile is not replaced without proof
   * @throws SwaliError `AUTH_SECOND_FACTOR_REQUIRED` where one is in force after all, `AUTH_SECOND_FACTOR_ABSENT` where
   *   none is any more
   */
  enrol(owner: FactorOwner & Pick<Account, 'identifier'>, replaces: boolean): Promise<TotpSetup>;
  /**
   * Puts the new seed in force, with new recovery codes.
   *
   * @returns the recovery codes, which are never shown again; null where the code is wrong
   * @throws SwaliError `AUTH_SECOND_FACTOR_ABSENT` where no seed waits, `RATE_LIMITED` after wrong codes
   */
  confirm(owner: FactorOwner, code: string): Promise<readonly string[] | null>;
  /**
   * Whether a code is right: one of the app, or a recovery code. Each counts once, also where it comes twice at once.
   *
   * @throws SwaliError `AUTH_SECOND_FACTOR_ABSENT` where no factor is in force, `RATE_LIMITED` after wrong codes,
   *   `INTERNAL` where the seed cannot be decrypted (recovery codes still work then)
   */
  verify(owner: FactorOwner, code: string): Promise<boolean>;
  /** Draws new recovery codes; the old ones end. @throws SwaliError `AUTH_SECOND_FACTOR_ABSENT` */
  drawRecoveryCodes(owner: FactorOwner): Promise<readonly string[]>;
  /** Removes the factor, one that waits, and the recovery codes. */
  remove(owner: FactorOwner): Promise<void>;
}

/** @param deps.randomBytes source of randomness */
export function createSecondFactors(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly cipher: SeedCipher;
  readonly randomBytes?: (size: number) => Buffer;
}): SecondFactors {
  const { store, clock, cipher } = deps;
  const random = deps.randomBytes ?? randomBytes;

  /** In the caller's transaction. */
  async function replaceRecoveryCodes(
    db: StoreDatabase,
    { tenant, kind, id }: FactorOwner,
  ): Promise<readonly string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, () => makeRecoveryCode(random));
    const account = { tenant: toTenantColumn(tenant), kind, account_id: id };
    const rows = codes.map((code) => ({ ...account, digest: digestRecoveryCode(code), used_at: null }));
    await db.deleteFrom('recovery_codes').where('kind', '=', kind).where('account_id', '=', id).execute();
    await db.insertInto('recovery_codes').values(rows).execute();
    return codes;
  }

  /** Whoever raises the step first has the code; the count decides between two that come at once. */
  async function useStep({ kind, id }: FactorOwner, secret: string, step: number): Promise<boolean> {
    const { numUpdatedRows } = await store.run((db) =>
      db
        .updateTable('second_factors')
        .set({ last_step: step, ...NO_WRONG_CODES })
        .where('kind', '=', kind)
        .where('account_id', '=', id)
        .where('secret', '=', secret)
        .where('last_step', '<', step)
        .executeTakeFirst(),
    );
    return numUpdatedRows === 1n;
  }

  /**
   * What stands in the place of a text that was just read, where that is the same seed, sealed anew with another key of the
   * ring in this very moment. @returns null where it is not
   */
  async function findSealedAnew(
    { kind, id, subject }: FactorOwner,
    column: 'secret' | 'pending_secret',
    text: string,
  ): Promise<string | null> {
    const row = await store.run((db) =>
      db
        .selectFrom('second_factors')
        .select(column)
        .where('kind', '=', kind)
        .where('account_id', '=', id)
        .executeTakeFirst(),
    );
    const now = row?.[column] ?? null;
    if (now === null || now === text) return null;
    return cipher.decrypt(now, subject).equals(cipher.decrypt(text, subject)) ? now : null;
  }

  async function putInForce(owner: FactorOwner, pending: string, step: number, now: number) {
    return store.transaction(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('second_factors')
        .set({ secret: pending, pending_secret: null, confirmed_at: now, last_step: step, ...NO_WRONG_CODES })
        .where('kind', '=', owner.kind)
        .where('account_id', '=', owner.id)
        .where('pending_secret', '=', pending)
        .executeTakeFirst();
      return numUpdatedRows === 1n ? replaceRecoveryCodes(db, owner) : null;
    });
  }

  async function useRecoveryCode({ kind, id }: FactorOwner, code: string): Promise<boolean> {
    return store.transaction(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('recovery_codes')
        .set({ used_at: clock() })
        .where('kind', '=', kind)
        .where('account_id', '=', id)
        .where('digest', '=', digestRecoveryCode(code))
        .where('used_at', 'is', null)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) return false;
      await db
        .updateTable('second_factors')
        .set(NO_WRONG_CODES)
        .where('kind', '=', kind)
        .where('account_id', '=', id)
        .execute();
      return true;
    });
  }

  return Object.freeze({
    async readStatus({ kind, id }) {
      return store.run(async (db) => {
        const left = await db
          .selectFrom('recovery_codes')
          .select('digest')
          .where('kind', '=', kind)
          .where('account_id', '=', id)
          .where('used_at', 'is', null)
          .execute();
        return { confirmed: await isInForce(db, kind, id), recoveryCodesLeft: left.length };
      });
    },

    isConfirmed: ({ kind, id }) => store.run((db) => isInForce(db, kind, id)),

    async enrol(owner, replaces) {
      const seed = random(TOTP_SEED_BYTES);
      const pending = cipher.encrypt(seed, owner.subject);
      const renew = () => store.run((db) => renewPending(db, owner, pending, replaces));
      // Renewed once more, for where another enrolment has just added the row.
      const kept =
        (await renew()) || (!replaces && ((await addFactor(store, owner, pending, clock())) || (await renew())));
      if (!kept) throw new SwaliError(replaces ? 'AUTH_SECOND_FACTOR_ABSENT' : 'AUTH_SECOND_FACTOR_REQUIRED');
      return describeTotp(seed, owner.identifier);
    },

    async confirm(owner, code) {
      const pending = await takeTry(store, clock, owner, 'pending_secret');
      if (pending === null) throw new SwaliError('AUTH_SECOND_FACTOR_ABSENT');
      const now = clock();
      const step = findTotpStep(cipher.decrypt(pending, owner.subject), strip(code), now);
      if (step === null) return null;
      const codes = await putInForce(owner, pending, step, now);
      if (codes) return codes;
      const anew = await findSealedAnew(owner, 'pending_secret', pending);
      return anew === null ? null : putInForce(owner, anew, step, now);
    },

    async verify(owner, code) {
      const secret = await takeTry(store, clock, owner, 'secret');
      if (secret === null) throw new SwaliError('AUTH_SECOND_FACTOR_ABSENT');
      const typed = strip(code);
      if (!isTotpCode(typed)) return useRecoveryCode(owner, typed);
      const step = findTotpStep(cipher.decrypt(secret, owner.subject), typed, clock());
      if (step === null) return false;
      if (await useStep(owner, secret, step)) return true;
      const anew = await findSealedAnew(owner, 'secret', secret);
      return anew !== null && useStep(owner, anew, step);
    },

    drawRecoveryCodes: (owner) =>
      store.transaction(async (db) => {
        if (!(await isInForce(db, owner.kind, owner.id))) throw new SwaliError('AUTH_SECOND_FACTOR_ABSENT');
        return replaceRecoveryCodes(db, owner);
      }),

    remove: ({ kind, id }) =>
      store.transaction(async (db) => {
        await db.deleteFrom('second_factors').where('kind', '=', kind).where('account_id', '=', id).execute();
        await db.deleteFrom('recovery_codes').where('kind', '=', kind).where('account_id', '=', id).execute();
      }),
  } satisfies SecondFactors);
}

/** After a right code. */
const NO_WRONG_CODES = { wrong_codes: 0, locked_until: 0 } as const;

/** Blanks and dashes are how codes are shown, not what they are. */
function strip(code: string): string {
  return code.replaceAll(/[\s-]/g, '');
}

async function isInForce(db: StoreDatabase, kind: Account['kind'], id: number): Promise<boolean> {
  const row = await db
    .selectFrom('second_factors')
    .select('kind')
    .where('kind', '=', kind)
    .where('account_id', '=', id)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst();
  return row !== undefined;
}

/** @returns false where there is no row that stands as it was said to */
async function renewPending(
  db: StoreDatabase,
  { kind, id }: FactorOwner,
  pending: string,
  replaces: boolean,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('second_factors')
    .set({ pending_secret: pending })
    .where('kind', '=', kind)
    .where('account_id', '=', id)
    .where('confirmed_at', replaces ? 'is not' : 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** @returns false where the account has a row already */
async function addFactor(
  store: Store,
  { tenant, kind, id }: FactorOwner,
  pending: string,
  createdAt: number,
): Promise<boolean> {
  const row = {
    tenant: toTenantColumn(tenant),
    kind,
    account_id: id,
    secret: null,
    pending_secret: pending,
    confirmed_at: null,
    last_step: 0,
    wrong_codes: 0,
    locked_until: 0,
    created_at: createdAt,
  };
  try {
    await store.run((db) => db.insertInto('second_factors').values(row).execute());
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}
