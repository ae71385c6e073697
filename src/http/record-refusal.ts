import type { Request } from 'express';
import type { Principal } from '../domain/principal.js';
import type { ErrorCode } from '../errors/catalogue.js';
import type { SwaliError } from '../errors/swali-error.js';
import type { Refusals } from './refusals.js';
import { contextOf } from './request-context.js';

/**
 * Refusals that say who may come in, and how often. Faults of form (`REQUEST_*`, an address that is not there) stand in the
 * log of the process alone.
 */
const DOOR_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'AUTH_REQUIRED',
  'AUTH_TOKEN_INVALID',
  'AUTH_CSRF_INVALID',
  'AUTH_SECOND_FACTOR_MISSING',
  'AUTH_PERMISSION_MISSING',
  'AUTH_ORIGIN_REFUSED',
  'RATE_LIMITED',
  'LIMITS_UNAVAILABLE',
]);

const callers = new WeakMap<Request, Principal>();
const recorded = new WeakSet<Request>();

/** Notes who sent a request, once that is proven, so that a refusal after it can say so. */
export function noteCaller(request: Request, principal: Principal): void {
  callers.set(request, principal);
}

/** Notes that a request has an audit record, so that its refusal needs none of its own. */
export function noteRecorded(request: Request): void {
  recorded.add(request);
}

/**
 * Puts a refusal on record that nothing else has put there. Says where by method and pattern of the path: what stood in the
 * path itself may be anything.
 */
export async function recordRefusal(request: Request, { code }: SwaliError, refusals: Refusals): Promise<void> {
  if (!DOOR_CODES.has(code) || recorded.has(request)) return;
  const { requestId, address, userAgent } = contextOf(request);
  const { subject = null, kind = null, tenant = null } = callers.get(request) ?? {};
  const route: unknown = request.route?.path;
  const endpoint = `${request.method} ${typeof route === 'string' ? route : '*'}`;
  await refusals.note({ requestId, address, userAgent, tenant, subject, kind, endpoint, code });
}
