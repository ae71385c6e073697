import { z } from 'zod';
import { PRINCIPAL_KINDS } from '../../domain/principal.js';
import { SwaliError } from '../../errors/swali-error.js';
import type { ChangePassword } from '../../identify/change-password.js';
import type { Login } from '../../identify/login.js';
import { type ApiPorts, type ApiRoute, createApiHandler, TENANT_INPUT } from '../create-api-handler.js';
import { type HandOutTokens, printTokens, putIntoCookies, SESSION_FORM, SIGNED_IN } from '../hand-out-tokens.js';

const CREDENTIALS = z.strictObject({
  ...TENANT_INPUT,
  identifier: z.string().min(1).max(512),
  password: z.string().min(1).max(512),
  /** A code of the second factor, or a recovery code. */
  totp: z.string().min(1).max(64).optional(),
  session: SESSION_FORM,
});

/** Left out where the browser's cookie brings it. */
const REFRESH = z.strictObject({ refresh_token: z.string().min(1).max(512).optional() });

/** `POST /v1/auth/{customer,employee,admin}/login`, `/v1/auth/refresh`, `/v1/auth/logout`, `/v1/auth/password`. Identify audits each. */
export function createAuthRoutes(
  login: Login,
  changePassword: ChangePassword,
  handOut: HandOutTokens,
  ports: ApiPorts,
): readonly ApiRoute[] {
  /** The refresh token, and whether it came in a cookie. */
  function readRefreshToken(
    given: string | undefined,
    cookies: ReadonlyMap<string, string>,
  ): { readonly token: string; readonly isCookie: boolean } {
    const cookie = ports.cookies.refreshOf(cookies);
    if (given !== undefined && cookie !== null)
      throw new SwaliError('REQUEST_INVALID', { detail: 'the refresh token is in the body and in the cookie' });
    const token = given ?? cookie;
    if (token === null)
      throw new SwaliError('REQUEST_INVALID', { detail: 'refresh_token: is in neither body nor cookie' });
    return { token, isCookie: cookie !== null };
  }

  const logins = PRINCIPAL_KINDS.map((kind) =>
    createApiHandler(
      {
        method: 'POST',
        path: `/v1/auth/${kind}/login`,
        access: 'public',
        tenant: 'named',
        input: CREDENTIALS,
        output: SIGNED_IN,
        limit: 'login',
        audit: 'login',
        handle: ({ input, context }) =>
          handOut(input.session, context, () =>
            login.login(kind, input.identifier, input.password, context, input.totp),
          ),
      },
      ports,
    ),
  );
  return [
    ...logins,
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/refresh',
        access: 'refresh-token',
        input: REFRESH,
        output: SIGNED_IN,
        limit: 'session',
        audit: 'session',
        handle: async ({ input, context }) => {
          const { token, isCookie } = readRefreshToken(input.refresh_token, context.cookies);
          const tokens = await login.refresh(token, context);
          return isCookie ? putIntoCookies(tokens, context, ports) : { body: printTokens(tokens) };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/logout',
        access: 'refresh-token',
        input: REFRESH,
        output: z.strictObject({}),
        limit: 'session',
        audit: 'session',
        handle: async ({ input, context }) => {
          const { token, isCookie } = readRefreshToken(input.refresh_token, context.cookies);
          await login.logout(token, context);
          return { status: 204 as const, body: {}, cookies: isCookie ? ports.cookies.clear() : [] };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/password',
        access: { permission: null, withoutSecondFactor: true },
        input: z.strictObject({
          current_password: z.string().min(1).max(512),
          new_password: z.string().min(1).max(512),
        }),
        output: z.strictObject({}),
        limit: 'login',
        audit: 'password',
        handle: async ({ input, principal, context }) => {
          await changePassword(principal, { present: input.current_password, next: input.new_password }, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
  ];
}
