import type { AlertCounts } from './alert.js';

/** Counts what alerts come to. */
export interface AlertTally {
  raised(rule: string): void;
  add(what: 'suppressed' | 'delivered' | 'failed' | 'dead' | 'dropped', count?: number): void;
  read(): AlertCounts;
}

/** Counts of this process, from its start. */
export function createTally(): AlertTally {
  const raised = new Map<string, number>();
  const rest = { suppressed: 0, delivered: 0, failed: 0, dead: 0, dropped: 0 };
  return Object.freeze({
    raised: (rule) => void raised.set(rule, (raised.get(rule) ?? 0) + 1),
    add: (what, count = 1) => {
      rest[what] += count;
    },
    read: () => ({ raised: Object.fromEntries(raised), ...rest }),
  } satisfies AlertTally);
}
