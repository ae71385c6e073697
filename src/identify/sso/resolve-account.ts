import type { Clock } from '../../domain/ports.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { Store, StoreDatabase } from '../../store/store.js';
import { isDuplicateKey } from '../../store/store-error.js';
import { readAccountId } from '../account-id.js';
import { addAccount } from '../accounts.js';
import { addIdentity, digestIdentity, findLinked, type IdentityName, touchIdentity } from '../external-identities.js';
import { type Account, findAccount } from '../find-account.js';
import { normaliseIdentifier } from '../identifiers.js';
import { describeDifference, describeForAudit, readAccount } from '../managed-account.js';
import type { Passwords } from '../passwords.js';
import { applyMapping, type Mapped } from './mapping.js';
import type { ProvenIdentity } from './proven-identity.js';
import { domainOf, type Provider } from './provider.js';

/** How often a sign-in is tried that others, of the same person at the same moment, stood in the way of: at making and at linking. */
const MAX_ATTEMPTS = 3;

/** Whose account a proven identity is, and what the provider's word did to it. */
export interface Resolved {
  readonly account: Account;
  readonly identityDigest: string;
  readonly found: 'known' | 'linked' | 'created';
  /** The fields that changed, as the audit log shows them; null where none did. */
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/**
 * Finds the account of a proven identity. Once it is linked, the provider and its subject decide alone: an e-mail address
 * that changes hands takes nothing over. The first time the account with the verified address is linked, where its domain is
 * listed; or one is made, where the provider may. Then what the mapping says is written.
 *
 * @throws SwaliError `AUTH_SSO_DENIED`, alike whether there is no such account, it is disabled, of another tier, linked
 *   to somebody else, or the mapping lets it not in; `STORE_UNAVAILABLE`
 */
export type ResolveAccount = (provider: Provider, identity: ProvenIdentity) => Promise<Resolved>;

/** Makes the only place where a provider's word becomes an account of ours. */
export function createResolveAccount(deps: {
  readonly store: Store;
  readonly passwords: Passwords;
  readonly clock: Clock;
}): ResolveAccount {
  const { store, clock } = deps;

  async function resolve(provider: Provider, identity: ProvenIdentity): Promise<Resolved> {
    const name = { provider: provider.name, issuer: provider.issuer, subject: identity.subject };
    const digest = digestIdentity(name);
    const mapped = applyMapping(provider.mapping, identity.statements);
    const linked = await store.run((db) => findLinked(db, provider.tenant, digest));
    if (linked) {
      const account = linked.kind === provider.kind ? await findAccount(store, linked.kind, { id: linked.id }) : null;
      return update(provider, digest, demandWelcome(provider, account), 'known', mapped);
    }
    const email = readEmail(provider, identity);
    const account = await findAccount(store, provider.kind, { tenant: provider.tenant, identifier: email });
    if (account) {
      await link(name, demandWelcome(provider, account));
      return update(provider, digest, account, 'linked', mapped);
    }
    if (!provider.create) throw denied('there is no account with that address');
    return create(provider, name, email, mapped);
  }

  async function link(name: IdentityName, account: Account): Promise<void> {
    await store.run((db) => addIdentity(db, name, account, clock()));
  }

  /** Writes what the provider's word makes of the account. */
  async function update(
    provider: Provider,
    digest: string,
    account: Account,
    found: 'known' | 'linked',
    mapped: Mapped,
  ): Promise<Resolved> {
    const { before, after } = await store.transaction((db) => writeMapped(db, account, mapped));
    await store.run((db) => touchIdentity(db, digest, clock()));
    const now = await findAccount(store, account.kind, { id: account.id });
    const difference = describeDifference(before, after);
    const changed = Object.keys(difference.after).length > 0;
    return {
      account: demandWelcome(provider, now),
      identityDigest: digest,
      found,
      before: changed ? difference.before : null,
      after: changed ? difference.after : null,
    };
  }

  async function create(provider: Provider, name: IdentityName, email: string, mapped: Mapped): Promise<Resolved> {
    const { tenant, kind } = provider;
    const { role, allowTables, customerNumber } = mapped;
    const subject = await addAccount(deps, {
      tenant,
      kind,
      identifier: email,
      password: null,
      ...(role && { role }),
      ...(allowTables && { allowTables }),
      ...(customerNumber && { customerNumber }),
    });
    const id = readAccountId(kind, subject);
    const account = demandWelcome(provider, await findAccount(store, kind, { id }));
    await link(name, account);
    const after = describeForAudit(await store.run((db) => readAccount(db, tenant, kind, id)));
    return { account, identityDigest: digestIdentity(name), found: 'created', before: null, after };
  }

  return async (provider, identity) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await resolve(provider, identity);
      } catch (error) {
        if (!isTaken(error)) throw error;
        // Somebody else has the number or the account, or it was this person's other sign-in: then it is linked now.
        if (attempt >= MAX_ATTEMPTS) throw denied('the account, or its number, is taken', error);
      }
    }
  };
}

function isTaken(error: unknown): boolean {
  return isDuplicateKey(error) || (error instanceof SwaliError && error.code === 'IDENTITY_EXISTS');
}

/** Writes the mapped columns and no other: an account that is disabled in the same moment stays so. */
async function writeMapped(db: StoreDatabase, account: Account, mapped: Mapped) {
  const { tenant, kind, id } = account;
  const before = await readAccount(db, tenant, kind, id);
  const { role, allowTables, customerNumber } = mapped;
  if (kind === 'employee' && (role ?? allowTables) !== undefined) {
    const columns = { ...(role && { role }), ...(allowTables && { allow_tables: JSON.stringify(allowTables) }) };
    await db.updateTable('employees').set(columns).where('id', '=', id).execute();
  }
  if (kind === 'customer' && customerNumber !== undefined) {
    await db.updateTable('customers').set({ customer_number: customerNumber }).where('id', '=', id).execute();
  }
  return { before, after: await readAccount(db, tenant, kind, id) };
}

/** @throws SwaliError `AUTH_SSO_DENIED` for an account that may not come in by this provider */
export function demandWelcome({ tenant, tiers }: Pick<Provider, 'tenant' | 'tiers'>, account: Account | null): Account {
  if (account?.status !== 'active') throw denied('there is no active account');
  if (account.tenant !== tenant) throw denied('the account is of another tenant');
  if (tiers && !tiers.has(account.tier)) throw denied('the account is of another tier');
  return account;
}

/** @returns the normalised address by which an account may be found */
function readEmail({ emailDomains }: Provider, { verifiedEmail }: ProvenIdentity): string {
  if (verifiedEmail === null) throw denied('the provider states no verified address');
  let identifier: ReturnType<typeof normaliseIdentifier>;
  try {
    identifier = normaliseIdentifier(verifiedEmail);
  } catch (cause) {
    throw denied('the address is none', cause);
  }
  if (identifier.form !== 'email' || !emailDomains.has(domainOf(identifier.value)))
    throw denied('the domain of the address is not listed');
  return identifier.value;
}

function denied(why: string, cause?: unknown): SwaliError {
  return new SwaliError('AUTH_SSO_DENIED', { cause: new Error(why, { cause }) });
}
