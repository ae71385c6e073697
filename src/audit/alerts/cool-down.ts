import { toTenantColumn } from '../../domain/tenant.js';
import type { Store, StoreDatabase } from '../../store/store.js';
import type { Rule } from './alert-file.js';

/**
 * Takes the right to make an alert. Of several replicas that would make the same one at the same time, one gets it.
 *
 * @param digest of the rule and what the alert is about
 * @returns how many equal alerts were held back since the one before; null where this one is held back too
 */
export async function beginCoolDown(
  { dialect }: Store,
  db: StoreDatabase,
  about: { readonly digest: string; readonly rule: Rule; readonly tenant: string | null },
  at: number,
): Promise<number | null> {
  const { digest, rule } = about;
  const row = {
    digest,
    tenant: toTenantColumn(about.tenant),
    rule: rule.name,
    until_at: 0,
    suppressed: 0,
  };
  // The row is written before it is read: from here on its lock is ours.
  const insert = db.insertInto('alert_cool_downs').values(row);
  await (dialect === 'sqlite'
    ? insert.onConflict((conflict) =>
        conflict.column('digest').doUpdateSet((eb) => ({ suppressed: eb('alert_cool_downs.suppressed', '+', 1) })),
      )
    : insert.onDuplicateKeyUpdate((eb) => ({ suppressed: eb('alert_cool_downs.suppressed', '+', 1) }))
  ).execute();
  let query = db.selectFrom('alert_cool_downs').select(['until_at', 'suppressed']).where('digest', '=', digest);
  if (dialect !== 'sqlite') query = query.forUpdate();
  const held = await query.executeTakeFirstOrThrow();
  if (Number(held.until_at) > at) return null;
  await db
    .updateTable('alert_cool_downs')
    .set({ until_at: at + rule.cool_down, suppressed: 0 })
    .where('digest', '=', digest)
    .execute();
  // This one has counted itself where the row was there before.
  return Math.max(0, Number(held.suppressed) - 1);
}
