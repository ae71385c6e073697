import type { Signal, SignalOf } from './signal.js';

/** Signals of one rule and one key, in the order in which they came. */
export type SignalGroup<Type extends Signal['type'] = Signal['type']> = readonly [SignalOf<Type>, ...SignalOf<Type>[]];

/**
 * Signals that are counted together, side by side. In one order over all processes, so that transactions of replicas wait for
 * each other instead of locking each other out.
 */
export function groupSignals(signals: readonly Signal[]): readonly SignalGroup[] {
  const groups = new Map<string, [Signal, ...Signal[]]>();
  for (const signal of signals) {
    const id = groupId(signal);
    const group = groups.get(id);
    if (group) group.push(signal);
    else groups.set(id, [signal]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** Equal for signals that are counted together. */
export function groupId(signal: Signal): string {
  if (signal.type === 'forget') return JSON.stringify(['forget', ...signal.account]);
  // Each thing is looked at by itself.
  const own = signal.type === 'known' ? [signal.thing] : [];
  return JSON.stringify([signal.type, signal.rule.name, ...signal.key, ...own]);
}
