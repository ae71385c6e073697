import { z } from 'zod';
import { EMPLOYEE_ROLES, PERMISSIONS, PRINCIPAL_KINDS, type Principal } from '../../domain/principal.js';
import { SwaliError } from '../../errors/swali-error.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

/**
 * `GET /v1/auth/me` and `GET /v1/auth/csrf`: what a page needs that is loaded anew, as it keeps nothing itself.
 *
 * @param readIdentifier what an account signs in with
 */
export function createOwnAccountRoutes(
  readIdentifier: (principal: Principal) => Promise<string>,
  ports: ApiPorts,
): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/auth/me',
        access: { permission: null, withoutSecondFactor: true },
        input: z.strictObject({}),
        output: z.strictObject({
          kind: z.enum(PRINCIPAL_KINDS),
          subject: z.string(),
          identifier: z.string(),
          role: z.enum(EMPLOYEE_ROLES).nullable(),
          tenant: z.string().nullable(),
          tier: z.string(),
          permissions: z.array(z.enum(PERMISSIONS)),
          lacks_second_factor: z.boolean(),
        }),
        limit: 'read',
        audit: null,
        handle: async ({ principal }) => {
          const { kind, subject, role, tenant, tier, permissions, lacksSecondFactor } = principal;
          return {
            body: {
              kind,
              subject,
              identifier: await readIdentifier(principal),
              role,
              tenant,
              tier,
              permissions: PERMISSIONS.filter((each) => permissions.has(each)),
              lacks_second_factor: lacksSecondFactor,
            },
          };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/auth/csrf',
        // By the refresh token, so that a page can ask for another access token after the last one has run out.
        access: 'refresh-token',
        input: z.strictObject({}),
        output: z.strictObject({ csrf_token: z.string() }),
        limit: 'read',
        audit: null,
        handle: async ({ context }) => {
          const refreshToken = ports.cookies.refreshOf(context.cookies);
          if (refreshToken === null) throw new SwaliError('AUTH_REQUIRED');
          const session = await ports.sessionOf(refreshToken);
          if (session === null) throw new SwaliError('AUTH_TOKEN_INVALID');
          const { token, cookie } = ports.csrf.issue(session, { cookies: context.cookies });
          return { body: { csrf_token: token }, cookies: [cookie] };
        },
      },
      ports,
    ),
  ];
}
