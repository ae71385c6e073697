import { digestText } from '../domain/digest-text.js';
import type { Principal } from '../domain/principal.js';
import type { Redis } from '../store/redis.js';

/** How long receipts are kept, in milliseconds. */
const KEEP_MS = 15 * 60_000;

/** Receipts that this process keeps at most; the oldest go first. */
const KEEP_AT_MOST = 1000;

/** Receipts of files, for who could not read the trailer that bore them. They tell no value, and their salts are not here. */
export interface KeptReceipts {
  keep(principal: Principal, requestId: string, jws: string): Promise<void>;
  /** The latest that the same account got by a request of that id; null where there is none any more. */
  find(principal: Principal, requestId: string): Promise<string | null>;
}

/**
 * Keeps receipts for a while: in this process, and in Redis for the other replicas.
 *
 * @param redis null where there is none; while it is away, what it keeps is not found
 * @param now milliseconds that only grow
 */
export function createKeptReceipts(redis: Redis | null, now: () => number): KeptReceipts {
  const here = new Map<string, { readonly jws: string; readonly until: number }>();
  const keyOf = ({ tenant, subject }: Principal, requestId: string): string =>
    `swali:receipt:${digestText(JSON.stringify([tenant, subject, requestId]))}`;
  return {
    async keep(principal, requestId, jws) {
      const key = keyOf(principal, requestId);
      here.delete(key);
      here.set(key, { jws, until: now() + KEEP_MS });
      for (const [oldest, { until }] of here) {
        if (here.size <= KEEP_AT_MOST && until > now()) break;
        here.delete(oldest);
      }
      await redis?.send('SET', key, jws, 'PX', KEEP_MS).catch(() => undefined);
    },
    async find(principal, requestId) {
      const key = keyOf(principal, requestId);
      const found = here.get(key);
      if (found && found.until > now()) return found.jws;
      const shared: unknown = await redis?.send('GET', key).catch(() => null);
      return typeof shared === 'string' ? shared : null;
    },
  };
}
