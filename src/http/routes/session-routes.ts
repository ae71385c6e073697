import { z } from 'zod';
import type { OwnSessions } from '../../identify/own-sessions.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

const SESSION = z.strictObject({
  id: z.string(),
  address: z.string(),
  user_agent: z.string(),
  created_at: z.iso.datetime(),
  last_used_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  current: z.boolean(),
});

const ANYBODY_SIGNED_IN = { permission: null, withoutSecondFactor: true } as const;

/**
 * `GET` and `DELETE /v1/auth/sessions`, `DELETE /v1/auth/sessions/:id`: an account's own sessions and no other's.
 * Identify audits each ending.
 */
export function createSessionRoutes(sessions: OwnSessions, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/v1/auth/sessions',
        access: ANYBODY_SIGNED_IN,
        input: z.strictObject({}),
        output: z.strictObject({ sessions: z.array(SESSION) }),
        limit: 'read',
        audit: null,
        handle: async ({ principal }) => {
          const living = await sessions.list(principal);
          return { body: { sessions: living.map(printSession) } };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: '/v1/auth/sessions',
        access: ANYBODY_SIGNED_IN,
        input: z.strictObject({ except: z.literal('current').optional() }),
        output: z.strictObject({}),
        limit: 'session',
        audit: 'session',
        handle: async ({ input, principal, context }) => {
          await sessions.endAll(principal, { exceptCurrent: input.except === 'current' }, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'DELETE',
        path: '/v1/auth/sessions/:id',
        access: ANYBODY_SIGNED_IN,
        input: z.strictObject({ id: z.string().min(1).max(64) }),
        output: z.strictObject({}),
        limit: 'session',
        audit: 'session',
        handle: async ({ input, principal, context }) => {
          await sessions.end(principal, input.id, context);
          return { status: 204 as const, body: {} };
        },
      },
      ports,
    ),
  ];
}

function printSession(session: Awaited<ReturnType<OwnSessions['list']>>[number]): z.input<typeof SESSION> {
  const time = (ms: number): string => new Date(ms).toISOString();
  return {
    id: session.id,
    address: session.address,
    user_agent: session.userAgent,
    created_at: time(session.createdAt),
    last_used_at: time(session.lastUsedAt),
    expires_at: time(session.expiresAt),
    current: session.current,
  };
}
