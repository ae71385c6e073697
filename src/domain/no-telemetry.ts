import type { Metrics, OpenSpan, Tracer } from './ports.js';

const nothing = (): void => undefined;

/** Counts nothing. */
export const NO_METRICS: Metrics = Object.freeze({
  request: nothing,
  stage: nothing,
  refusal: nothing,
  translation: nothing,
  modelTokens: nothing,
  modelCall: nothing,
  summary: nothing,
  modelFallback: nothing,
  cacheRead: nothing,
  auditAppend: () => nothing,
  auditBatch: nothing,
  alertSent: nothing,
  slowQuery: nothing,
  breakerState: nothing,
  shed: nothing,
  retry: nothing,
});

const NO_SPAN: OpenSpan = Object.freeze({
  set: nothing,
  fail: nothing,
  rename: nothing,
  end: nothing,
  run: <T>(work: () => T) => work(),
});

/** Follows nothing. */
export const NO_TRACER: Tracer = Object.freeze({
  begin: () => NO_SPAN,
  span: <T>(_name: string, work: (span: OpenSpan) => Promise<T>) => work(NO_SPAN),
  outgoing: () => ({}),
});
