import { doubleCsrf } from 'csrf-csrf';
import type { Request, Response } from 'express';
import { SwaliError } from '../errors/swali-error.js';
import type { SessionCookies } from './session-cookies.js';

/** The header in which a page sends its CSRF token. */
export const CSRF_HEADER = 'x-csrf-token';

/** What came with a request, of what CSRF tokens are made of. */
interface Sent {
  readonly cookies: ReadonlyMap<string, string>;
  /** {@link CSRF_HEADER}; undefined where there was none. */
  readonly header?: string | undefined;
}

/** Tokens that show that a request was made by this gateway's own page, not by a foreign one that the browser was led to. */
export interface Csrf {
  /**
   * A token for a session: the one that the browser has already, where it is of that session, so that two windows do not
   * take it from each other.
   *
   * @returns the token for the page, and the `Set-Cookie` value of its other half
   */
  issue(session: string, sent: Pick<Sent, 'cookies'>): { readonly token: string; readonly cookie: string };
  /** @throws SwaliError `AUTH_CSRF_INVALID` where header and cookie are not one token, made here for that session */
  assertValid(session: string, sent: Sent): void;
}

/**
 * Signed double submit, as the OWASP cheat sheet on CSRF describes it: the token is random and carries an HMAC over it
 * and the session. A neighbour who can plant a cookie can neither make one nor use their own.
 *
 * @param deps.keys secrets of the HMAC: the first makes tokens, tokens of the others are good too
 */
export function createCsrf(deps: { readonly keys: readonly string[]; readonly cookies: SessionCookies }): Csrf {
  const { cookies } = deps;
  const { generateCsrfToken, validateRequest } = doubleCsrf({
    getSecret: () => [...deps.keys],
    getSessionIdentifier: (request) => (request as unknown as { session: string }).session,
    cookieName: cookies.names.csrf,
    getCsrfTokenFromRequest: (request) => request.headers[CSRF_HEADER],
  });
  /** What the package reads of a request, and no more. */
  const requestOf = (session: string, sent: Sent): Request =>
    ({
      session,
      cookies: Object.fromEntries(sent.cookies),
      headers: { [CSRF_HEADER]: sent.header },
    }) as unknown as Request;
  return Object.freeze({
    issue(session, sent) {
      // It sets the cookie itself; here answers carry theirs as values.
      const response = { cookie() {} } as unknown as Response;
      const token = generateCsrfToken(requestOf(session, sent), response);
      return { token, cookie: cookies.setCsrf(token) };
    },
    assertValid(session, sent) {
      if (!validateRequest(requestOf(session, sent))) throw new SwaliError('AUTH_CSRF_INVALID');
    },
  } satisfies Csrf);
}
