import { z } from 'zod';
import type { ManageSecondFactor } from '../../identify/manage-second-factor.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

/** A code of the app, or a recovery code. */
const CODE = z.string().min(1).max(64);
const WITH_CODE = z.strictObject({ totp: CODE });
const RECOVERY_CODES = z.strictObject({ recovery_codes: z.array(z.string()) });

/** Open to those who must have a factor and have none, too: these set it up. */
const ACCESS = { permission: null, withoutSecondFactor: true } as const;

/**
 * `/v1/auth/second-factor`: the caller's own. Codes come in bodies, never in addresses, which land in logs. Identify
 * audits what changes anything.
 */
export function createSecondFactorRoutes(manage: ManageSecondFactor, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/auth/second-factor',
        access: ACCESS,
        input: z.strictObject({}),
        output: z.strictObject({ confirmed: z.boolean(), recovery_codes_left: z.int().nonnegative() }),
        limit: 'read',
        audit: null,
        handle: async ({ principal }) => {
          const { confirmed, recoveryCodesLeft } = await manage.readStatus(principal);
          return { body: { confirmed, recovery_codes_left: recoveryCodesLeft } };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/second-factor',
        access: ACCESS,
        input: z.strictObject({ totp: CODE.optional() }),
        output: z.strictObject({ secret: z.string(), uri: z.string(), qr: z.string() }),
        limit: 'login',
        audit: 'second-factor',
        handle: async ({ input, principal, context }) => ({
          body: await manage.enrol(principal, input.totp ?? null, context),
        }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/second-factor/confirm',
        access: ACCESS,
        input: WITH_CODE,
        output: RECOVERY_CODES,
        limit: 'login',
        audit: 'second-factor',
        handle: async ({ input, principal, context }) => ({
          body: { recovery_codes: [...(await manage.confirm(principal, input.totp, context))] },
        }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/second-factor/recovery-codes',
        access: ACCESS,
        input: WITH_CODE,
        output: RECOVERY_CODES,
        limit: 'login',
        audit: 'second-factor',
        handle: async ({ input, principal, context }) => ({
          body: { recovery_codes: [...(await manage.drawRecoveryCodes(principal, input.totp, context))] },
        }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/auth/second-factor/remove',
        access: ACCESS,
        input: WITH_CODE,
        output: z.strictObject({}),
        limit: 'login',
        audit: 'second-factor',
        handle: async ({ input, principal, context }) => {
          await manage.remove(principal, input.totp, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
  ];
}
