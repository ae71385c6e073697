import { describeSubject } from '../domain/access-event.js';
import type { Clock } from '../domain/ports.js';
import type { Principal, PrincipalKind } from '../domain/principal.js';
import { toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { KeyRing } from '../store/key-ring.js';
import { eraseReportsOf } from '../store/sealed-reports.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { isDuplicateKey } from '../store/store-error.js';
import { destroySubjectKey } from '../store/subject-key-rows.js';
import type { AccountStatus } from '../store/tables.js';
import { forgetQuestions, type KeptTurn, readQuestions } from '../store/turn-rows.js';
import type { AccessContext, AccessLog } from './access-log.js';
import { readAccountId } from './account-id.js';
import {
  ACCOUNT_TABLES,
  addAccount,
  checkAllowTables,
  checkClaims,
  checkRole,
  checkTier,
  DEFAULT_ROLE,
  type NewAccount,
  shutOut,
} from './accounts.js';
import { assertManages, assertOther } from './assert-manages.js';
import { noteErasure } from './erasures.js';
import { type ExternalIdentity, forgetIdentities, readIdentities } from './external-identities.js';
import { findAccount } from './find-account.js';
import { normaliseIdentifier, parseCustomerNumber } from './identifiers.js';
import {
  describeDifference,
  describeForAudit,
  type ManagedAccount,
  readAccount,
  readAccounts,
  writeAccount,
} from './managed-account.js';
import { readGroupNames } from './managed-group.js';
import { eraseModelUse, type ModelUse, readModelUse } from './model-budget.js';
import type { Passwords } from './passwords.js';
import { forgetPromoter, type PromotedByThem, readPromotedBy } from './promoted-questions.js';
import { type Attempt, putOnRecord } from './put-on-record.js';

/** What may change of an account; what is absent stays. */
export interface AccountChange {
  readonly status?: AccountStatus;
  readonly tier?: string;
  readonly claims?: Readonly<Record<string, string | number>>;
  /** Employees only. */
  readonly role?: string;
  /** Employees only. */
  readonly allowTables?: readonly string[];
  /** Customers only; null takes it away. */
  readonly customerNumber?: string | null;
}

/** All that is kept of a person beside the audit log, which is read where both meet. */
export interface PersonalData {
  readonly account: ManagedAccount;
  /** Names of the groups that an employee is in. */
  readonly groups: readonly string[];
  /** Oldest day first. */
  readonly modelUse: readonly ModelUse[];
  /** Questions that they promoted to verified ones. */
  readonly verified: readonly PromotedByThem[];
  /** Oldest first. */
  readonly questions: readonly KeptTurn[];
  readonly sessions: readonly {
    readonly id: string;
    readonly address: string;
    readonly createdAt: number;
    readonly endedAt: number | null;
    readonly endedBy: string | null;
  }[];
  /** Links that were mailed to them and are not forgotten yet. */
  readonly mailedLinks: readonly {
    readonly purpose: string;
    readonly createdAt: number;
    readonly expiresAt: number;
    readonly usedAt: number | null;
  }[];
  /** Whom providers of single sign-on know the person as. */
  readonly identities: readonly ExternalIdentity[];
}

/** A new account as its maker states it: it is of the maker's tenant. */
export type StatedAccount = Omit<NewAccount, 'tenant'>;

/**
 * Manages accounts for those with `users:manage`, within their own tenant: those of others are unknown to them. Every act is on record before its answer leaves.
 *
 * Admins manage everyone. Employees manage customers, and employees of roles up to their own, to whom they give no higher
 * one; admins are none of theirs. Nobody changes or erases their own account: a right that one takes from oneself, or gives
 * oneself, is another's to judge.
 */
export interface AccountManager {
  /**
   * @param page.after accounts with a larger id only
   * @param page.identifier only the account with this one
   * @throws SwaliError `AUTH_PERMISSION_MISSING`, `STORE_UNAVAILABLE`
   */
  list(
    actor: Principal,
    kind: PrincipalKind,
    page: { readonly limit: number; readonly after?: number; readonly identifier?: string },
  ): Promise<readonly ManagedAccount[]>;
  /** @throws SwaliError `AUTH_PERMISSION_MISSING`, `IDENTITY_UNKNOWN`, `STORE_UNAVAILABLE` */
  get(actor: Principal, kind: PrincipalKind, id: number): Promise<ManagedAccount>;
  /** @throws SwaliError as `addAccount` does, `AUTH_PERMISSION_MISSING`, `AUDIT_UNAVAILABLE` */
  create(actor: Principal, account: StatedAccount, context: AccessContext): Promise<ManagedAccount>;
  /**
   * Disabling ends the account's sessions and the links mailed to it. Role, list of tables and tier count from the next request on.
   *
   * @throws SwaliError `AUTH_PERMISSION_MISSING`, `IDENTITY_UNKNOWN`, `IDENTITY_INPUT_INVALID`, `IDENTITY_EXISTS` for a
   *   customer number that another has, `IDENTITY_LAST_ADMIN`, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE`
   */
  change(
    actor: Principal,
    kind: PrincipalKind,
    id: number,
    change: AccountChange,
    context: AccessContext,
  ): Promise<ManagedAccount>;
  /** @throws SwaliError `AUTH_PERMISSION_MISSING`, `IDENTITY_UNKNOWN`, `AUDIT_UNAVAILABLE`, `STORE_UNAVAILABLE` */
  exportData(actor: Principal, kind: PrincipalKind, id: number, context: AccessContext): Promise<PersonalData>;
  /**
   * Removes the account and all that belongs to it; its id is never given again. What the audit log says of
   * `customer:17` stays, but nobody can read what of that is personal: the key of it is destroyed.
   *
   * @throws SwaliError `AUTH_PERMISSION_MISSING`, `IDENTITY_UNKNOWN`, `IDENTITY_LAST_ADMIN`, `AUDIT_UNAVAILABLE`,
   *   `STORE_UNAVAILABLE`
   */
  erase(actor: Principal, kind: PrincipalKind, id: number, context: AccessContext): Promise<void>;
}

type AccountAttempt = Extract<Attempt, { readonly event: 'account' }>;

interface Deps {
  readonly store: Store;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly audit: AccessLog;
  /** What questions are encrypted with. */
  readonly ring: KeyRing;
}

/**
 * The rows stay locked until the transaction ends, so that two admins cannot disable each other at once; on SQLite a
 * transaction is alone anyway.
 *
 * @throws SwaliError `IDENTITY_LAST_ADMIN` where no other admin could still sign in
 */
async function assertNotLastAdmin(db: StoreDatabase, account: ManagedAccount, isSqlite: boolean): Promise<void> {
  if (account.kind !== 'admin' || account.status !== 'active') return;
  const active = db
    .selectFrom('admins')
    .select('id')
    .where('tenant', '=', toTenantColumn(account.tenant))
    .where('status', '=', 'active');
  const rows = await (isSqlite ? active : active.forUpdate()).execute();
  if (!rows.some(({ id }) => id !== account.id)) throw new SwaliError('IDENTITY_LAST_ADMIN');
}

function invalid(detail: string): never {
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail });
}

