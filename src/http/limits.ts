import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, type Options, rateLimit } from 'express-rate-limit';
import { SwaliError } from '../errors/swali-error.js';
import type { Tiers } from '../identify/tiers.js';

/**
 * How often one caller may use endpoints of a class, per minute. `address` stands before everything and counts each
 * request of an address, so that guessing tokens is limited too; the other classes count by account once it is known.
 * `ask` is bounded by the account's tier as well, by the minute, by the day and at the same time.
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

/** Who is counted, once it is known. */
export interface Caller {
  readonly subject: string;
  readonly tier: string;
}

/** Counts a request of a caller; the middleware refuses with `RATE_LIMITED` and `Retry-After` what is too much. */
export type Limits = (
  limitClass: LimitClass,
  callerOf: (request: Request) => Caller | null,
) => readonly RequestHandler[];

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** One limit over a window. */
function createWindow(
  identifier: string,
  windowMs: number,
  limit: Options['limit'],
  callerOf: (request: Request) => Caller | null,
): RequestHandler {
  return rateLimit({
    windowMs,
    limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier,
    keyGenerator: (request) => callerOf(request)?.subject ?? ipKeyGenerator(request.ip ?? 'unknown'),
    handler: (request, _response, next) => {
      const info = (request as { rateLimit?: { resetTime?: Date } }).rateLimit;
      const waitMs = (info?.resetTime?.getTime() ?? Date.now() + windowMs) - Date.now();
      next(new SwaliError('RATE_LIMITED', { retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)) }));
    },
  });
}

/** Refuses what an account asks beside as much as its tier allows at the same time. */
function createConcurrency(tiers: Tiers, callerOf: (request: Request) => Caller | null): RequestHandler {
  const running = new Map<string, number>();
  return (request, response, next) => {
    const caller = callerOf(request);
    if (!caller) return next();
    const { subject, tier } = caller;
    const now = running.get(subject) ?? 0;
    if (now >= tiers.of(tier).concurrency) throw new SwaliError('RATE_LIMITED', { retryAfterS: 1 });
    running.set(subject, now + 1);
    response.once('close', () => {
      const left = (running.get(subject) ?? 1) - 1;
      if (left > 0) running.set(subject, left);
      else running.delete(subject);
    });
    next();
  };
}

/**
 * Makes the limits. Counts live in this process.
 *
 * @param enabled false lifts all limits (RATE_LIMIT=off)
 * @param tiers what accounts may ask
 */
export function createLimits(enabled: boolean, tiers: Tiers): Limits {
  return (limitClass, callerOf) => {
    if (!enabled) return [];
    const own = createWindow(limitClass, MINUTE_MS, LIMIT_CLASSES[limitClass], callerOf);
    if (limitClass !== 'ask') return [own];
    const tierOf = (request: Request) => tiers.of(callerOf(request)?.tier ?? '');
    return [
      own,
      createWindow('tier-minute', MINUTE_MS, (request) => tierOf(request).requestsPerMinute, callerOf),
      createWindow('tier-day', DAY_MS, (request) => tierOf(request).requestsPerDay, callerOf),
      createConcurrency(tiers, callerOf),
    ];
  };
}
