import { z } from 'zod';
import { WIDGET_TOKEN_MAX_TTL_S, type WidgetTokens } from '../../identify/widget-tokens.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

/** `POST /v1/widget/tokens`: a site's server exchanges its key and a customer number. Identify audits each attempt. */
export function createWidgetRoutes(tokens: WidgetTokens, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'POST',
        path: '/v1/widget/tokens',
        access: { permission: 'widget:issue' },
        input: z.strictObject({
          customer_number: z.string().min(1).max(512),
          /** The only one of the key's origins that the token may be sent from. */
          origin: z.string().min(1).max(512).optional(),
          /** Seconds. */
          ttl: z.int().min(60).max(WIDGET_TOKEN_MAX_TTL_S).default(WIDGET_TOKEN_MAX_TTL_S),
        }),
        output: z.strictObject({
          token: z.string(),
          token_type: z.literal('Bearer'),
          expires_in: z.int().positive().max(WIDGET_TOKEN_MAX_TTL_S),
        }),
        limit: 'widget',
        audit: 'widget-token',
        handle: async ({ input, principal, context }) => {
          const { customer_number, origin, ttl } = input;
          const wanted = { customerNumber: customer_number, origin: origin ?? null, ttlS: ttl };
          const { token, expiresInS } = await tokens.issue(principal, wanted, context);
          return { body: { token, token_type: 'Bearer' as const, expires_in: expiresInS } };
        },
      },
      ports,
    ),
  ];
}
