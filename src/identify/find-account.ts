import type { PrincipalKind } from '../domain/principal.js';
import { fromTenantColumn, type Tenant, toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store, StoreDatabase } from '../store/store.js';
import type { AccountStatus } from '../store/tables.js';
import { selectGroupTables } from './group-tables.js';
import { normaliseIdentifier } from './identifiers.js';

/** An account as it is stored. `passwordHash` is for login alone. */
export interface Account {
  readonly kind: PrincipalKind;
  readonly id: number;
  /** `customer:17`: unique over the three tables. */
  readonly subject: string;
  readonly tenant: Tenant;
  readonly identifier: string;
  readonly passwordHash: string;
  readonly status: AccountStatus;
  readonly tier: string;
  /** JSON text. */
  readonly claims: string;
  /** Employees; null for the others. */
  readonly role: string | null;
  /** Employees: JSON text; null for the others. */
  readonly allowTables: string | null;
  /** The lists of an employee's groups, JSON text each, in the order of the groups' ids; none for the others. */
  readonly groupTables: readonly string[];
  /** Customers who have one; null for the others. */
  readonly customerNumber: string | null;
}

/**
 * Finds an account in the table of its kind, and in no other.
 *
 * @param by an identifier as typed, within a tenant; or the id, which is unique over all of them. A customer is found by e-mail address or by customer number: one has an
 *   `@`, the other has none, so that no account can take the other's name.
 * @returns null where there is none, or where the identifier cannot be one
 * @throws SwaliError `STORE_UNAVAILABLE`
 */
export async function findAccount(
  store: Store,
  kind: PrincipalKind,
  by: { readonly tenant: Tenant; readonly identifier: string } | { readonly id: number },
): Promise<Account | null> {
  const key = 'id' in by ? ({ column: 'id', value: by.id } as const) : readIdentifierKey(kind, by.identifier);
  if (!key) return null;
  const tenant = 'id' in by ? null : { id: toTenantColumn(by.tenant) };
  const row = await store.run((db) => selectAccount(db, kind, key, tenant));
  // Compared again here, bytewise: what the column's collation takes for equal (trailing spaces) is not.
  const isTheirs = row && (row.customer_number === key.value || row.identifier === key.value || row.id === key.value);
  // Asked for where there is nobody too: how long it takes tells nothing about who there is.
  const groupTables = await readGroupTables(store, kind, isTheirs ? row.id : 0);
  return isTheirs ? toAccount(kind, row, groupTables) : null;
}

/** The account of a kind that a tenant made first; null where there is none. @throws SwaliError `STORE_UNAVAILABLE` */
export async function findFirstAccount(store: Store, tenant: Tenant, kind: PrincipalKind): Promise<Account | null> {
  const row = await store.run((db) => selectAccount(db, kind, null, { id: toTenantColumn(tenant) }));
  return row ? toAccount(kind, row, await readGroupTables(store, kind, row.id)) : null;
}

async function readGroupTables(store: Store, kind: PrincipalKind, id: number): Promise<readonly string[]> {
  if (kind !== 'employee') return [];
  const rows = await store.run((db) => selectGroupTables(db, id).execute());
  return rows.map((row) => row.allow_tables);
}

type AccountKey =
  | { readonly column: 'id'; readonly value: number }
  | { readonly column: 'identifier' | 'customer_number'; readonly value: string };

type IdentifierKey = Extract<AccountKey, { readonly value: string }>;

/**
 * What an account of a kind is looked up by: the column and the normalised identifier.
 *
 * @param text as typed
 * @returns null where it cannot be an identifier of that kind
 */
export function readIdentifierKey(kind: PrincipalKind, text: string): IdentifierKey | null {
  try {
    const { form, value } = normaliseIdentifier(text);
    if (form === 'email') return { column: 'identifier', value };
    return kind === 'customer' ? { column: 'customer_number', value } : null;
  } catch (error) {
    if (error instanceof SwaliError && error.code === 'IDENTITY_INPUT_INVALID') return null;
    throw error;
  }
}

/** A row of one of the three tables, with the columns that only some have. */
export interface AccountRow {
  readonly id: number;
  readonly tenant: string;
  readonly identifier: string;
  readonly password_hash: string;
  readonly status: AccountStatus;
  readonly tier: string;
  readonly claims: string;
  readonly role?: string;
  readonly allow_tables?: string;
  readonly customer_number?: string | null;
}

/** Reads one row by key, or the first one where the key is null; of one tenant, or of any where that is null. */
async function selectAccount(
  db: StoreDatabase,
  kind: PrincipalKind,
  key: AccountKey | null,
  tenant: { readonly id: string } | null,
): Promise<AccountRow | undefined> {
  if (kind === 'customer') {
    let query = db.selectFrom('customers').selectAll().orderBy('id').limit(1);
    if (tenant) query = query.where('tenant', '=', tenant.id);
    return (key ? query.where(key.column, '=', key.value) : query).executeTakeFirst();
  }
  if (key?.column === 'customer_number') return undefined;
  if (kind === 'employee') {
    let query = db.selectFrom('employees').selectAll().orderBy('id').limit(1);
    if (tenant) query = query.where('tenant', '=', tenant.id);
    return (key ? query.where(key.column, '=', key.value) : query).executeTakeFirst();
  }
  let query = db.selectFrom('admins').selectAll().orderBy('id').limit(1);
  if (tenant) query = query.where('tenant', '=', tenant.id);
  return (key ? query.where(key.column, '=', key.value) : query).executeTakeFirst();
}

/**
 * The account that a row is.
 *
 * @param groupTables of {@link selectGroupTables}, for employees
 */
export function toAccount(kind: PrincipalKind, row: AccountRow, groupTables: readonly string[]): Account {
  return {
    kind,
    id: row.id,
    subject: `${kind}:${row.id}`,
    tenant: fromTenantColumn(row.tenant),
    identifier: row.identifier,
    passwordHash: row.password_hash,
    status: row.status,
    tier: row.tier,
    claims: row.claims,
    role: row.role ?? null,
    allowTables: row.allow_tables ?? null,
    groupTables,
    customerNumber: row.customer_number ?? null,
  };
}
