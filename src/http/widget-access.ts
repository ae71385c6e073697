import type { Request, Response } from 'express';
import type { Permission, WidgetStanding } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';

/** How long a browser may keep the answer to a preflight, in seconds. It opens nothing: each request is judged anew. */
const PREFLIGHT_MAX_AGE_S = 600;

/** Says whether any living key lists an origin. */
export type IsListedOrigin = (origin: string) => Promise<boolean>;

/**
 * Refuses what a site's key or a page's token may not call: the key makes tokens and does nothing else, and a page
 * reaches the endpoints that state `widget`, from its own origins. Its answers, refusals after this included, are then
 * readable there.
 *
 * @throws SwaliError `AUTH_PERMISSION_MISSING`; `AUTH_ORIGIN_REFUSED` where the page's origin is another, or none is told
 */
export function assertWidgetMayCall(
  { part, origins }: WidgetStanding,
  endpoint: { readonly permission: Permission | null; readonly widget: boolean },
  request: Request,
  response: Response,
): void {
  if (part === 'issuer') {
    if (endpoint.permission !== 'widget:issue') throw new SwaliError('AUTH_PERMISSION_MISSING');
    return;
  }
  if (!endpoint.widget) throw new SwaliError('AUTH_PERMISSION_MISSING');
  const origin = request.get('origin');
  if (origin === undefined || !origins.includes(origin)) throw new SwaliError('AUTH_ORIGIN_REFUSED');
  openTo(response, origin);
  response.setHeader('Access-Control-Expose-Headers', 'retry-after, x-request-id');
}

/**
 * Answers a preflight of an endpoint that pages may call. It carries no token, so it is open to the origins of all living
 * keys; without an origin it says which methods there are.
 *
 * @param methods those that pages may call
 * @param allowed all of the address, for `Allow`
 * @throws SwaliError `AUTH_ORIGIN_REFUSED` for an origin that no living key lists, `STORE_UNAVAILABLE`
 */
export async function answerPreflight(
  request: Request,
  response: Response,
  { methods, allowed }: { readonly methods: readonly string[]; readonly allowed: string },
  isListedOrigin: IsListedOrigin,
): Promise<void> {
  response.vary('Origin');
  const origin = request.get('origin');
  if (origin !== undefined) {
    if (!(await isListedOrigin(origin))) throw new SwaliError('AUTH_ORIGIN_REFUSED');
    openTo(response, origin);
    response.setHeader('Access-Control-Allow-Methods', methods.join(', '));
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type');
    response.setHeader('Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE_S));
  }
  response.setHeader('Allow', allowed);
  response.setHeader('Cache-Control', 'no-store');
  response.status(204).end();
}

/** Lets pages of one origin read the answer. No cookie comes along: who asks is told by the token alone. */
function openTo(response: Response, origin: string): void {
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
}
