import { z } from 'zod';
import type { Clock } from '../domain/ports.js';
import { EMPLOYEE_ROLES, type EmployeeRole, type PrincipalKind } from '../domain/principal.js';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { isDuplicateKey } from '../store/store-error.js';
import type { AccountStatus } from '../store/tables.js';
import { endTokens } from './end-tokens.js';
import type { Account } from './find-account.js';
import { normaliseIdentifier, parseCustomerNumber } from './identifiers.js';
import { NO_PASSWORD, type Passwords } from './passwords.js';

/** Tier of an account where none is given. */
export const DEFAULT_TIER = 'standard';

/** Role of an employee where none is given: the least. */
export const DEFAULT_ROLE: EmployeeRole = 'viewer';

/** What a new account is to be, without its password. Fields that do not fit its kind refuse. */
export interface AccountDetails {
  readonly kind: PrincipalKind;
  /** Whose people it is of; absent and null where tenancy is off. Where that is on, nobody comes in by an account without one. */
  readonly tenant?: Tenant;
  /** E-mail address; for customers the customer number will do. */
  readonly identifier: string;
  /** Customers only; where the identifier is a customer number, that one. */
  readonly customerNumber?: string;
  /** Employees only, default `viewer`. */
  readonly role?: string;
  /** Employees only: relations they may read, default none. */
  readonly allowTables?: readonly string[];
  /** Default `standard`. */
  readonly tier?: string;
  /** Further claims that row rules may name, e.g. `employee_id`. Text or whole numbers. */
  readonly claims?: Readonly<Record<string, string | number>>;
}

/** A new account. */
export interface NewAccount extends AccountDetails {
  /** Null for one that a provider of single sign-on alone signs in. */
  readonly password: string | null;
}

/** Which table holds which kind. */
export const ACCOUNT_TABLES = {
  admin: 'admins',
  employee: 'employees',
  customer: 'customers',
} as const satisfies Readonly<Record<PrincipalKind, string>>;

const claimsSchema = z.record(
  z.string().regex(/^[a-z_][a-z0-9_]{0,63}$/),
  z.union([
    z
      .string()
      .min(1)
      .max(255)
      .regex(/^[^\p{C}]*$/u),
    z.int(),
  ]),
);
const tierSchema = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);
const roleSchema = z.enum(EMPLOYEE_ROLES);
const allowTablesSchema = z
  .array(
    z
      .string()
      .min(1)
      .max(64)
      .regex(/^[^\p{C}]*$/u),
  )
  .max(1000);

/**
 * Adds an account: checks and normalises every field, judges and digests the password off the event loop, and stores it.
 *
 * @returns the subject, e.g. `customer:17`
 * @throws SwaliError `IDENTITY_INPUT_INVALID` with what is wrong (never the value; also for a weak password), `IDENTITY_EXISTS` where the
 *   identifier or the customer number is taken, `STORE_UNAVAILABLE`
 */
export async function addAccount(
  deps: { readonly store: Store; readonly passwords: Passwords; readonly clock: Clock },
  account: NewAccount,
): Promise<string> {
  const details = checkDetails(account);
  const { password } = account;
  const personal = [details.identifier, details.customer_number ?? ''];
  const password_hash = password === null ? NO_PASSWORD : await deps.passwords.hash(password, personal);
  const row = { ...details, password_hash, status: 'active' as const, created_at: deps.clock() };
  const id = await deps.store.run((db) => insertAccount(db, account.kind, row)).catch(refuseTaken);
  return `${account.kind}:${id}`;
}

/**
 * Adds an account that nobody can sign in to until it has accepted its invitation: its password is one that nobody knows.
 *
 * @param work what is done in the same transaction, for the new account
 * @throws SwaliError as {@link addAccount}
 */
export async function addInvitedAccount<Result>(
  deps: { readonly store: Store; readonly passwords: Passwords; readonly clock: Clock },
  account: AccountDetails,
  work: (db: StoreDatabase, account: Pick<Account, 'tenant' | 'kind' | 'id'>) => Promise<Result>,
): Promise<{ readonly id: number; readonly result: Result }> {
  const { kind } = account;
  const details = checkDetails(account);
  const password_hash = await deps.passwords.hashRandom();
  const row = { ...details, password_hash, status: 'invited' as const, created_at: deps.clock() };
  return deps.store
    .transaction(async (db) => {
      const id = await insertAccount(db, kind, row);
      return { id, result: await work(db, { tenant: account.tenant ?? null, kind, id }) };
    })
    .catch(refuseTaken);
}

function refuseTaken(error: unknown): never {
  throw isDuplicateKey(error) ? new SwaliError('IDENTITY_EXISTS', { cause: error }) : error;
}

/** Checked and normalised columns; those of other kinds are there too, and are not stored. */
interface CheckedDetails {
  readonly tenant: string;
  readonly identifier: string;
  readonly tier: string;
  readonly claims: string;
  readonly role: string;
  readonly allow_tables: string;
  readonly customer_number: string | null;
}

