import { toTenantColumn } from '../../domain/tenant.js';
import type { Store, StoreDatabase } from '../../store/store.js';
import type { Alert } from './alert.js';

/** Longest time that one try keeps a delivery to itself, in milliseconds; then another replica may take it. */
export const LEASE_MS = 120_000;

/** How long a delivery that was given up is kept, in milliseconds. */
const DEAD_KEPT_MS = 30 * 86_400_000;

/** Characters of a fault that are kept. */
const FAULT_CHARACTERS = 190;

/** One alert for one receiver. */
export interface Delivery {
  readonly id: string;
  readonly channel: string;
  /** E-mail address; empty for webhooks. */
  readonly recipient: string;
  readonly alert: Alert;
  /** Tries that failed. */
  readonly attempts: number;
}

/** A delivery that this process may try; nobody else does meanwhile. */
export interface ClaimedDelivery extends Delivery {
  readonly claim: string;
}

/** Where deliveries wait. */
export interface AlertOutbox {
  /** Deliveries that are due, at most so many, each for this caller alone. */
  claim(now: number, most: number): Promise<readonly ClaimedDelivery[]>;
  /** It was taken. */
  finish(delivery: ClaimedDelivery): Promise<void>;
  /** It was not, and is tried again at a time. */
  postpone(delivery: ClaimedDelivery, dueAt: number, fault: string): Promise<void>;
  /** It was not, and is given up. */
  bury(delivery: ClaimedDelivery, now: number, fault: string): Promise<void>;
  /** When the next is due; null where none waits. */
  nextDueAt(): Promise<number | null>;
}

/** Writes deliveries down, as part of the transaction that made the alert. */
export async function addDeliveries(
  db: StoreDatabase,
  deliveries: readonly Omit<Delivery, 'attempts'>[],
  now: number,
): Promise<void> {
  if (deliveries.length === 0) return;
  const rows = deliveries.map(({ id, channel, recipient, alert }) => ({
    id,
    tenant: toTenantColumn(alert.tenant),
    channel,
    recipient,
    alert: JSON.stringify(alert),
    attempts: 0,
    created_at: now,
    due_at: now,
    claimed_by: null,
    dead_at: null,
    fault: null,
  }));
  await db.insertInto('alert_deliveries').values(rows).execute();
}

/**
 * The outbox of the store: a restart loses nothing, and of several replicas one tries each delivery at a time. A try that
 * ends without a word, as when the process is killed, is taken over when its lease ends; so a receiver may get an alert
 * twice, with the same id.
 */
export function createStoreOutbox(deps: { readonly store: Store; readonly newId: () => string }): AlertOutbox {
  const { store, newId } = deps;

  /** Only who still holds the claim may say what became of it. */
  const own = ({ id, claim }: ClaimedDelivery) => ({ id, claimed_by: claim });

  return Object.freeze({
    claim: async (now, most) =>
      store.run(async (db) => {
        const due = await db
          .selectFrom('alert_deliveries')
          .select(['id', 'channel', 'recipient', 'alert', 'attempts', 'due_at'])
          .where('dead_at', 'is', null)
          .where('due_at', '<=', now)
          .orderBy('due_at')
          .limit(most)
          .execute();
        const claimed: ClaimedDelivery[] = [];
        for (const row of due) {
          const claim = newId();
          const moved = await db
            .updateTable('alert_deliveries')
            .set({ claimed_by: claim, due_at: now + LEASE_MS })
            .where('id', '=', row.id)
            .where('due_at', '=', row.due_at)
            .where('dead_at', 'is', null)
            .executeTakeFirst();
          if (moved.numUpdatedRows !== 1n) continue;
          const { id, channel, recipient, alert, attempts } = row;
          claimed.push({ id, channel, recipient, alert: JSON.parse(alert), attempts: Number(attempts), claim });
        }
        return claimed;
      }),
    finish: async (delivery) => {
      const { id, claimed_by } = own(delivery);
      await store.run((db) =>
        db.deleteFrom('alert_deliveries').where('id', '=', id).where('claimed_by', '=', claimed_by).execute(),
      );
    },
    postpone: async (delivery, dueAt, fault) => {
      const { id, claimed_by } = own(delivery);
      const set = { attempts: delivery.attempts + 1, due_at: dueAt, fault: fault.slice(0, FAULT_CHARACTERS) };
      await store.run((db) =>
        db.updateTable('alert_deliveries').set(set).where('id', '=', id).where('claimed_by', '=', claimed_by).execute(),
      );
    },
    bury: async (delivery, now, fault) => {
      const { id, claimed_by } = own(delivery);
      const set = { attempts: delivery.attempts + 1, dead_at: now, fault: fault.slice(0, FAULT_CHARACTERS) };
      await store.run((db) =>
        db.updateTable('alert_deliveries').set(set).where('id', '=', id).where('claimed_by', '=', claimed_by).execute(),
      );
    },
    nextDueAt: () =>
      store.run(async (db) => {
        const row = await db
          .selectFrom('alert_deliveries')
          .select((eb) => eb.fn.min('due_at').as('due_at'))
          .where('dead_at', 'is', null)
          .executeTakeFirst();
        return row?.due_at === null || row?.due_at === undefined ? null : Number(row.due_at);
      }),
  } satisfies AlertOutbox);
}

/** Forgets what was given up long ago. */
export async function dropDeadDeliveries(db: StoreDatabase, now: number): Promise<void> {
  await db
    .deleteFrom('alert_deliveries')
    .where('dead_at', '<', now - DEAD_KEPT_MS)
    .execute();
}
