import { PRINCIPAL_KINDS, type PrincipalKind } from '../domain/principal.js';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import type { StoreDatabase } from '../store/store.js';
import { digestParts } from './digest.js';
import type { Account } from './find-account.js';

/** Whom a provider of single sign-on knows an account as. Times are milliseconds since 1970. */
export interface ExternalIdentity {
  /** Name in the providers' file. */
  readonly provider: string;
  readonly issuer: string;
  /** `sub` or NameID. */
  readonly subject: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

/** What names one person at one provider. */
export type IdentityName = Pick<ExternalIdentity, 'provider' | 'issuer' | 'subject'>;

/**
 * The key of an identity. A digest, as engines differ in what they take for equal (case, trailing spaces), and a subject that
 * only looks the same is somebody else.
 */
export function digestIdentity({ provider, issuer, subject }: IdentityName): string {
  return digestParts('swali identity', provider, issuer, subject);
}

/** The account of a tenant that an identity is linked to; null where there is none. */
export async function findLinked(
  db: StoreDatabase,
  tenant: Tenant,
  digest: string,
): Promise<{ readonly kind: PrincipalKind; readonly id: number } | null> {
  const row = await db
    .selectFrom('external_identities')
    .select(['kind', 'account_id'])
    .where('digest', '=', digest)
    .where('tenant', '=', toTenantColumn(tenant))
    .executeTakeFirst();
  const kind = PRINCIPAL_KINDS.find((each) => each === row?.kind);
  return row && kind ? { kind, id: row.account_id } : null;
}

/**
 * Links an identity to an account.
 *
 * @throws the store's duplicate key where the identity has an account, or the account another identity of the provider
 */
export async function addIdentity(
  db: StoreDatabase,
  name: IdentityName,
  { tenant, kind, id }: Pick<Account, 'tenant' | 'kind' | 'id'>,
  now: number,
): Promise<void> {
  const { provider, issuer, subject } = name;
  await db
    .insertInto('external_identities')
    .values({
      tenant: toTenantColumn(tenant),
      digest: digestIdentity(name),
      provider,
      issuer,
      subject,
      kind,
      account_id: id,
      created_at: now,
      last_used_at: now,
    })
    .execute();
}

/** Notes that an identity was used. */
export async function touchIdentity(db: StoreDatabase, digest: string, now: number): Promise<void> {
  await db.updateTable('external_identities').set({ last_used_at: now }).where('digest', '=', digest).execute();
}

/** The identities of an account, the oldest first. */
export function readIdentities(
  db: StoreDatabase,
  { kind, id }: Pick<Account, 'kind' | 'id'>,
): Promise<readonly ExternalIdentity[]> {
  return db
    .selectFrom('external_identities')
    .select(['provider', 'issuer', 'subject', 'created_at as createdAt', 'last_used_at as lastUsedAt'])
    .where('kind', '=', kind)
    .where('account_id', '=', id)
    .orderBy('created_at')
    .orderBy('provider')
    .execute();
}

/** Removes what single sign-on keeps of an account. */
export async function forgetIdentities(db: StoreDatabase, { kind, id }: Pick<Account, 'kind' | 'id'>): Promise<void> {
  for (const table of ['external_identities', 'sso_flows'] as const) {
    await db.deleteFrom(table).where('kind', '=', kind).where('account_id', '=', id).execute();
  }
}
