import { collectDefaultMetrics, Registry } from 'prom-client';
import { NO_METRICS } from '../domain/no-telemetry.js';
import type { CircuitState, Metrics, PoolUse } from '../domain/ports.js';
import { PRINCIPAL_KINDS } from '../domain/principal.js';
import { CATALOGUE } from '../errors/catalogue.js';
import { createBoundName, listNames, OTHER } from './bounded-name.js';
import { makeMetricTable } from './metric-table.js';

/** What is read when somebody looks. */
export interface MetricReadings {
  /** Pools of source and store. */
  readonly pools: () => readonly PoolUse[];
  /** Children that read a SQLite source; null where the source is a server. */
  readonly sqliteChildren: () => number | null;
  /** Longest lateness of the event loop in the last seconds, in milliseconds. */
  readonly loopLateMs: () => number;
}

/** Metrics that can be read. */
export interface ReadableMetrics extends Metrics {
  /** From now on each scrape reads these too. */
  watch(readings: MetricReadings): void;
  /** Everything, in the text form of Prometheus. */
  scrape(): Promise<string>;
  /** Names of all metrics, those of process and Node too. */
  names(): readonly string[];
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const STAGES = ['translate', 'seal', 'execute', 'answer', 'summary', 'receipt', 'rows', 'export', 'audit'];
const TRANSLATORS = ['verified', 'openai', 'offline', 'caller'];
const LEVELS: Readonly<Record<CircuitState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/** Names that the code gives to its own parts. */
const NAME = /^[a-z][a-z0-9 +_-]{0,47}$/;
const MOST_NAMES = 32;
const ROUTE = /^\/[\w/.:{}*-]{0,127}$/;
const MOST_ROUTES = 200;

/** Metrics by prom-client, in a registry of their own. */
export function createMetrics(versions: { readonly swali: string; readonly node: string }): ReadableMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const table = makeMetricTable(registry);
  table.build.set({ version: versions.swali, node: versions.node }, 1);
  const methodOf = listNames(METHODS);
  const stageOf = listNames(STAGES);
  const codeOf = listNames(Object.keys(CATALOGUE));
  const translatorOf = listNames(TRANSLATORS);
  const translationOf = listNames(['sql', 'clarify', 'refused']);
  const kindOf = listNames(PRINCIPAL_KINDS);
  const outcomeOf = listNames(['answered', 'unusable', 'unavailable', 'cancelled']);
  const summaryOf = listNames(['written', 'dropped', 'failed']);
  const channelOf = listNames(['webhook', 'mail', 'log']);
  const routeOf = createBoundName(ROUTE, MOST_ROUTES);
  const providerOf = createBoundName(NAME, MOST_NAMES);
  const cacheOf = createBoundName(NAME, MOST_NAMES);
  const poolOf = createBoundName(NAME, MOST_NAMES);
  const dependencyOf = createBoundName(NAME, MOST_NAMES);
  const reasonOf = createBoundName(NAME, MOST_NAMES);
  let readings: MetricReadings | null = null;

  function read({ pools, sqliteChildren, loopLateMs }: MetricReadings): void {
    for (const { name, size, busy, waiting } of pools()) {
      for (const [state, count] of Object.entries({ size, busy, waiting })) {
        table.pools.set({ pool: poolOf(name), state }, count);
      }
    }
    const children = sqliteChildren();
    if (children !== null) table.sqliteChildren.set(children);
    table.loopLate.set(loopLateMs() / 1000);
  }

  return {
    request({ method, route, status, seconds }) {
      const labels = { method: methodOf(method), route: route === null ? OTHER : routeOf(route) };
      table.requests.inc({ ...labels, status: statusClass(status) });
      table.requestSeconds.observe(labels, seconds);
    },
    stage: (stage, seconds) => table.stageSeconds.observe({ stage: stageOf(stage) }, seconds),
    refusal: (code) => table.refusals.inc({ code: codeOf(code) }),
    translation: (translator, kind) =>
      table.translations.inc({ translator: translatorOf(translator), kind: translationOf(kind) }),
    modelTokens(name, prompt, completion) {
      const provider = providerOf(name);
      table.modelTokens.inc({ provider, kind: 'prompt' }, countOf(prompt));
      table.modelTokens.inc({ provider, kind: 'completion' }, countOf(completion));
    },
    modelCall: (provider, outcome) =>
      table.modelCalls.inc({ provider: providerOf(provider), outcome: outcomeOf(outcome) }),
    modelFallback: (to) => table.modelFallbacks.inc({ to: providerOf(to) }),
    summary: (outcome) => table.summaries.inc({ outcome: summaryOf(outcome) }),
    cacheRead: (cache, hit) => table.cacheReads.inc({ cache: cacheOf(cache), outcome: hit ? 'hit' : 'miss' }),
    auditAppend() {
      table.auditWaiting.inc();
      const end = table.auditAppendSeconds.startTimer();
      return () => {
        table.auditWaiting.dec();
        end();
      };
    },
    auditBatch(records, seconds) {
      table.auditBatchRecords.observe(records);
      table.auditBatchSeconds.observe(seconds);
    },
    alertSent: (channel, delivered) =>
      table.alerts.inc({ channel: channelOf(channel), outcome: delivered ? 'delivered' : 'failed' }),
    slowQuery: (kind) => table.slowQueries.inc({ kind: kindOf(kind) }),
    breakerState(name, state) {
      const breaker = dependencyOf(name);
      const known = Object.hasOwn(LEVELS, state);
      if (known) table.breakerStates.set({ breaker }, LEVELS[state]);
      table.breakerChanges.inc({ breaker, state: known ? state : OTHER });
    },
    shed: (reason) => table.sheds.inc({ reason: reasonOf(reason) }),
    retry: (dependency) => table.retries.inc({ dependency: dependencyOf(dependency) }),
    watch(given) {
      readings = given;
    },
    async scrape() {
      if (readings) read(readings);
      return registry.metrics();
    },
    names: () => registry.getMetricsAsArray().map(({ name }) => name),
  } satisfies ReadableMetrics;
}

/** Counts nothing, and says so to whoever looks. */
export const UNREAD_METRICS: ReadableMetrics = Object.freeze({
  ...NO_METRICS,
  watch: () => undefined,
  scrape: async () => '',
  names: () => [],
});

function statusClass(status: number): string {
  return status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : OTHER;
}

/** A counter takes no negative number, and what a provider states may be anything. */
function countOf(tokens: number): number {
  return Number.isFinite(tokens) && tokens > 0 ? tokens : 0;
}
