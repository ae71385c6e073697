import { groupId } from './group-signals.js';
import type { Signal } from './signal.js';

/** Signals that wait to be decided over. */
export interface SignalQueue {
  readonly size: number;
  /** Takes a signal in. @returns false where there is no room */
  add(signal: Signal): boolean;
  /** Gives the oldest, so many at most. */
  take(most: number): readonly Signal[];
}

/**
 * Makes a queue in which what busy principals do all the time takes one place: volumes of one principal are added up, and that a
 * row of refusals is broken counts once. So its length follows how many are busy, not how much they ask.
 *
 * @param most places
 */
export function createSignalQueue(most: number): SignalQueue {
  const waiting: { signal: Signal }[] = [];
  /** The last of each group that waits. */
  let latest = new Map<string, { signal: Signal }>();
  return {
    get size() {
      return waiting.length;
    },
    add(signal) {
      const id = groupId(signal);
      const before = latest.get(id);
      const merged = before ? merge(before.signal, signal) : null;
      if (before && merged) {
        before.signal = merged;
        return true;
      }
      if (waiting.length >= most) return false;
      const entry = { signal };
      waiting.push(entry);
      latest.set(id, entry);
      return true;
    },
    take(count) {
      // What is taken is merged with no more; what stays begins anew.
      latest = new Map();
      return waiting.splice(0, count).map(({ signal }) => signal);
    },
  };
}

/** One signal that says what two of one group say; null where both are needed. */
function merge(before: Signal, signal: Signal): Signal | null {
  if (before.type === 'volume' && signal.type === 'volume') return { ...signal, amount: before.amount + signal.amount };
  if (before.type === 'streak' && signal.type === 'streak' && before.broken && signal.broken) return signal;
  return null;
}
