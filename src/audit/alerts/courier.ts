import type { Clock, Logger } from '../../domain/ports.js';
import type { Channel, Sent } from './channel.js';
import { failed } from './channel.js';
import type { AlertOutbox, ClaimedDelivery } from './outbox.js';
import { nextWaitMs, type RetryTimes } from './retry-times.js';
import type { AlertTally } from './tally.js';

/** Deliveries that are tried side by side. */
const MAX_AT_ONCE = 8;

/** Longest time without a look at the outbox, in milliseconds: what other processes left there is found by then. */
const POLL_MS = 5000;

/** Shortest pause after a failure of the outbox itself, in milliseconds. */
const FAULT_PAUSE_MS = 1000;

/** Takes what waits in an outbox to its receivers. */
export interface Courier {
  /** There is something new. */
  wake(): void;
  /** Begins no more tries, and waits for those that run. What waits stays in the outbox. */
  close(): Promise<void>;
}

/**
 * Starts a courier.
 *
 * @param deps.channels by name; a delivery whose channel is no longer there is given up
 * @param deps.attempts tries of one delivery at most
 * @param deps.random within 0 and 1
 */
export function startCourier(deps: {
  readonly outbox: AlertOutbox;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly attempts: number;
  readonly times: RetryTimes;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly tally: AlertTally;
  readonly pollMs?: number;
}): Courier {
  const { outbox, channels, clock, logger, tally } = deps;
  const pollMs = deps.pollMs ?? POLL_MS;
  let closing = false;
  let wakeUp: (() => void) | null = null;
  let woken = false;

  async function deliver(delivery: ClaimedDelivery): Promise<void> {
    const { channel, recipient, alert } = delivery;
    const now = clock();
    const sent =
      (await channels.get(channel)?.send(alert, recipient, now)) ?? failed('no such channel', { final: true });
    if (sent.taken) {
      await outbox.finish(delivery);
      tally.add('delivered');
      return;
    }
    tally.add('failed');
    await giveBack(delivery, sent);
  }

  async function giveBack(delivery: ClaimedDelivery, sent: Extract<Sent, { taken: false }>): Promise<void> {
    const { alert, channel } = delivery;
    const failures = delivery.attempts + 1;
    const fields = { alert: alert.id, rule: alert.rule, tenant: alert.tenant, channel, failures, fault: sent.fault };
    if (sent.final || failures >= deps.attempts) {
      await outbox.bury(delivery, clock(), sent.fault);
      tally.add('dead');
      logger.error({ ...fields, summary: alert.summary }, 'an alert could not be delivered and is given up');
      return;
    }
    const waitMs = nextWaitMs(deps.times, failures, sent.retryAfterMs, deps.random);
    await outbox.postpone(delivery, clock() + waitMs, sent.fault);
    logger.warn({ ...fields, waitMs }, 'an alert was not taken; it is tried again');
  }

  /** @returns how long nothing is to be done, in milliseconds */
  async function work(): Promise<number> {
    const claimed = await outbox.claim(clock(), MAX_AT_ONCE);
    // What fails here failed to be written down: the lease brings it back.
    const results = await Promise.allSettled(claimed.map(deliver));
    const fault = results.find((result) => result.status === 'rejected');
    if (fault) throw fault.reason;
    if (claimed.length > 0) return 0;
    const dueAt = await outbox.nextDueAt();
    return dueAt === null ? pollMs : Math.min(pollMs, Math.max(1, dueAt - clock()));
  }

  async function run(): Promise<void> {
    while (!closing) {
      woken = false;
      const waitMs = await work().catch((error: unknown) => {
        logger.warn({ error }, 'the outbox of alerts cannot be read or written');
        return Math.max(FAULT_PAUSE_MS, pollMs);
      });
      if (waitMs > 0 && !woken && !closing) await rest(waitMs);
    }
  }

  function rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function wake(): void {
    woken = true;
    wakeUp?.();
  }

  const ended = run();
  return Object.freeze({
    wake,
    async close() {
      closing = true;
      wake();
      await ended;
    },
  } satisfies Courier);
}
