import { z } from 'zod';
import { PRINCIPAL_KINDS } from '../../domain/principal.js';
import type { ChangePassword } from '../../identify/change-password.js';
import type { IssuedTokens, Login } from '../../identify/login.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

/** What every way in answers with. */
export const TOKENS = z.strictObject({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().positive(),
  refresh_token: z.string(),
});

const CREDENTIALS = z.strictObject({
  identifier: z.string().min(1).max(512),
  password: z.string().min(1).max(512),
  /** A code of the second factor, or a recovery code. */
  totp: z.string().min(1).max(64).optional(),
});

const REFRESH = z.strictObject({ refresh_token: z.string().min(1).max(512) });

/** `POST /v1/auth/{customer,employee,admin}/login`, `/v1/auth/refresh`, `/v1/auth/logout`, `/v1/auth/password`. Identify audits each. */
export function createAuthRoutes(login: Login, changePassword: ChangePassword, ports: ApiPorts): readonly ApiRoute[] {
  const logins = PRINCIPAL_KINDS.map((kind) =>
    createApiHandler(
      {
        method: 'POST',
        path: `/v1/auth/${kind}/login`,
        access: 'public',
        input: CREDENTIALS,
        output: TOKENS,
        limit: 'login',
        audit: 'login',
        handle: async ({ input, context }) => ({
          body: printTokens(await login.login(kind, input.identifier, input.password, context, input.totp)),
        }),
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
        access: 'public',
        input: REFRESH,
        output: TOKENS,
        limit: 'session',
        audit: 'session',
        handle: async ({ input, context }) => ({
          body: printTokens(await login.refresh(input.refresh_token, context)),
        }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/logout',
        access: 'public',
        input: REFRESH,
        output: z.strictObject({}),
        limit: 'session',
        audit: 'session',
        handle: async ({ input, context }) => {
          await login.logout(input.refresh_token, context);
          return { status: 204 as const, body: {} };
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

/** The tokens in the words of the interface. */
export function printTokens(tokens: IssuedTokens): z.input<typeof TOKENS> {
  return {
    access_token: tokens.accessToken,
    token_type: 'Bearer',
    expires_in: tokens.expiresInS,
    refresh_token: tokens.refreshToken,
  };
}