/** @throws SwaliError `IDENTITY_INPUT_INVALID` */
function checkDetails(account: AccountDetails): CheckedDetails {
  const { identifier, customerNumber } = account.kind === 'customer' ? readCustomer(account) : readStaff(account);
  return {
    tenant: toTenantColumn(account.tenant ?? null),
    identifier,
    customer_number: customerNumber,
    tier: checkTier(account.tier ?? DEFAULT_TIER),
    claims: JSON.stringify(readClaims(account)),
    ...readOwnColumns(account),
  };
}

interface NewRow extends CheckedDetails {
  readonly status: AccountStatus;
  readonly created_at: number;
  readonly password_hash: string;
}

async function insertAccount(db: StoreDatabase, kind: PrincipalKind, row: NewRow): Promise<number> {
  const { role, allow_tables, customer_number, ...shared } = row;
  const insert = {
    admin: () => db.insertInto('admins').values(shared),
    employee: () => db.insertInto('employees').values({ ...shared, role, allow_tables }),
    customer: () => db.insertInto('customers').values({ ...shared, customer_number }),
  }[kind];
  const { insertId } = await insert().executeTakeFirstOrThrow();
  if (insertId === undefined) throw new Error('the store gave no id');
  return Number(insertId);
}

function readCustomer(account: AccountDetails): { identifier: string; customerNumber: string | null } {
  const identifier = normaliseIdentifier(account.identifier);
  if (identifier.form === 'email') {
    const { customerNumber } = account;
    return {
      identifier: identifier.value,
      customerNumber: customerNumber === undefined ? null : parseCustomerNumber(customerNumber),
    };
  }
  const number = parseCustomerNumber(account.identifier);
  if ((account.customerNumber ?? number) !== number) {
    invalid('a customer is identified by an e-mail address or by their own customer number');
  }
  return { identifier: number, customerNumber: number };
}

function readStaff(account: AccountDetails): { identifier: string; customerNumber: null } {
  const identifier = normaliseIdentifier(account.identifier);
  if (identifier.form !== 'email') invalid(`an ${account.kind} is identified by an e-mail address`);
  if (account.customerNumber !== undefined) invalid('only customers have a customer number');
  return { identifier: identifier.value, customerNumber: null };
}

function readOwnColumns(account: AccountDetails): { role: string; allow_tables: string } {
  if (account.kind !== 'employee') {
    if (account.role !== undefined) invalid('only employees have a role');
    if (account.allowTables !== undefined) invalid('only employees have a list of tables');
  }
  const role = checkRole(account.role ?? DEFAULT_ROLE);
  return { role, allow_tables: JSON.stringify(checkAllowTables(account.allowTables ?? [])) };
}

function readClaims(account: AccountDetails): Readonly<Record<string, string | number>> {
  return checkClaims(account.kind, account.claims ?? {});
}

/** @throws SwaliError `IDENTITY_INPUT_INVALID` */
export function checkClaims(kind: PrincipalKind, given: unknown): Readonly<Record<string, string | number>> {
  const claims = check('claims', claimsSchema, given);
  // A customer's number is stored once, in its own column: a second one could contradict it.
  if (kind === 'customer' && 'customer_number' in claims) invalid('give the customer number as such');
  return claims;
}

/** @throws SwaliError `IDENTITY_INPUT_INVALID` */
export function checkTier(tier: unknown): string {
  return check('tier', tierSchema, tier);
}

/** @throws SwaliError `IDENTITY_INPUT_INVALID` */
export function checkRole(role: unknown): EmployeeRole {
  return check(`role: one of ${EMPLOYEE_ROLES.join(', ')}`, roleSchema, role);
}

/** @throws SwaliError `IDENTITY_INPUT_INVALID` */
export function checkAllowTables(tables: unknown): readonly string[] {
  return check('allow_tables', allowTablesSchema, tables);
}

function check<T>(what: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) invalid(what);
  return parsed.data;
}

function invalid(detail: string): never {
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail });
}

/**
 * Lets an account sign in, or no longer. Disabling ends its sessions, so that enabling it again revives none.
 *
 * @returns false where there is no such account
 * @throws SwaliError `STORE_UNAVAILABLE`
 */
export async function setAccountStatus(
  deps: { readonly store: Store; readonly clock: Clock },
  account: Pick<Account, 'kind' | 'id'>,
  status: AccountStatus,
): Promise<boolean> {
  return deps.store.transaction(async (db) => {
    const { numUpdatedRows } = await db
      .updateTable(ACCOUNT_TABLES[account.kind])
      .set({ status })
      .where('id', '=', account.id)
      .executeTakeFirst();
    if (status === 'disabled') await shutOut(db, account, deps.clock());
    return numUpdatedRows > 0n;
  });
}

/** Ends what lets an account in that is disabled now: its sessions, and the links that were mailed to it. */
export async function shutOut(db: StoreDatabase, account: Pick<Account, 'kind' | 'id'>, now: number): Promise<void> {
  await endSessionsOf(db, account, now, 'disabled');
  await endTokens(db, account, now);
}

/** Ends every session of an account. */
export async function endSessionsOf(
  db: StoreDatabase,
  { kind, id }: Pick<Account, 'kind' | 'id'>,
  now: number,
  by: 'disabled' | 'reset',
): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ ended_at: now, ended_by: by })
    .where('kind', '=', kind)
    .where('account_id', '=', id)
    .where('ended_at', 'is', null)
    .execute();
}
