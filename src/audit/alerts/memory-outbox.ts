import { type AlertOutbox, type ClaimedDelivery, type Delivery, LEASE_MS } from './outbox.js';

/** An outbox in memory, for alerts of a time in which the store cannot be written. */
export interface MemoryOutbox extends AlertOutbox {
  /** False where there is no room. */
  add(delivery: Omit<Delivery, 'attempts'>, now: number): boolean;
}

/** @param most deliveries that wait at most */
export function createMemoryOutbox(most: number): MemoryOutbox {
  const waiting = new Map<string, { delivery: ClaimedDelivery; dueAt: number }>();
  return Object.freeze({
    add(delivery, now) {
      if (waiting.size >= most) return false;
      waiting.set(delivery.id, { delivery: { ...delivery, attempts: 0, claim: delivery.id }, dueAt: now });
      return true;
    },
    claim: async (now, count) => {
      const due = [...waiting.values()].filter((each) => each.dueAt <= now).slice(0, count);
      for (const each of due) each.dueAt = now + LEASE_MS;
      return due.map(({ delivery }) => delivery);
    },
    finish: async ({ id }) => void waiting.delete(id),
    postpone: async (delivery, dueAt) => {
      waiting.set(delivery.id, { delivery: { ...delivery, attempts: delivery.attempts + 1 }, dueAt });
    },
    bury: async ({ id }) => void waiting.delete(id),
    nextDueAt: async () => {
      const times = [...waiting.values()].map(({ dueAt }) => dueAt);
      return times.length === 0 ? null : Math.min(...times);
    },
  } satisfies MemoryOutbox);
}
