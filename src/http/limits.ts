import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { SwaliError } from '../errors/swali-error.js';

/**
 * How often one caller may use endpoints of a class, per minute. `address` stands before everything and counts each
 * request of an address, so that guessing tokens is limited too; the other classes count by account once it is known.
 */
export const LIMIT_CLASSES = {
  address: 600,
  probe: 300,
  login: 20,
  session: 60,
  ask: 60,
  read: 240,
  manage: 120,
} as const satisfies Readonly<Record<string, number>>;

/** Key of {@link LIMIT_CLASSES}. */
export type LimitClass = keyof typeof LIMIT_CLASSES;

/** Counts a request of a caller; the middleware refuses with `RATE_LIMITED` and `Retry-After` what is too much. */
export type Limits = (
  limitClass: LimitClass,
  callerOf: (request: Parameters<RequestHandler>[0]) => string | null,
) => RequestHandler;

/**
 * Makes the limits. Counts live in this process.
 *
 * @param enabled false lifts all limits (RATE_LIMIT=off)
 */
export function createLimits(enabled: boolean): Limits {
  return (limitClass, callerOf) => {
    if (!enabled) return (_request, _response, next) => next();
    return rateLimit({
      windowMs: 60_000,
      limit: LIMIT_CLASSES[limitClass],
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      identifier: limitClass,
      keyGenerator: (request) => callerOf(request) ?? ipKeyGenerator(request.ip ?? 'unknown'),
      handler: (request, _response, next) => {
        const info = (request as { rateLimit?: { resetTime?: Date } }).rateLimit;
        const waitMs = (info?.resetTime?.getTime() ?? Date.now() + 60_000) - Date.now();
        next(new SwaliError('RATE_LIMITED', { retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)) }));
      },
    });
  };
}
