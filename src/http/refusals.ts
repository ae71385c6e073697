import { createHmac } from 'node:crypto';
import { ipKeyGenerator } from 'express-rate-limit';
import type { RefusalEvent } from '../audit/gateway-event.js';
import type { AuditLog } from '../audit/record.js';
import type { Clock, Logger } from '../domain/ports.js';

/** Of one caller and code, one record in so many milliseconds. */
const WINDOW_MS = 60_000;

/** Callers that are told apart in one minute; those beyond are counted together, by code. */
const MAX_CALLERS = 300;

/** A refusal as the door sees it. */
export type Refusal = Omit<RefusalEvent, 'event' | 'decision' | 'count' | 'callers'>;

/** Puts on record who was turned away at the door. */
export interface Refusals {
  /** Notes one; resolves when what is to be written now is durable. Never throws: the caller is refused in any case. */
  note(refusal: Refusal): Promise<void>;
  /** Writes what was counted since the last records; before the log is closed. Never throws. */
  close(): Promise<void>;
}

interface Window {
  /** Until then no other record is written. */
  until: number;
  /** Refusals without a record. */
  pending: number;
  /** The latest of them. */
  last: Refusal;
  readonly callers: RefusalEvent['callers'];
}

/**
 * Keeps refusals from flooding the log: the first of a caller and code is written at once, those of the minute after it are
 * counted, and the next record says how many they were. Callers beyond {@link MAX_CALLERS} share one count for each code, so
 * that many addresses write no more than that a minute.
 *
 * @param deps.key keys what stands for callers in memory
 * @param deps.logger told where a record could not be written; what it stood for stays counted
 * @remarks What a killed process had counted and not written is lost: the first refusal of each caller is not.
 */
export function createRefusals(deps: {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly key: string;
  readonly logger: Logger;
}): Refusals {
  const { audit, clock, key, logger } = deps;
  // In the order in which their windows end: each is put at the end when its window begins.
  const windows = new Map<string, Window>();

  const keyOf = ({ subject, tenant, address, code }: Refusal): string =>
    createHmac('sha256', key)
      .update(JSON.stringify(['swali refusals', tenant, subject ?? blockOf(address), code]))
      .digest('base64url');

  /** The window of a refusal; that of all others where too many are open. */
  function nameOf(refusal: Refusal): readonly [string, RefusalEvent['callers']] {
    const own = keyOf(refusal);
    if (windows.has(own) || windows.size < MAX_CALLERS) return [own, 'one'];
    return [`several ${refusal.code}`, 'several'];
  }

  /** Begins a window with what is pending, and writes it down. */
  async function write(name: string, window: Window): Promise<void> {
    const { pending: count, last, callers } = window;
    windows.delete(name);
    windows.set(name, { ...window, until: clock() + WINDOW_MS, pending: 0 });
    const several = callers === 'several' ? { subject: null, kind: null, tenant: null } : {};
    try {
      await audit.append({ event: 'refusal', ...last, ...several, decision: 'refused', count, callers });
    } catch (error) {
      const now = windows.get(name);
      if (now) now.pending += count;
      logger.error({ requestId: last.requestId, code: last.code, error }, 'a refusal could not be put on record');
    }
  }

  /** Closes windows that are over: what they counted is written, and what counted nothing is forgotten. */
  async function sweep(now: number): Promise<void> {
    const over: [string, Window][] = [];
    for (const [name, window] of windows) {
      // A clock that was set back must not hold a window open for longer than it may be.
      if (window.until > now && window.until <= now + WINDOW_MS) break;
      over.push([name, window]);
    }
    for (const [name, { pending }] of over) if (pending === 0) windows.delete(name);
    await Promise.all(over.filter(([, { pending }]) => pending > 0).map(([name, window]) => write(name, window)));
  }

  return Object.freeze({
    async note(refusal) {
      await sweep(clock());
      const [name, callers] = nameOf(refusal);
      const window = windows.get(name);
      if (!window) return write(name, { until: 0, pending: 1, last: refusal, callers });
      window.pending += 1;
      window.last = refusal;
    },
    async close() {
      const pending = [...windows].filter(([, window]) => window.pending > 0);
      await Promise.all(pending.map(([name, window]) => write(name, window)));
    },
  } satisfies Refusals);
}

/** One house has many addresses of IPv6. */
function blockOf(address: string): string {
  return ipKeyGenerator(address);
}
