import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Admission, AdmissionClass } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import { describeProblem } from './problem.js';

/** What is answered however much there is to do: probes and figures, which say how it stands. */
const EXEMPT = /^\/(?:livez|readyz|healthz\/deep|metrics)(?:$|\?)/;
/** What runs statements on the source. */
const ASKING = /^\/v1\/(?:ask|sql|export)(?:$|[/?])/;
/** What hashes passwords, and what leads there. */
const SIGNING_IN = /^\/v1\/auth\/(?!refresh|logout|sessions)/;

/** Whoever is refused comes back after so many seconds, at random, so that they do not come back together. */
const RETRY_AFTER_S = 1;
const RETRY_SPREAD_S = 3;

/** Which places a request takes; null where it needs none. Exported for tests. */
export function classOf({ url = '/' }: Pick<IncomingMessage, 'url'>): AdmissionClass | null {
  if (EXEMPT.test(url)) return null;
  if (ASKING.test(url)) return 'ask';
  return SIGNING_IN.test(url) ? 'sign-in' : 'other';
}

/**
 * Puts a door before an app: what would be too much is refused with `OVERLOADED` before anything of it is read but its
 * headers.
 *
 * @param random 0 to 1, 1 excluded
 * @param onRefused told of each request that was refused
 */
export function createDoor(
  admission: Admission,
  random: () => number,
  app: RequestListener,
  onRefused: (kind: AdmissionClass) => void = () => undefined,
): RequestListener {
  const pass = (leave: () => void, request: IncomingMessage, response: ServerResponse): void => {
    response.once('close', leave);
    if (response.destroyed) leave();
    else app(request, response);
  };
  return (request, response) => {
    const kind = classOf(request);
    if (kind === null) return app(request, response);
    const entered = admission.enter(kind);
    const settle = (leave: (() => void) | null): void => {
      if (leave) pass(leave, request, response);
      else {
        onRefused(kind);
        refuse(response, RETRY_AFTER_S + Math.floor(random() * RETRY_SPREAD_S));
      }
    };
    if (entered instanceof Promise) void entered.then(settle);
    else settle(entered);
  };
}

function refuse(response: ServerResponse, retryAfterS: number): void {
  const requestId = randomUUID();
  const body = JSON.stringify(describeProblem(new SwaliError('OVERLOADED'), requestId));
  response.writeHead(503, {
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'Retry-After': String(retryAfterS),
    'X-Content-Type-Options': 'nosniff',
    'x-request-id': requestId,
  });
  response.end(body);
}
