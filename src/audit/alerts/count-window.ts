import { toTenantColumn } from '../../domain/tenant.js';
import type { Store, StoreDatabase } from '../../store/store.js';
import type { Rule } from './alert-file.js';

/** Parts of a window that are counted by themselves: a count is forgotten a part at a time. */
const SLOTS = 6;

/** What is counted, and where. */
export interface Counted {
  readonly digest: string;
  readonly rule: Rule;
  readonly tenant: string | null;
  readonly windowMs: number;
  /** How long counts are kept: the window, or as far back as a usual one is looked for. */
  readonly keepMs: number;
}

/**
 * Adds to the count of the present part of a window. One statement, so that replicas that count at the same time lose nothing.
 */
export async function addToWindow(
  { dialect }: Store,
  db: StoreDatabase,
  counted: Counted,
  amount: number,
  at: number,
): Promise<void> {
  const slotMs = Math.max(1, Math.floor(counted.windowMs / SLOTS));
  await addCount(dialect, db, counted, { amount, slotAt: Math.floor(at / slotMs) * slotMs, at });
}

/** What was counted in the window that ends at a time: parts that began within it. */
export async function sumWindow(db: StoreDatabase, { digest, windowMs }: Counted, at: number): Promise<number> {
  const row = await db
    .selectFrom('alert_counts')
    .select((eb) => eb.fn.sum<number | string | null>('amount').as('total'))
    .where('digest', '=', digest)
    .where('slot_at', '>', at - windowMs)
    .executeTakeFirst();
  return Number(row?.total ?? 0);
}

/**
 * What a usual window had: the mean over the earlier windows in which there was anything; 0 where there was none.
 */
export async function meanOfEarlier(
  db: StoreDatabase,
  { digest, windowMs, keepMs }: Counted,
  at: number,
): Promise<number> {
  const rows = await db
    .selectFrom('alert_counts')
    .select(['slot_at', 'amount'])
    .where('digest', '=', digest)
    .where('slot_at', '>', at - keepMs)
    .where('slot_at', '<=', at - windowMs)
    .execute();
  const windows = new Set(rows.map((row) => Math.floor((at - Number(row.slot_at)) / windowMs)));
  const total = rows.reduce((sum, row) => sum + Number(row.amount), 0);
  return windows.size === 0 ? 0 : total / windows.size;
}

/**
 * Carries on a row of refusals.
 *
 * @param runs lengths of the rows since last time, in order: the first carries on what is stored, the last stays open. Where
 *   there is more than one, something was served between them
 * @returns the longest that the row has been
 */
export async function carryOnStreak(
  { dialect }: Store,
  db: StoreDatabase,
  counted: Counted,
  runs: readonly number[],
  at: number,
): Promise<number> {
  const before = await readStreak(db, counted, at);
  const [first = 0, ...later] = runs;
  const last = later.at(-1);
  const rows = db.deleteFrom('alert_counts').where('digest', '=', counted.digest);
  if (last !== undefined && before > 0) await rows.execute();
  // What has rested too long begins anew; a row that another replica has just begun stays.
  else if (before === 0 && first > 0) await rows.where('expires_at', '<=', at).execute();
  const added = last ?? first;
  if (added > 0) await addCount(dialect, db, counted, { amount: added, slotAt: 0, at });
  // Read again: another replica may have carried on the same row meanwhile.
  const now = last === undefined ? await readStreak(db, counted, at) : 0;
  return Math.max(before + first, now, ...later);
}

async function readStreak(db: StoreDatabase, { digest }: Counted, at: number): Promise<number> {
  const row = await db
    .selectFrom('alert_counts')
    .select('amount')
    .where('digest', '=', digest)
    .where('slot_at', '=', 0)
    .where('expires_at', '>', at)
    .executeTakeFirst();
  return Number(row?.amount ?? 0);
}

async function addCount(
  dialect: Store['dialect'],
  db: StoreDatabase,
  { digest, rule, tenant, keepMs }: Counted,
  { amount, slotAt, at }: { readonly amount: number; readonly slotAt: number; readonly at: number },
): Promise<void> {
  const expiresAt = at + keepMs;
  const insert = db.insertInto('alert_counts').values({
    digest,
    slot_at: slotAt,
    tenant: toTenantColumn(tenant),
    rule: rule.name,
    amount,
    expires_at: expiresAt,
  });
  await (dialect === 'sqlite'
    ? insert.onConflict((conflict) =>
        conflict
          .columns(['digest', 'slot_at'])
          .doUpdateSet((eb) => ({ amount: eb('alert_counts.amount', '+', amount), expires_at: expiresAt })),
      )
    : insert.onDuplicateKeyUpdate((eb) => ({
        amount: eb('alert_counts.amount', '+', amount),
        expires_at: expiresAt,
      }))
  ).execute();
}
