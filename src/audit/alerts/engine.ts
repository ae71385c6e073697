import type { Clock, Logger } from '../../domain/ports.js';
import type { Alert } from './alert.js';
import type { Rule } from './alert-file.js';
import type { AlertState } from './alert-state.js';
import type { Channel } from './channel.js';
import type { Courier } from './courier.js';
import type { MemoryOutbox } from './memory-outbox.js';
import type { Observation } from './observation.js';
import type { Delivery } from './outbox.js';
import { readSignals } from './read-signals.js';
import type { Signal, SignalOf } from './signal.js';
import { createSignalQueue } from './signal-queue.js';
import type { AlertTally } from './tally.js';

/** Signals that wait at most; further ones are dropped and counted: no answer waits for an alert. */
const MAX_WAITING = 10_000;

/** Signals that one transaction takes at most. */
const MAX_BATCH = 500;

/** Pause between two transactions, in milliseconds: what comes meanwhile goes into one. */
const PAUSE_MS = 250;

/** Old rows are looked for this often, in milliseconds. */
const SWEEP_EVERY_MS = 600_000;

/** Cool-downs that are kept in memory at most. */
const MAX_HELD_BACK = 1000;

/** Signals that are dropped are spoken of again after so long a quiet, in milliseconds. */
const SAY_AGAIN_MS = 60_000;

/** Decides over the stream of what happens. */
export interface AlertEngine {
  /** Takes note of one event. Returns at once and never throws. */
  observe(seen: Observation): void;
  /** Takes note of what no audit event says. Returns at once and never throws. */
  report(signals: readonly SignalOf<'fire'>[]): void;
  /** Decides over what still waits, and takes no more. */
  close(): Promise<void>;
}

/**
 * Makes the engine. Signals that come together are decided over in one transaction of the store, where replicas count
 * together. While the store cannot be written nothing is counted; what is an alert by itself, such as an audit log that cannot
 * be written, goes out from memory then.
 *
 * @param deps.channels by name; those without recipients are written to at once
 */
export function createAlertEngine(deps: {
  readonly rules: readonly Rule[];
  readonly state: AlertState;
  readonly channels: ReadonlyMap<string, Channel>;
  /** Of the store's outbox, and of the one in memory. */
  readonly couriers: { readonly stored: Pick<Courier, 'wake'>; readonly remembered: Pick<Courier, 'wake'> };
  readonly memory: MemoryOutbox;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Logger;
  readonly tally: AlertTally;
  readonly pauseMs?: number;
}): AlertEngine {
  const { rules, state, channels, couriers, memory, clock, newId, logger, tally } = deps;
  const waiting = createSignalQueue(MAX_WAITING);
  /** When alerts of a time without a store may be made again, by rule and key. */
  const heldBack = new Map<string, number>();
  let working: Promise<void> | null = null;
  let closed = false;
  let droppedAt = Number.NEGATIVE_INFINITY;
  let sweptAt = Number.NEGATIVE_INFINITY;

  function take(signals: readonly Signal[]): void {
    if (closed || signals.length === 0) return;
    const dropped = signals.filter((signal) => !waiting.add(signal)).length;
    if (dropped > 0) drop(dropped);
    working ??= work().finally(() => {
      working = null;
    });
  }

  /** Counted each time, and said once for as long as it goes on. */
  function drop(count: number): void {
    tally.add('dropped', count);
    const now = clock();
    if (now - droppedAt >= SAY_AGAIN_MS)
      logger.warn({ waiting: waiting.size }, 'too much waits; alerts may be missing');
    droppedAt = now;
  }

  async function work(): Promise<void> {
    // Read anew at each turn: `close` ends the pauses.
    while (waiting.size > 0) {
      if (!closed) await new Promise((resolve) => setTimeout(resolve, deps.pauseMs ?? PAUSE_MS));
      await decide(waiting.take(MAX_BATCH));
    }
    const now = clock();
    if (now - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = now;
    await state.sweep(now);
  }

  async function decide(signals: readonly Signal[]): Promise<void> {
    try {
      const { alerts, suppressed } = await state.apply(signals, addressTo);
      tally.add('suppressed', suppressed);
      for (const alert of alerts) await announce(alert);
      if (alerts.length > 0) couriers.stored.wake();
    } catch (error) {
      const own = signals.filter((signal) => signal.type === 'fire');
      tally.add('dropped', signals.length - own.length);
      logger.error({ error, signals: signals.length }, 'alerts cannot be decided over, as the store fails');
      for (const signal of own) await fireFromMemory(signal);
    }
  }

  /** Writes an alert to the channels that take it at once. */
  async function announce(alert: Alert): Promise<void> {
    tally.raised(alert.rule);
    const rule = rules.find(({ name }) => name === alert.rule);
    for (const name of channelsOf(rule)) {
      const channel = channels.get(name);
      if (channel?.recipients.length === 0) await channel.send(alert, '', alert.at);
    }
  }

  async function fireFromMemory({ rule, key, at, summary, facts, ...rest }: SignalOf<'fire'>): Promise<void> {
    const held = JSON.stringify([rule.name, ...key]);
    if ((heldBack.get(held) ?? 0) > at) return tally.add('suppressed');
    if (heldBack.size >= MAX_HELD_BACK) heldBack.clear();
    heldBack.set(held, at + rule.cool_down);
    const { tenant, subject, address, requestId } = rest;
    const { name, kind, severity } = rule;
    const about = { tenant, subject, address, requestId };
    const alert: Alert = { id: newId(), rule: name, kind, severity, at, ...about, summary, facts, suppressed: 0 };
    await announce(alert);
    for (const delivery of addressTo(alert, rule)) if (!memory.add(delivery, at)) tally.add('dropped');
    couriers.remembered.wake();
  }

  function addressTo(alert: Alert, rule: Rule): readonly Omit<Delivery, 'attempts'>[] {
    return channelsOf(rule).flatMap((channel) =>
      (channels.get(channel)?.recipients ?? []).map((recipient) => ({ id: newId(), channel, recipient, alert })),
    );
  }

  function channelsOf(rule: Rule | undefined): readonly string[] {
    return rule?.channels ?? [...channels.keys()];
  }

  return Object.freeze({
    observe(seen) {
      take(readSignals(rules, seen));
    },
    report: take,
    async close() {
      closed = true;
      await working;
    },
  } satisfies AlertEngine);
}
