import { PERMISSIONS, type Permission, PRINCIPAL_KINDS, type Principal } from '../domain/principal.js';
import { toTenantColumn } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import type { ApiKeyTable } from '../store/tables.js';
import { findAccount } from './find-account.js';
import { principalOf } from './principal-of.js';
import type { Tenants } from './tenants.js';

/** What a key may do now. */
export interface KeyPower {
  /** The account that made it, without a session. */
  readonly owner: Principal;
  /** Those of its scopes that the owner holds. */
  readonly scopes: readonly Permission[];
}

/** The scopes that a key was made with. @param text JSON list */
export function readScopes(text: string): Permission[] {
  const stored: unknown = JSON.parse(text);
  return Array.isArray(stored) ? PERMISSIONS.filter((permission) => stored.includes(permission)) : [];
}

/** Why a key counts not: for the log. */
export function refuseKey(why: string): never {
  throw new SwaliError('AUTH_TOKEN_INVALID', { cause: new Error(`key: ${why}`) });
}

/**
 * What a key may do at this request: a revoked or expired one, and one of an account or tenant that is disabled or gone, nothing.
 *
 * @param now milliseconds since 1970
 * @throws SwaliError `AUTH_TOKEN_INVALID`, `STORE_UNAVAILABLE`
 */
export async function readKeyPower(
  { store, tenants }: { readonly store: Store; readonly tenants: Pick<Tenants, 'isOpen'> },
  row: ApiKeyTable,
  now: number,
): Promise<KeyPower> {
  if (row.revoked_at !== null || row.expires_at <= now) refuseKey('revoked or expired');
  const kind = PRINCIPAL_KINDS.find((each) => each === row.kind) ?? refuseKey('of no kind');
  const account = await findAccount(store, kind, { id: row.account_id });
  if (account?.status !== 'active') return refuseKey('its account is disabled or gone');
  if (toTenantColumn(account.tenant) !== row.tenant || !(await tenants.isOpen(account.tenant))) {
    return refuseKey('its tenant is closed');
  }
  const owner = principalOf(account, null);
  return { owner, scopes: readScopes(row.scopes).filter((scope) => owner.permissions.has(scope)) };
}
