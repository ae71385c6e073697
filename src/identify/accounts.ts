import { z } from 'zod';
import type { Clock } from '../domain/ports.js';
import { EMPLOYEE_ROLES, type EmployeeRole, type PrincipalKind } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store, StoreDatabase } from '../store/store.js';
import { isDuplicateKey } from '../store/store-error.js';
import type { AccountStatus } from '../store/tables.js';
import type { Account } from './find-account.js';
import { normaliseIdentifier, parseCustomerNumber } from './identifiers.js';
import { NO_PASSWORD, type Passwords } from './passwords.js';

/** Tier of an account where none is given. */
export const DEFAULT_TIER = 'standard';

/** Role of an employee where none is given: the least. */
export const DEFAULT_ROLE: EmployeeRole = 'viewer';

/** A new account. Fields that do not fit its kind refuse. */
export interface NewAccount {
  readonly kind: PrincipalKind;
  /** E-mail address; for customers the customer number will do. */
  readonly identifier: string;
  /** Null for one that a provider of single sign-on alone signs in. */
  readonly password: string | null;
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
  const { kind } = account;
  const details = kind === 'customer' ? readCustomer(account) : readStaff(account);
  const shared = {
    identifier: details.identifier,
    status: 'active' as const,
    tier: checkTier(account.tier ?? DEFAULT_TIER),
    claims: JSON.stringify(readClaims(account)),
    created_at: deps.clock(),
  };
  const own = readOwnColumns(account);
  const personal = [details.identifier, details.customerNumber ?? ''];
  const { password } = account;
  const digest = password === null ? NO_PASSWORD : await deps.passwords.hash(password, personal);
  const row = { ...shared, ...own, password_hash: digest };
  try {
    const id = await deps.store.run((db) => insertAccount(db, kind, row, details.customerNumber));
    return `${kind}:${id}`;
  } catch (error) {
    if (isDuplicateKey(error)) throw new SwaliError('IDENTITY_EXISTS', { cause: error });
    throw error;
  }
}

type NewRow = {
  readonly identifier: string;
  readonly status: AccountStatus;
  readonly tier: string;
  readonly claims: string;
  readonly created_at: number;
  readonly password_hash: string;
  readonly role: string;
  readonly allow_tables: string;
};

async function insertAccount(
  db: StoreDatabase,
  kind: PrincipalKind,
  row: NewRow,
  customerNumber: string | null,
): Promise<number> {
  const { role, allow_tables, ...shared } = row;
  const insert = {
    admin: () => db.insertInto('admins').values(shared),
    employee: () => db.insertInto('employees').values({ ...shared, role, allow_tables }),
    customer: () => db.insertInto('customers').values({ ...shared, customer_number: customerNumber }),
  }[kind];
  const { insertId } = await insert().executeTakeFirstOrThrow();
  if (insertId === undefined) throw new Error('the store gave no id');
  return Number(insertId);
}

function readCustomer(account: NewAccount): { identifier: string; customerNumber: string | null } {
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

function readStaff(account: NewAccount): { identifier: string; customerNumber: null } {
  const identifier = normaliseIdentifier(account.identifier);
  if (identifier.form !== 'email') invalid(`an ${account.kind} is identified by an e-mail address`);
  if (account.customerNumber !== undefined) invalid('only customers have a customer number');
  return { identifier: identifier.value, customerNumber: null };
}

function readOwnColumns(account: NewAccount): { role: string; allow_tables: string } {
  if (account.kind !== 'employee') {
    if (account.role !== undefined) invalid('only employees have a role');
    if (account.allowTables !== undefined) invalid('only employees have a list of tables');
  }
  const role = checkRole(account.role ?? DEFAULT_ROLE);
  return { role, allow_tables: JSON.stringify(checkAllowTables(account.allowTables ?? [])) };
}

function readClaims(account: NewAccount): Readonly<Record<string, string | number>> {
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
    if (status === 'disabled') await endSessionsOf(db, account, deps.clock());
    return numUpdatedRows > 0n;
  });
}

/** Ends every session of an account that may no longer sign in. */
export async function endSessionsOf(
  db: StoreDatabase,
  { kind, id }: Pick<Account, 'kind' | 'id'>,
  now: number,
): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ ended_at: now, ended_by: 'disabled' })
    .where('kind', '=', kind)
    .where('account_id', '=', id)
    .where('ended_at', 'is', null)
    .execute();
}
