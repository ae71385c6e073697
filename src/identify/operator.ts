import { PRINCIPAL_KINDS, type Principal } from '../domain/principal.js';
import type { Tenant } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Store } from '../store/store.js';
import { findAccount, findFirstAccount } from './find-account.js';
import { permissionsFor } from './permissions.js';
import { principalOf } from './principal-of.js';

/**
 * The principal that a local operator acts as: whoever can read the store's file or address may act as any of its
 * accounts, without a password. The caller puts that on record.
 *
 * @param tenant whose accounts; null where tenancy is off
 * @param as `KIND` for the first account of that kind, or `KIND:IDENTIFIER`, e.g. `customer:103`, `employee:ada@example.org`
 * @returns a principal without a session
 * @throws SwaliError `IDENTITY_INPUT_INVALID` for an unknown kind, and where there is no such account or it is not active;
 *   `STORE_UNAVAILABLE`
 */
export async function principalFor(store: Store, tenant: Tenant, as: string): Promise<Principal> {
  const colon = as.indexOf(':');
  const name = colon < 0 ? as : as.slice(0, colon);
  const kind = PRINCIPAL_KINDS.find((each) => each === name);
  if (!kind) refuse(`act as one of ${PRINCIPAL_KINDS.join(', ')}, as KIND or KIND:IDENTIFIER`);
  const account =
    colon < 0
      ? await findFirstAccount(store, tenant, kind)
      : await findAccount(store, kind, { tenant, identifier: as.slice(colon + 1) });
  if (!account) refuse(colon < 0 ? `there is no ${kind} yet` : `there is no ${kind} with that identifier`);
  if (account.status === 'invited') refuse('that account has not accepted its invitation');
  if (account.status !== 'active') refuse('that account is disabled');
  return principalOf(account, null);
}

/**
 * The local operator who manages accounts: no account of their own, with an admin's rights.
 *
 * @param tenant whose accounts; null where tenancy is off
 */
export function operatorOf(tenant: Tenant): Principal {
  return Object.freeze({
    kind: 'admin',
    subject: 'operator',
    role: null,
    claims: new Map(),
    allowTables: null,
    permissions: permissionsFor('admin', null),
    tier: 'operator',
    tenant,
    session: null,
    lacksSecondFactor: false,
  });
}

function refuse(detail: string): never {
  throw new SwaliError('IDENTITY_INPUT_INVALID', { detail });
}
