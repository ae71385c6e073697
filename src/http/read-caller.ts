import type { Request, Response } from 'express';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { CSRF_HEADER, type Csrf } from './csrf.js';
import { noteCaller } from './record-refusal.js';
import { contextOf, type RequestContext } from './request-context.js';
import type { SessionCookies } from './session-cookies.js';

/** What tells who calls. */
export interface CallerPorts {
  /** @throws SwaliError `AUTH_TOKEN_INVALID` */
  readonly authenticate: (token: string) => Promise<Principal>;
  readonly cookies: SessionCookies;
  readonly csrf: Csrf;
  /** The living session of a refresh token, which is not used up by that; null where there is none. */
  readonly sessionOf: (refreshToken: string) => Promise<string | null>;
}

/** Methods that change nothing: what a foreign page has a browser send with them has no effect, and it cannot read the answer. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Who calls, by the access token of the `Authorization` header or of the browser's cookie. What comes with the cookie, the
 * browser may have been led to send: but for GET and HEAD it needs a CSRF token, and must not come from a foreign page. A
 * cookie that is no good is taken away, so that the browser can begin anew.
 *
 * @throws SwaliError `AUTH_REQUIRED`, `AUTH_TOKEN_INVALID`, `AUTH_CSRF_INVALID`, `REQUEST_INVALID` for a token in both
 */
export async function readCaller(request: Request, response: Response, ports: CallerPorts): Promise<Principal> {
  const context = contextOf(request);
  const header = request.get('authorization');
  const cookie = ports.cookies.accessOf(context.cookies);
  if (header !== undefined && cookie !== null) {
    throw new SwaliError('REQUEST_INVALID', { detail: 'the access token is in the header and in the cookie' });
  }
  if (cookie === null) {
    const principal = await ports.authenticate(readBearer(header));
    noteCaller(request, principal);
    return principal;
  }
  const isUnsafe = !SAFE_METHODS.has(request.method);
  if (isUnsafe) assertOwnPage(context);
  const { principal, session } = await readSignedIn(cookie, ports).catch((error: unknown) => {
    if (isTokenInvalid(error)) response.append('Set-Cookie', ports.cookies.clearAccess());
    throw error;
  });
  noteCaller(request, principal);
  if (isUnsafe) ports.csrf.assertValid(session, { cookies: context.cookies, header: request.get(CSRF_HEADER) });
  return principal;
}

/**
 * Guards what takes a refresh token, where the browser's cookie brings it: the same rules as for the access token, with
 * the session that the refresh token belongs to. One of no living session has nothing that is worth guarding.
 *
 * @throws SwaliError `AUTH_CSRF_INVALID`
 */
export async function guardRefreshCookie(request: Request, ports: CallerPorts): Promise<void> {
  const context = contextOf(request);
  const cookie = ports.cookies.refreshOf(context.cookies);
  if (cookie === null || SAFE_METHODS.has(request.method)) return;
  assertOwnPage(context);
  const session = await ports.sessionOf(cookie);
  if (session === null) return;
  ports.csrf.assertValid(session, { cookies: context.cookies, header: request.get(CSRF_HEADER) });
}

/**
 * Refuses what a page of another origin has a browser send.
 *
 * @throws SwaliError `AUTH_CSRF_INVALID`
 */
export function assertOwnPage({ fromForeignPage }: RequestContext): void {
  if (fromForeignPage) {
    throw new SwaliError('AUTH_CSRF_INVALID', { cause: new Error('the browser says that a foreign page sent it') });
  }
}

/** Whether an error says that a token is no good, so that a cookie with it should go. */
export function isTokenInvalid(error: unknown): boolean {
  return error instanceof SwaliError && error.code === 'AUTH_TOKEN_INVALID';
}

/** A key of a server has no session, and no place in a browser. */
async function readSignedIn(
  token: string,
  { authenticate }: CallerPorts,
): Promise<{ readonly principal: Principal; readonly session: string }> {
  const principal = await authenticate(token);
  const { session } = principal;
  if (session === null) throw new SwaliError('AUTH_TOKEN_INVALID', { cause: new Error('a key in a cookie') });
  return { principal, session };
}

/** The token of `Authorization: Bearer …`. */
function readBearer(header: string | undefined): string {
  if (header === undefined) throw new SwaliError('AUTH_REQUIRED');
  const token = /^Bearer ([A-Za-z0-9._~+/=-]{1,4096})$/i.exec(header)?.[1];
  if (token === undefined) throw new SwaliError('AUTH_TOKEN_INVALID');
  return token;
}
