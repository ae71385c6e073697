import { z } from 'zod';
import { SwaliError } from '../../errors/swali-error.js';
import { type ApiPorts, type ApiRoute, createApiHandler } from '../create-api-handler.js';

/** The text form of Prometheus, version 0.0.4; the character set is added. */
const PROMETHEUS = 'text/plain; version=0.0.4';

const CIRCUIT = z.enum(['closed', 'half-open', 'open']);

/** What `GET /healthz/deep` says. Nothing in it is about anybody's data. */
export const DEEP_HEALTH = z.strictObject({
  status: z.enum(['ok', 'degraded', 'failing', 'stopping']),
  uptime_s: z.number(),
  versions: z.record(z.string(), z.string()),
  dependencies: z.array(
    z.strictObject({
      name: z.string(),
      status: z.enum(['ok', 'failing']),
      optional: z.boolean(),
      latency_ms: z.number(),
    }),
  ),
  pools: z.array(z.strictObject({ name: z.string(), size: z.number(), busy: z.number(), waiting: z.number() })),
  event_loop: z.strictObject({ late_ms: z.number(), most_ms: z.number() }),
  model: z.strictObject({ configured: z.boolean(), circuit: CIRCUIT.nullable() }),
  circuits: z.record(z.string(), CIRCUIT),
  audit: z.strictObject({ waiting: z.number(), last_checkpoint_age_s: z.number().nullable() }),
});

/** What operators may look at. */
export interface Operations {
  deep(): Promise<z.input<typeof DEEP_HEALTH>>;
  /** Null where METRICS is off. */
  readonly scrape: (() => Promise<string>) | null;
}

/** Nothing to look at. */
export const NO_OPERATIONS: Operations = Object.freeze({
  deep: async () => {
    throw new SwaliError('ROUTE_NOT_FOUND');
  },
  scrape: null,
});

/** Who may look: on the gateway's own address by right or token; on the operators' listener anyone, or by token. */
const GUARDED = { permission: 'operations:read', metricsToken: true } as const;

/**
 * `GET /healthz/deep` and `GET /metrics`, for operators alone.
 *
 * @param isOpen true where whoever reaches the listener may look
 */
export function createOperationsRoutes(operations: Operations, ports: ApiPorts, isOpen = false): readonly ApiRoute[] {
  const access = isOpen ? ('public' as const) : GUARDED;
  const shared = { method: 'GET', access, input: z.looseObject({}), limit: 'probe', audit: null } as const;
  return [
    createApiHandler(
      {
        ...shared,
        path: '/healthz/deep',
        output: DEEP_HEALTH,
        handle: async () => {
          const body = await operations.deep();
          return body.status === 'failing' ? { status: 503 as const, body } : { body };
        },
      },
      ports,
    ),
    createApiHandler(
      {
        ...shared,
        path: '/metrics',
        output: z.string(),
        download: [PROMETHEUS],
        handle: async () => {
          if (operations.scrape === null) throw new SwaliError('ROUTE_NOT_FOUND');
          return { body: await operations.scrape(), download: { type: PROMETHEUS, name: 'metrics.txt' } };
        },
      },
      ports,
    ),
  ];
}
