import { z } from 'zod';
import { PRINCIPAL_KINDS } from '../../domain/principal.js';
import type { ForgotPassword } from '../../identify/forgot-password.js';
import type { SetPasswordByLink } from '../../identify/set-password-by-link.js';
import { type ApiPorts, type ApiRoute, createApiHandler, TENANT_INPUT } from '../create-api-handler.js';

/** The token behind the # of a mailed link, and the password to be. */
const BY_LINK = z.strictObject({ token: z.string().min(1).max(512), password: z.string().min(1).max(512) });

const FORGOTTEN = z.strictObject({
  ...TENANT_INPUT,
  kind: z.enum(PRINCIPAL_KINDS),
  identifier: z.string().min(1).max(512),
});

const NOTHING = z.strictObject({});

/** `POST /v1/auth/invitations/accept`, `/v1/auth/password/forgot`, `/v1/auth/password/reset`. Identify audits each. */
export function createMailedLinkRoutes(
  setPasswordByLink: SetPasswordByLink,
  forgotPassword: ForgotPassword,
  ports: ApiPorts,
): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/invitations/accept',
        access: 'public',
        input: BY_LINK,
        output: NOTHING,
        limit: 'login',
        audit: 'invitation',
        handle: async ({ input, context }) => {
          await setPasswordByLink('invitation', input, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/password/forgot',
        access: 'public',
        tenant: 'named',
        input: FORGOTTEN,
        output: NOTHING,
        limit: 'login',
        audit: 'password',
        handle: async ({ input, context }) => {
          await forgotPassword(input.kind, input.identifier, context);
          return { status: 202 as const, body: {} };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/password/reset',
        access: 'public',
        input: BY_LINK,
        output: NOTHING,
        limit: 'login',
        audit: 'password',
        handle: async ({ input, context }) => {
          await setPasswordByLink('reset', input, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
  ];
}
