import { randomUUID } from 'node:crypto';
import type { Redis } from '../store/redis.js';

/**
 * How long a place is held for a request without its process saying that it still runs, in milliseconds: so long after a
 * replica died its places are free again.
 */
const LEASE_MS = 30_000;

/** A process says so this often within a lease. */
const RENEWALS = 3;

/** `KEYS[1]`: of the account. `ARGV`: the request, how long its place is held, how many places there are. By the clock of Redis. */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

/** As above, without looking whether there is room: the request runs already. */
const RENEW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;

/** Requests that run at the same time, by account. */
export interface RunningRequests {
  /**
   * Takes a place.
   *
   * @param key stands for the account
   * @param most places that the account has
   * @returns gives the place back, once; null where none is free
   */
  take(key: string, most: number): Promise<(() => void) | null>;
}

/**
 * Counts what runs: over all replicas in Redis, one sorted set an account whose scores say when each place falls free by itself; in
 * this process where there is no Redis or while it is away. What began meanwhile is counted there once it is back.
 *
 * @param leaseMs shorter in tests
 */
export function createRunningRequests(redis: Redis | null, leaseMs = LEASE_MS): RunningRequests {
  const here = new Map<string, number>();

  function enter(key: string): number {
    const before = here.get(key) ?? 0;
    here.set(key, before + 1);
    return before;
  }

  function leave(key: string): void {
    const left = (here.get(key) ?? 1) - 1;
    if (left > 0) here.set(key, left);
    else here.delete(key);
  }

  return {
    async take(key, most) {
      const isRoomHere = enter(key) < most;
      if (!redis) {
        if (isRoomHere) return () => leave(key);
        leave(key);
        return null;
      }
      const [set, request] = [`swali:running:${key}`, randomUUID()];
      // While Redis is away this changes nothing; the place there then falls free when its time is over.
      const giveBack = () => void redis.send('ZREM', set, request).catch(() => undefined);
      const isFree = await redis.send('EVAL', TAKE, 1, set, request, leaseMs, most).then(
        (taken) => taken === 1,
        () => isRoomHere,
      );
      if (!isFree) {
        leave(key);
        giveBack();
        return null;
      }
      const renew = () => void redis.send('EVAL', RENEW, 1, set, request, leaseMs).catch(() => undefined);
      const renewal = setInterval(renew, leaseMs / RENEWALS).unref();
      return () => {
        clearInterval(renewal);
        leave(key);
        giveBack();
      };
    },
  };
}
