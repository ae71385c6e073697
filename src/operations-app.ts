import express, { type Express } from 'express';
import { NO_METRICS, NO_TRACER } from './domain/no-telemetry.js';
import type { Logger } from './domain/ports.js';
import { SwaliError } from './errors/swali-error.js';
import { createAuditWitness } from './http/audit-witness.js';
import type { ApiPorts } from './http/create-api-handler.js';
import { createCsrf } from './http/csrf.js';
import { createLimits } from './http/limits.js';
import { isMetricsTokenOf } from './http/metrics-token.js';
import { mountRoutes } from './http/mount-routes.js';
import { observeRequests } from './http/observe-requests.js';
import { answerProblems } from './http/problem.js';
import type { Refusals } from './http/refusals.js';
import { openContext } from './http/request-context.js';
import { createOperationsRoutes, type Operations } from './http/routes/operations-routes.js';
import { createProbeRoutes, type Probes } from './http/routes/probe-routes.js';
import { createSecurityHeaders } from './http/security-headers.js';
import { createSessionCookies } from './http/session-cookies.js';
import type { Tiers } from './identify/tiers.js';

/** What the operators' listener stands on. */
export interface OperationsAppDeps {
  readonly probes: Probes;
  readonly operations: Operations;
  /** Asked for where it is set; whoever reaches the listener may look where it is null. */
  readonly metricsToken: string | null;
  readonly logger: Logger;
  /** Where it is put on record who was turned away. */
  readonly refusals: Refusals;
  /** False where RATE_LIMIT is off. */
  readonly rateLimit: boolean;
  readonly tiers: Tiers;
}

/**
 * Wires the listener of OPERATIONS_PORT: probes, metrics and deep health, and nothing else. No account signs in here. Its
 * own requests are not counted: they would tell of who looks, not of what the gateway does.
 */
export function createOperationsApp(deps: OperationsAppDeps): Express {
  const cookies = createSessionCookies(false);
  const refuse = async (): Promise<never> => {
    throw new SwaliError('AUTH_TOKEN_INVALID');
  };
  const ports: ApiPorts = {
    tenancy: false,
    authenticate: refuse,
    sessionOf: async () => null,
    cookies,
    // Nothing here takes anything that a browser could be led to send.
    csrf: createCsrf({ keys: ['no cookie signs in at this listener'], cookies }),
    limits: createLimits({ enabled: deps.rateLimit, tiers: deps.tiers, redis: null, key: 'operations' }),
    isMetricsToken: isMetricsTokenOf(deps.metricsToken),
    witness: createAuditWitness({ append: refuse }),
  };
  const routes = [
    ...createProbeRoutes(deps.probes, ports),
    ...createOperationsRoutes(deps.operations, ports, deps.metricsToken === null),
  ];
  const patterns = new Set(routes.map(({ path }) => path));
  const { logger } = deps;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(openContext());
  app.use(
    observeRequests({
      logger,
      metrics: NO_METRICS,
      tracer: NO_TRACER,
      now: () => performance.now(),
      isRoute: (pattern) => patterns.has(pattern),
    }),
  );
  app.use(createSecurityHeaders({ https: false, preload: false, tls: false, trustProxy: 0 }));
  mountRoutes(app, routes);
  app.use(() => {
    throw new SwaliError('ROUTE_NOT_FOUND');
  });
  app.use(answerProblems(logger, deps.refusals));
  return app;
}
