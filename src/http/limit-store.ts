import type { Options, Store } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import { SwaliError } from '../errors/swali-error.js';
import type { Redis } from '../store/redis.js';
import { createWindowStore } from './window-store.js';

/** What is counted where Redis is away: by this process alone, or nothing at all, so that all is refused. */
export type WhenAway = 'count-here' | 'refuse';

/** Seconds after which a refusal for want of Redis is worth another try. */
const AWAY_RETRY_S = 5;

/**
 * The counts of one window, over all replicas: Redis counts by a script, so requests at the same time are counted one by
 * one. This process counts along, so that an outage hands nobody a fresh window, and its count holds while Redis is away.
 *
 * @param name of the window; part of the keys, which hold digests besides
 * @returns a store whose increment throws SwaliError `LIMITS_UNAVAILABLE` where Redis is away and `whenAway` says `refuse`
 * @remarks What it does not stop: while Redis is away, each replica lets as much pass as all together do else.
 */
export function createSharedStore(redis: Redis, name: string, whenAway: WhenAway): Store {
  const prefix = `swali:window:${name}:`;
  const own = createWindowStore(() => performance.now());
  let options: Options | null = null;
  let opened: Promise<RedisStore> | null = null;

  /** Hands its scripts to Redis, which can be done only while that is there. */
  async function open(): Promise<RedisStore> {
    if (options === null) throw new Error('a store is used before its window is known');
    const send = redis.send as (...command: string[]) => Promise<string | number>;
    const store = new RedisStore({ prefix, sendCommand: send });
    await store.init(options);
    return store;
  }

  /** Whatever failed may have left a store that cannot go on: the next request opens another one. */
  async function shared<T>(work: (store: RedisStore) => Promise<T>): Promise<T> {
    opened ??= open();
    const used = opened;
    try {
      return await work(await used);
    } catch (error) {
      if (opened === used) opened = null;
      throw error;
    }
  }

  return {
    prefix,
    init(given) {
      options = given;
      own.init?.(given);
    },
    async increment(key) {
      const { totalHits, resetTime } = await own.increment(key);
      try {
        return await shared((store) => store.increment(key));
      } catch (cause) {
        if (whenAway === 'refuse') {
          throw new SwaliError('LIMITS_UNAVAILABLE', { cause, retryAfterS: AWAY_RETRY_S });
        }
        return { totalHits, resetTime };
      }
    },
    async decrement(key) {
      await own.decrement(key);
      await shared((store) => store.decrement(key));
    },
    async resetKey(key) {
      await own.resetKey(key);
      await shared((store) => store.resetKey(key));
    },
  };
}
