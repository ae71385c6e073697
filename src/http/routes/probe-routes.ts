import { z } from 'zod';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

/** What `GET /readyz` says: which of the things that answers need are there. Redis may fail in a process that is ready. */
export interface Probed {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, 'ok' | 'failing' | 'stopping'>>;
}

/** `GET /livez` (the process answers) and `GET /readyz` (store and source answer too). */
export function createProbeRoutes(readiness: () => Promise<Probed>, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/livez',
        access: 'public',
        input: z.looseObject({}),
        output: z.strictObject({ status: z.literal('ok') }),
        limit: 'probe',
        audit: null,
        handle: async () => ({ body: { status: 'ok' as const } }),
      },
      ports,
    ),
    createApiHandler(
      {
        method: 'GET',
        path: '/readyz',
        access: 'public',
        input: z.looseObject({}),
        output: z.strictObject({
          status: z.enum(['ready', 'not ready']),
          checks: z.record(z.string(), z.enum(['ok', 'failing', 'stopping'])),
        }),
        limit: 'probe',
        audit: null,
        handle: async () => {
          const { ready, checks } = await readiness();
          return ready
            ? { body: { status: 'ready' as const, checks } }
            : { status: 503 as const, body: { status: 'not ready' as const, checks } };
        },
      },
      ports,
    ),
  ];
}
