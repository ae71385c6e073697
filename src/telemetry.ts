import type { Settings } from './config/settings.js';
import { NO_TRACER } from './domain/no-telemetry.js';
import type { Logger, Metrics, Tracer } from './domain/ports.js';
import type { Gateway } from './gateway.js';
import type { Operations } from './http/routes/operations-routes.js';
import { type CheckedDependency, createHealth, type Health } from './operate/health.js';
import { createLoopWatch, type LoopWatch } from './operate/loop-watch.js';
import { createMetrics, type ReadableMetrics, UNREAD_METRICS } from './operate/metrics.js';
import { readProgramVersion } from './operate/program-version.js';
import { createStateBoard, type StateBoard } from './operate/state-board.js';
import { openTracer } from './operate/tracing.js';
import type { Redis } from './store/redis.js';
import { pendingMigrations, type Store } from './store/store.js';

/** What counts and follows. */
export interface Telemetry {
  readonly version: string;
  /** To be handed to every part. */
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly board: StateBoard;
  readonly loop: LoopWatch;
  /** Null where METRICS is off. */
  readonly readable: ReadableMetrics | null;
  /** Sends the traces that still wait. */
  close(): Promise<void>;
}

/** What operators look at, and what it is made of. */
export interface Watched {
  readonly settings: Settings;
  readonly telemetry: Telemetry;
  readonly gateway: Gateway;
  readonly store: Store;
  readonly redis: Redis | null;
  /** When the last checkpoint of the audit log was made, in milliseconds since 1970; null before the first. */
  readonly lastCheckpointAt: () => number | null;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Begins to count, and to follow where a collector is set. */
export async function openTelemetry(settings: Settings, logger: Logger): Promise<Telemetry> {
  const version = readProgramVersion();
  const readable = settings.metrics ? createMetrics({ swali: version, node: process.versions.node }) : null;
  const board = createStateBoard(readable ?? UNREAD_METRICS);
  const exporting = settings.tracing === null ? null : await openTracer({ ...settings.tracing, version, logger });
  const loop = createLoopWatch();
  return {
    version,
    metrics: board.metrics,
    tracer: exporting ?? NO_TRACER,
    board,
    loop,
    readable,
    async close() {
      loop.stop();
      await exporting?.close();
    },
  };
}

/** Makes what answers the probes. */
export function createGatewayHealth({ settings, telemetry, gateway, store, redis }: Watched): Health {
  const checks = [
    { name: 'store', run: () => store.ping() },
    { name: 'source', run: () => gateway.source.ping() },
    { name: 'policy', run: () => assertHolds(gateway.policy.version !== '' && gateway.policy.relations.size > 0) },
    { name: 'migrations', run: async () => assertHolds((await pendingMigrations(store)).length === 0) },
    ...(redis ? [{ name: 'redis', run: () => redis.ping(), isOptional: true }] : []),
  ];
  return createHealth(checks, { loop: { lateMs: telemetry.loop.lateMs, mostMs: settings.eventLoopLateMs } });
}

async function assertHolds(holds: boolean): Promise<void> {
  if (!holds) throw new Error('it does not hold');
}

/** Makes what operators may look at. From now on metrics tell of the pools too. */
export function createOperations(watched: Watched, health: Health): Operations {
  const { settings, telemetry, gateway, store } = watched;
  const { readable, loop, board } = telemetry;
  const pools = () => [...gateway.source.poolUse(), store.poolUse()];
  const isSqlite = gateway.source.dialect === 'sqlite';
  readable?.watch({
    pools,
    sqliteChildren: () => (isSqlite ? gateway.source.poolUse().reduce((sum, { size }) => sum + size, 0) : null),
    loopLateMs: loop.lateMs,
  });
  const versions = {
    swali: telemetry.version,
    node: process.versions.node,
    source: `${gateway.source.dialect} ${gateway.source.serverVersion}`,
    store: store.dialect,
    policy: gateway.policy.version,
  };
  return {
    scrape: readable && (() => readable.scrape()),
    async deep() {
      const made = await health.measure();
      const signedAt = watched.lastCheckpointAt();
      const circuits = board.breakers();
      return {
        status: health.isStopping() ? 'stopping' : judge(made, health.isAlive()),
        uptime_s: Math.round(process.uptime()),
        versions,
        dependencies: made.map(({ name, ok, isOptional, latencyMs }) => ({
          name,
          status: ok ? ('ok' as const) : ('failing' as const),
          optional: isOptional,
          latency_ms: latencyMs,
        })),
        pools: pools(),
        event_loop: { late_ms: Math.round(loop.lateMs()), most_ms: settings.eventLoopLateMs },
        model: { configured: isModelSet(settings), circuit: circuits.model ?? null },
        circuits,
        audit: {
          waiting: board.auditWaiting(),
          last_checkpoint_age_s: signedAt === null ? null : Math.round((watched.clock() - signedAt) / 1000),
        },
      };
    },
  };
}

function judge(made: readonly CheckedDependency[], isAlive: boolean): 'ok' | 'degraded' | 'failing' {
  if (!isAlive || made.some(({ ok, isOptional }) => !ok && !isOptional)) return 'failing';
  return made.every(({ ok }) => ok) ? 'ok' : 'degraded';
}

function isModelSet({ translator, openaiApiKey, openaiBaseUrl }: Settings): boolean {
  return translator !== 'offline' && (openaiApiKey !== null || openaiBaseUrl !== null);
}
