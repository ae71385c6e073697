import { z } from 'zod';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

/** What `GET /readyz` says: which of the things that answers need are there. Redis may fail in a process that is ready. */
export interface Probed {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, 'ok' | 'failing' | 'stopping'>>;
}

/** What the probes ask. */
export interface Probes {
  isAlive(): boolean;
  readiness(): Promise<Probed>;
}

/**
 * `GET /livez` (the event loop comes round in time) and `GET /readyz` (what answers need is there). The first asks nobody:
 * a process must not be started anew because a database is away.
 */
export function createProbeRoutes(probes: Probes, ports: ApiPorts): readonly ApiRoute[] {
  return [
    createApiHandler(
      {
        method: 'GET',
        path: '/livez',
        access: 'public',
        input: z.looseObject({}),
        output: z.strictObject({ status: z.enum(['ok', 'late']) }),
        limit: 'probe',
        audit: null,
        handle: async () =>
          probes.isAlive()
            ? { body: { status: 'ok' as const } }
            : { status: 503 as const, body: { status: 'late' as const } },
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
          const { ready, checks } = await probes.readiness();
          return ready
            ? { body: { status: 'ready' as const, checks } }
            : { status: 503 as const, body: { status: 'not ready' as const, checks } };
        },
      },
      ports,
    ),
  ];
}
