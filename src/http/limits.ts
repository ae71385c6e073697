import { createHmac } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, type Options, rateLimit } from 'express-rate-limit';
import { SwaliError } from '../errors/swali-error.js';
import type { Tiers } from '../identify/tiers.js';
import type { Redis } from '../store/redis.js';
import { createSharedStore, type WhenAway } from './limit-store.js';
import { contextOf } from './request-context.js';
import { createRunningRequests } from './running-requests.js';
import { createWindowStore } from './window-store.js';

/**
 * How often one caller may use the endpoints of a class, all of them together, per minute. `address` stands before everything
 * and counts each request of an address, so that guessing tokens is limited too; the other classes count by account once it is
 * known. `ask` is bounded by the account's tier as well, by the minute, by the day and at the same time.
 */
export const LIMIT_CLASSES = {
  address: 600,
  probe: 300,
  login: 20,
  session: 60,
  ask: 600,
  read: 240,
  manage: 120,
  widget: 600,
} as const satisfies Readonly<Record<string, number>>;

/** Key of {@link LIMIT_CLASSES}. */
export type LimitClass = keyof typeof LIMIT_CLASSES;

/** Classes of which nothing passes uncounted: what takes passwords and codes. */
const NEVER_UNCOUNTED: ReadonlySet<LimitClass> = new Set<LimitClass>(['login']);

/** Who is counted, once it is known. */
export interface Caller {
  readonly subject: string;
  readonly tier: string;
}

/**
 * Counts a request of a caller; the middleware refuses with `RATE_LIMITED` and `Retry-After` what is too much, and with
 * `LIMITS_UNAVAILABLE` what signs in while Redis is set and away.
 */
export type Limits = (
  limitClass: LimitClass,
  callerOf: (request: Request) => Caller | null,
) => readonly RequestHandler[];

/** What limits stand on. */
export interface LimitsDeps {
  /** False lifts all limits (RATE_LIMIT=off). */
  readonly enabled: boolean;
  /** What accounts may ask. */
  readonly tiers: Tiers;
  /** Where replicas count together; null where this process counts by itself. */
  readonly redis: Redis | null;
  /** Keys the digests that stand for accounts and addresses, as an address is easily found from a plain one. The same in every replica. */
  readonly key: string;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Characters of a digest that are kept: 132 bits. */
const DIGEST_CHARACTERS = 22;

/** Makes the limits. Each class has one window, whichever of its endpoints is called. */
export function createLimits({ enabled, tiers, redis, key }: LimitsDeps): Limits {
  const callers = new WeakMap<Request, Caller>();
  const windows = new Map<string, RequestHandler>();
  const running = createRunningRequests(redis);

  const digestOf = (kind: 'account' | 'address', name: string): string =>
    createHmac('sha256', key)
      .update(JSON.stringify(['swali limits', kind, name]))
      .digest('base64url')
      .slice(0, DIGEST_CHARACTERS);

  /** Stands for the account, or for the address where there is none. */
  function keyOf(request: Request): string {
    const caller = callers.get(request);
    return caller ? digestOf('account', caller.subject) : digestOf('address', ipKeyGenerator(request.ip ?? 'unknown'));
  }

  /** The window of a name, made at its first use. */
  function windowOf(name: string, windowMs: number, limit: Options['limit'], whenAway: WhenAway): RequestHandler {
    const made = windows.get(name) ?? createWindow(name, windowMs, limit, whenAway);
    windows.set(name, made);
    return made;
  }

  function createWindow(name: string, windowMs: number, limit: Options['limit'], whenAway: WhenAway): RequestHandler {
    return rateLimit({
      windowMs,
      limit,
      // The fields are the same in drafts 8 and 9 of draft-ietf-httpapi-ratelimit-headers.
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      identifier: name,
      keyGenerator: keyOf,
      store: redis ? createSharedStore(redis, name, whenAway) : createWindowStore(() => performance.now()),
      handler: (request, _response, next) => {
        const info = (request as { rateLimit?: { resetTime?: Date } }).rateLimit;
        const waitMs = (info?.resetTime?.getTime() ?? Date.now() + windowMs) - Date.now();
        next(new SwaliError('RATE_LIMITED', { retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)) }));
      },
    });
  }

  /** Refuses what an account asks beside as much as its tier allows at the same time. */
  const boundRunning: RequestHandler = async (request, response, next) => {
    const caller = callers.get(request);
    if (!caller) return next();
    const { signal } = contextOf(request);
    const giveBack = await running.take(keyOf(request), tiers.of(caller.tier).concurrency);
    if (!giveBack) throw new SwaliError('RATE_LIMITED', { retryAfterS: 1 });
    // Whoever has hung up while waiting for the counts must not keep a place: nothing will tell of it any more.
    if (signal.aborted) giveBack();
    else response.once('close', giveBack);
    next();
  };

  return (limitClass, callerOf) => {
    if (!enabled) return [];
    const note: RequestHandler = (request, _response, next) => {
      const caller = callerOf(request);
      if (caller) callers.set(request, caller);
      next();
    };
    const whenAway = NEVER_UNCOUNTED.has(limitClass) ? 'refuse' : 'count-here';
    const own = windowOf(limitClass, MINUTE_MS, LIMIT_CLASSES[limitClass], whenAway);
    if (limitClass !== 'ask') return [note, own];
    const tierOf = (request: Request) => tiers.of(callers.get(request)?.tier ?? '');
    return [
      note,
      own,
      windowOf('tier-minute', MINUTE_MS, (request) => tierOf(request).requestsPerMinute, 'count-here'),
      windowOf('tier-day', DAY_MS, (request) => tierOf(request).requestsPerDay, 'count-here'),
      boundRunning,
    ];
  };
}
