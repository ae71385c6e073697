import type { PrincipalKind } from '../domain/principal.js';
import { fromTenantColumn, type Tenant, toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { StoreDatabase } from '../store/store.js';
import type { AccountStatus } from '../store/tables.js';
import { DEFAULT_ROLE } from './accounts.js';

/** An account as those who manage it see it: everything but its password. */
export interface ManagedAccount {
  readonly subject: string;
  readonly tenant: Tenant;
  readonly kind: PrincipalKind;
  readonly id: number;
  readonly identifier: string;
  readonly status: AccountStatus;
  readonly tier: string;
  readonly claims: Readonly<Record<string, string | number>>;
  /** Employees; null for the others. */
  readonly role: string | null;
  /** Employees; null for the others. */
  readonly allowTables: readonly string[] | null;
  /** Customers who have one; null for the others. */
  readonly customerNumber: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** Enough to know which one is meant, too little to know it from. */
function maskIdentifier(identifier: string): string {
  const at = identifier.lastIndexOf('@');
  const name = at === -1 ? identifier : identifier.slice(0, at);
  return `${[...name][0] ?? ''}***${at === -1 ? '' : identifier.slice(at)}`;
}

/** The fields as the audit log shows them. */
export function describeForAudit(account: ManagedAccount): Readonly<Record<string, unknown>> {
  const { identifier, customerNumber, claims, status, tier, role, allowTables } = account;
  return {
    identifier: maskIdentifier(identifier),
    customerNumber: customerNumber === null ? null : maskIdentifier(customerNumber),
    // Names of claims say what changed; values may be personal.
    claims: Object.keys(claims),
    status,
    tier,
    role,
    allowTables,
  };
}

/** Both sides of a change, the fields alone that differ; a value that differs behind its mask is named all the same. */
export function describeDifference(
  before: ManagedAccount,
  after: ManagedAccount,
): { before: Readonly<Record<string, unknown>>; after: Readonly<Record<string, unknown>> } {
  const [old, now] = [describeForAudit(before), describeForAudit(after)];
  const differs = (name: string) => {
    const field = name as keyof ManagedAccount;
    return JSON.stringify(before[field]) !== JSON.stringify(after[field]);
  };
  const pick = (all: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => differs(name)));
  return { before: pick(old), after: pick(now) };
}

interface StoredAccount {
  readonly id: number;
  readonly tenant: string;
  readonly identifier: string;
  readonly status: AccountStatus;
  readonly tier: string;
  readonly claims: string;
  readonly created_at: number;
  readonly role?: string;
  readonly allow_tables?: string;
  readonly customer_number?: string | null;
}

function toManaged(kind: PrincipalKind, row: StoredAccount): ManagedAccount {
  return {
    subject: `${kind}:${row.id}`,
    tenant: fromTenantColumn(row.tenant),
    kind,
    id: row.id,
    identifier: row.identifier,
    status: row.status,
    tier: row.tier,
    claims: JSON.parse(row.claims) as Readonly<Record<string, string | number>>,
    role: row.role ?? null,
    allowTables: row.allow_tables === undefined ? null : (JSON.parse(row.allow_tables) as readonly string[]),
    customerNumber: row.customer_number ?? null,
    createdAt: row.created_at,
  };
}

const SHARED = ['id', 'tenant', 'identifier', 'status', 'tier', 'claims', 'created_at'] as const;

function selectAccounts(
  db: StoreDatabase,
  tenant: Tenant,
  kind: PrincipalKind,
  after: number,
  limit: number,
): Promise<StoredAccount[]> {
  const of = toTenantColumn(tenant);
  switch (kind) {
    case 'admin':
      return db
        .selectFrom('admins')
        .select(SHARED)
        .where('tenant', '=', of)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute();
    case 'employee':
      return db
        .selectFrom('employees')
        .select([...SHARED, 'role', 'allow_tables'])
        .where('tenant', '=', of)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute();
    case 'customer':
      return db
        .selectFrom('customers')
        .select([...SHARED, 'customer_number'])
        .where('tenant', '=', of)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute();
  }
}

/** A tenant's accounts of one kind with an id above `after`, in the order of their ids. */
export async function readAccounts(
  db: StoreDatabase,
  tenant: Tenant,
  kind: PrincipalKind,
  after: number,
  limit: number,
): Promise<readonly ManagedAccount[]> {
  return (await selectAccounts(db, tenant, kind, after, limit)).map((row) => toManaged(kind, row));
}

/** @throws SwaliError `IDENTITY_UNKNOWN` where there is none, and where it is another tenant's */
export async function readAccount(
  db: StoreDatabase,
  tenant: Tenant,
  kind: PrincipalKind,
  id: number,
): Promise<ManagedAccount> {
  const [row] = await selectAccounts(db, tenant, kind, id - 1, 1);
  if (row?.id !== id) throw new SwaliError('IDENTITY_UNKNOWN');
  return toManaged(kind, row);
}

/** Writes what may change of an account. */
export async function writeAccount(db: StoreDatabase, account: ManagedAccount): Promise<void> {
  const { kind, id, status, tier } = account;
  const shared = { status, tier, claims: JSON.stringify(account.claims) };
  switch (kind) {
    case 'admin':
      await db.updateTable('admins').set(shared).where('id', '=', id).execute();
      return;
    case 'employee': {
      const own = { role: account.role ?? DEFAULT_ROLE, allow_tables: JSON.stringify(account.allowTables ?? []) };
      await db
        .updateTable('employees')
        .set({ ...shared, ...own })
        .where('id', '=', id)
        .execute();
      return;
    }
    case 'customer':
      await db
        .updateTable('customers')
        .set({ ...shared, customer_number: account.customerNumber })
        .where('id', '=', id)
        .execute();
  }
}
