import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Bounds of durations in seconds: from a cached plan to the longest statement. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Bounds of what waits for a disk. */
const SHORT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const RECORDS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/**
 * Makes every metric of our own in a registry. docs/observability.md lists them; a test compares the two.
 *
 * @param registry not the global one, so that several gateways of one process count for themselves
 */
export function makeMetricTable(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter<Label>({ name, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge<Label>({ name, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly Label[] = [],
  ) => new Histogram<Label>({ name, help, labelNames, buckets, registers });
  return {
    requests: counter('swali_http_requests_total', 'HTTP requests served.', ['method', 'route', 'status']),
    requestSeconds: histogram('swali_http_request_duration_seconds', 'Time from request to end of answer.', SECONDS, [
      'method',
      'route',
    ]),
    stageSeconds: histogram('swali_stage_duration_seconds', 'Time of one stage of an answer.', SECONDS, ['stage']),
    refusals: counter('swali_refusals_total', 'Requests that ended with an error code.', ['code']),
    translations: counter('swali_translations_total', 'Translations, by who made them and what they are.', [
      'translator',
      'kind',
    ]),
    modelTokens: counter('swali_model_tokens_total', 'Tokens of language models, in prompts and answers.', [
      'provider',
      'kind',
    ]),
    modelCalls: counter('swali_model_calls_total', 'Questions put to a provider of a language model, by outcome.', [
      'provider',
      'outcome',
    ]),
    modelFallbacks: counter('swali_model_fallbacks_total', 'Questions that went on after a provider failed.', ['to']),
    summaries: counter('swali_summaries_total', 'Sentences that the model was to write, by outcome.', ['outcome']),
    cacheReads: counter('swali_cache_reads_total', 'Looks into a cache, by outcome: hit or miss.', [
      'cache',
      'outcome',
    ]),
    pools: gauge('swali_pool_connections', 'Members of a pool: size, busy; callers that are waiting.', [
      'pool',
      'state',
    ]),
    sqliteChildren: gauge('swali_sqlite_children', 'Child processes that read a SQLite source.', []),
    breakerStates: gauge('swali_breaker_state', 'Circuit breakers: 0 closed, 1 half-open, 2 open.', ['breaker']),
    breakerChanges: counter('swali_breaker_changes_total', 'Changes of a circuit breaker, by the new state.', [
      'breaker',
      'state',
    ]),
    sheds: counter('swali_shed_total', 'Requests turned away because there was too much to do.', ['reason']),
    retries: counter('swali_retries_total', 'What was tried again, by dependency.', ['dependency']),
    auditWaiting: gauge('swali_audit_waiting', 'Audit records that wait for being durable.', []),
    auditAppendSeconds: histogram(
      'swali_audit_append_duration_seconds',
      'Time until an audit record is durable.',
      SHORT_SECONDS,
    ),
    auditBatchRecords: histogram('swali_audit_batch_records', 'Audit records of one transaction.', RECORDS),
    auditBatchSeconds: histogram(
      'swali_audit_batch_duration_seconds',
      'Time of one transaction of records.',
      SHORT_SECONDS,
    ),
    alerts: counter('swali_alerts_sent_total', 'Alerts, by channel and outcome: delivered or failed.', [
      'channel',
      'outcome',
    ]),
    slowQueries: counter('swali_slow_queries_total', 'Statements that took longer than SLOW_QUERY_MS.', ['kind']),
    loopLate: gauge('swali_event_loop_late_seconds', 'Longest lateness of the event loop in the last seconds.', []),
    build: gauge('swali_build_info', 'Always 1; what runs is in the labels.', ['version', 'node']),
  };
}
