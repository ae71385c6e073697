import type { Dialect } from '../domain/dialect.js';
import { type Tenant, toTenantColumn } from '../domain/tenant.js';
import type { StoreDatabase } from './store.js';
import type { AuditSubjectKeyTable } from './tables.js';

/** Adds keys of subjects that have none; another's key that is there stays. */
export async function addSubjectKeys(
  db: StoreDatabase,
  dialect: Dialect,
  rows: readonly AuditSubjectKeyTable[],
): Promise<void> {
  const insert = db.insertInto('audit_subject_keys');
  if (dialect !== 'sqlite') {
    await insert.ignore().values(rows).execute();
    return;
  }
  await insert
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/**
 * Destroys the key of a subject, within the transaction that erases the account: what the audit log says of them cannot be
 * read from then on, and its chains verify as before. The empty row stays, so that no new key takes its place.
 *
 * @param about.at milliseconds since 1970
 */
export async function destroySubjectKey(
  db: StoreDatabase,
  dialect: Dialect,
  about: { readonly subject: string; readonly tenant: Tenant; readonly at: number },
): Promise<void> {
  const { subject, at } = about;
  const tenant = toTenantColumn(about.tenant);
  await addSubjectKeys(db, dialect, [{ subject, tenant, sealed: '', created_at: at, destroyed_at: at }]);
  await db
    .updateTable('audit_subject_keys')
    .set({ sealed: '', destroyed_at: at })
    .where('subject', '=', subject)
    .execute();
}
