import { toTenantColumn } from '../../domain/tenant.js';
import type { Store, StoreDatabase } from '../../store/store.js';
import type { DigestKey } from './digest-key.js';
import type { SignalOf } from './signal.js';

/** A thing that is seen again is remembered anew once so much of its time has passed: not every sign-in is a write. */
const RENEW_AFTER = 1 / 20;

/**
 * Remembers a device or country of an account.
 *
 * @returns true where it is new to the account; false for the first of all, which there is nothing to compare with
 */
export async function rememberThing(
  { dialect }: Store,
  db: StoreDatabase,
  digestOf: DigestKey,
  signal: SignalOf<'known'>,
): Promise<boolean> {
  const { rule, key, thing, at, tenant } = signal;
  const digest = digestOf('known', rule.name, ...key, thing);
  const accountDigest = digestOf('account', ...key);
  const rows = await db
    .selectFrom('alert_known')
    .select(['digest', 'expires_at'])
    .where('account_digest', '=', accountDigest)
    .where('rule', '=', rule.name)
    .where('expires_at', '>', at)
    .execute();
  // eslint-disable-next-line no-restricted-syntax -- a key of a row, no secret
  const known = rows.find((row) => row.digest === digest);
  const expiresAt = at + rule.remember;
  if (known && expiresAt - Number(known.expires_at) < rule.remember * RENEW_AFTER) return false;
  const insert = db.insertInto('alert_known').values({
    digest,
    account_digest: accountDigest,
    tenant: toTenantColumn(tenant),
    rule: rule.name,
    first_at: at,
    expires_at: expiresAt,
  });
  await (dialect === 'sqlite'
    ? insert.onConflict((conflict) => conflict.column('digest').doUpdateSet({ expires_at: expiresAt }))
    : insert.onDuplicateKeyUpdate({ expires_at: expiresAt })
  ).execute();
  return !known && rows.length > 0;
}

/** Forgets what is remembered of an account that is gone. */
export async function forgetAccount(db: StoreDatabase, digestOf: DigestKey, key: readonly string[]): Promise<void> {
  await db
    .deleteFrom('alert_known')
    .where('account_digest', '=', digestOf('account', ...key))
    .execute();
}
