import { z } from 'zod';
import type { IssuedTokens, Login } from '../identify/login.js';
import type { ApiAnswer } from './create-api-handler.js';
import { assertOwnPage, type CallerPorts } from './read-caller.js';
import type { CallContext, RequestContext } from './request-context.js';

/** How a caller wants to be signed in: tokens in the answer's body, for programs; or cookies, for browsers. */
export const SESSION_FORM = z.enum(['token', 'cookie']).default('token');

/** The body of an answer that signs in. With cookies it holds no token but that against CSRF. */
export const SIGNED_IN = z.union([
  z.strictObject({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int().positive(),
    refresh_token: z.string(),
  }),
  z.strictObject({ expires_in: z.int().positive(), csrf_token: z.string() }),
]);

/** Answers with tokens, in the form that the caller wants. */
export type HandOutTokens = (
  form: z.output<typeof SESSION_FORM>,
  context: CallContext,
  issue: () => Promise<IssuedTokens>,
) => Promise<ApiAnswer<typeof SIGNED_IN>>;

type Ports = Pick<CallerPorts, 'cookies' | 'csrf'>;

/**
 * Makes the answers of whatever signs in. With cookies no foreign page may ask for it, which would sign somebody in as
 * somebody else; and the session that the browser had ends, so that nothing of it lives on unseen.
 *
 * @returns a function that throws SwaliError `AUTH_CSRF_INVALID` before anything is issued, and what issuing throws
 */
export function createHandOutTokens(ports: Ports, login: Pick<Login, 'logout'>): HandOutTokens {
  return async (form, context, issue) => {
    if (form === 'token') return { body: printTokens(await issue()) };
    assertOwnPage(context);
    const tokens = await issue();
    const replaced = ports.cookies.refreshOf(context.cookies);
    if (replaced !== null) await login.logout(replaced, context);
    return putIntoCookies(tokens, context, ports);
  };
}

/** An answer whose tokens stand in cookies alone. */
export function putIntoCookies(
  tokens: IssuedTokens,
  { cookies: sent }: RequestContext,
  { cookies, csrf }: Ports,
): ApiAnswer<typeof SIGNED_IN> {
  const { token, cookie } = csrf.issue(tokens.session, { cookies: sent });
  return {
    body: { expires_in: tokens.expiresInS, csrf_token: token },
    cookies: [...cookies.set(tokens), cookie],
  };
}

/** The body of an answer whose tokens stand in it. */
export function printTokens(tokens: IssuedTokens): z.input<typeof SIGNED_IN> {
  return {
    access_token: tokens.accessToken,
    token_type: 'Bearer',
    expires_in: tokens.expiresInS,
    refresh_token: tokens.refreshToken,
  };
}