/** The account as it will be. @throws SwaliError `IDENTITY_INPUT_INVALID` for a field that its kind does not have */
function applyChange(account: ManagedAccount, change: AccountChange): ManagedAccount {
  const { kind } = account;
  if (kind !== 'employee' && change.role !== undefined) invalid('only employees have a role');
  if (kind !== 'employee' && change.allowTables !== undefined) invalid('only employees have a list of tables');
  if (kind !== 'customer' && change.customerNumber !== undefined) invalid('only customers have a customer number');
  const { customerNumber } = change;
  if (account.status === 'invited' && change.status === 'active') invalid('an invited account accepts its invitation');
  return {
    ...account,
    status: change.status ?? account.status,
    tier: change.tier === undefined ? account.tier : checkTier(change.tier),
    claims: change.claims === undefined ? account.claims : checkClaims(kind, change.claims),
    role: change.role === undefined ? account.role : checkRole(change.role),
    allowTables: change.allowTables === undefined ? account.allowTables : checkAllowTables(change.allowTables),
    customerNumber:
      customerNumber === undefined
        ? account.customerNumber
        : customerNumber === null
          ? null
          : parseCustomerNumber(customerNumber),
  };
}

/** Wires the management of accounts over the store. */
export function createAccountManager(deps: Deps): AccountManager {
  const { store, passwords, clock, audit, ring } = deps;

  /** Does something to an account, and puts on record what came of it. */
  async function onRecord<Result>(
    actor: Principal,
    context: AccessContext,
    action: 'create' | 'change' | 'export' | 'erase',
    target: string | null,
    work: () => Promise<{
      readonly result: Result;
      readonly target: string;
      readonly before: Readonly<Record<string, unknown>> | null;
      readonly after: Readonly<Record<string, unknown>> | null;
    }>,
  ): Promise<Result> {
    const about = { ...describeSubject(actor, context), action, target };
    const attempt: AccountAttempt = { event: 'account', ...about, before: null, after: null };
    const done = await putOnRecord(audit, attempt, work, ({ result: _, ...known }) => known);
    return done.result;
  }

  return Object.freeze({
    async list(actor, kind, { limit, after, identifier }) {
      assertManages(actor, kind);
      if (identifier === undefined) return store.run((db) => readAccounts(db, actor.tenant, kind, after ?? 0, limit));
      // Says what is wrong with one that cannot be.
      normaliseIdentifier(identifier);
      const account = await findAccount(store, kind, { tenant: actor.tenant, identifier });
      return account ? [await store.run((db) => readAccount(db, actor.tenant, kind, account.id))] : [];
    },

    async get(actor, kind, id) {
      assertManages(actor, kind);
      return store.run((db) => readAccount(db, actor.tenant, kind, id));
    },

    create(actor, account, context) {
      return onRecord(actor, context, 'create', null, async () => {
        assertManages(actor, account.kind, account.role ?? DEFAULT_ROLE);
        const target = await addAccount({ store, passwords, clock }, { ...account, tenant: actor.tenant });
        const id = readAccountId(account.kind, target);
        const result = await store.run((db) => readAccount(db, actor.tenant, account.kind, id));
        return { result, target, before: null, after: describeForAudit(result) };
      });
    },

    change(actor, kind, id, change, context) {
      const target = `${kind}:${id}`;
      return onRecord(actor, context, 'change', target, async () => {
        assertManages(actor, kind);
        assertOther(actor, kind, id);
        const { before, after } = await store
          .transaction(async (db) => {
            const before = await readAccount(db, actor.tenant, kind, id);
            const after = applyChange(before, change);
            assertManages(actor, kind, before.role, after.role);
            if (after.status === 'disabled') {
              await assertNotLastAdmin(db, before, store.dialect === 'sqlite');
              await shutOut(db, before, clock());
            }
            await writeAccount(db, after);
            return { before, after };
          })
          .catch((error: unknown) => {
            throw isDuplicateKey(error) ? new SwaliError('IDENTITY_EXISTS', { cause: error }) : error;
          });
        return { result: after, target, ...describeDifference(before, after) };
      });
    },

    exportData(actor, kind, id, context) {
      const target = `${kind}:${id}`;
      return onRecord(actor, context, 'export', target, async () => {
        assertManages(actor, kind);
        const result = await store.run(async (db) => {
          const account = await readAccount(db, actor.tenant, kind, id);
          assertManages(actor, kind, account.role);
          const sessions = await db
            .selectFrom('sessions')
            .select(['id', 'address', 'created_at as createdAt', 'ended_at as endedAt', 'ended_by as endedBy'])
            .where('kind', '=', kind)
            .where('account_id', '=', id)
            .orderBy('created_at')
            .execute();
          const groups = kind === 'employee' ? await readGroupNames(db, id) : [];
          const identities = await readIdentities(db, account);
          const mailedLinks = await db
            .selectFrom('mailed_tokens')
            .select(['purpose', 'created_at as createdAt', 'expires_at as expiresAt', 'used_at as usedAt'])
            .where('kind', '=', kind)
            .where('account_id', '=', id)
            .orderBy('created_at')
            .execute();
          const modelUse = await readModelUse(db, target);
          const verified = await readPromotedBy(db, target);
          const questions = await readQuestions(db, ring, { tenant: account.tenant, subject: target });
          return { account, groups, sessions, identities, mailedLinks, modelUse, verified, questions };
        });
        return { result, target, before: null, after: null };
      });
    },

    erase(actor, kind, id, context) {
      const target = `${kind}:${id}`;
      return onRecord(actor, context, 'erase', target, async () => {
        assertManages(actor, kind);
        assertOther(actor, kind, id);
        const before = await store.transaction(async (db) => {
          const account = await readAccount(db, actor.tenant, kind, id);
          assertManages(actor, kind, account.role);
          await assertNotLastAdmin(db, account, store.dialect === 'sqlite');
          const mine = db.selectFrom('sessions').select('id').where('kind', '=', kind).where('account_id', '=', id);
          const ids = (await mine.execute()).map((session) => session.id);
          if (ids.length > 0) {
            await db.deleteFrom('refresh_tokens').where('session_id', 'in', ids).execute();
            await db.deleteFrom('sessions').where('id', 'in', ids).execute();
          }
          await db.deleteFrom('second_factors').where('kind', '=', kind).where('account_id', '=', id).execute();
          await db.deleteFrom('recovery_codes').where('kind', '=', kind).where('account_id', '=', id).execute();
          await db.deleteFrom('mailed_tokens').where('kind', '=', kind).where('account_id', '=', id).execute();
          await forgetIdentities(db, account);
          await db.deleteFrom('api_keys').where('kind', '=', kind).where('account_id', '=', id).execute();
          if (kind === 'employee')
            await db.deleteFrom('employee_group_members').where('employee_id', '=', id).execute();
          await eraseModelUse(db, target);
          await eraseReportsOf(db, target);
          await forgetPromoter(db, target);
          await forgetQuestions(db, { tenant: account.tenant, subject: target });
          await db.deleteFrom(ACCOUNT_TABLES[kind]).where('id', '=', id).execute();
          await destroySubjectKey(db, store.dialect, { subject: target, tenant: account.tenant, at: clock() });
          const erasure = { tenant: account.tenant, subject: target, erasedAt: clock() };
          await noteErasure(db, erasure, store.dialect === 'sqlite');
          return account;
        });
        return { result: undefined, target, before: describeForAudit(before), after: null };
      });
    },
  } satisfies AccountManager);
}
