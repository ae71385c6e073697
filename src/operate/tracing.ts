import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, Span as OtelSpan } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-node';
import type { Logger, OpenSpan, Span, Tracer } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';

/** Where spans go, and how many. */
export interface TracingOptions {
  /** Of the collector, e.g. `http://127.0.0.1:4318`; `/v1/traces` is added. */
  readonly endpoint: string;
  /** Sent with each batch, e.g. a key of the collector. */
  readonly headers: Readonly<Record<string, string>>;
  /** Share of requests that are followed where the caller does not say, 0–1. */
  readonly ratio: number;
  /** Whether the model's endpoint is told which trace a call belongs to. */
  readonly tellModel: boolean;
  readonly version: string;
  readonly logger: Logger;
}

/** A tracer whose spans are sent in batches, and can be sent at once. */
export interface ExportingTracer extends Tracer {
  /** Sends what waits, and ends. */
  close(): Promise<void>;
}

/** Longest wait for the collector, in milliseconds; answers never wait for it. */
const EXPORT_TIMEOUT_MS = 5000;

/** W3C Trace Context, version 00, as https://www.w3.org/TR/trace-context/ writes it. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** One for the process: each that is made and used once slows every promise of the process, for as long as it lives. */
const current = new AsyncLocalStorage<Context>();

/**
 * Follows requests by OpenTelemetry, sent as OTLP over HTTP. The packages are loaded here and not before: a gateway without
 * a collector does not pay for them.
 *
 * Nothing is registered globally: the current span is kept in a storage of our own, so that no other package adds spans with
 * attributes that we did not choose. Of the caller's context only `traceparent` is taken; `tracestate` and baggage could
 * say anything to whoever reads the traces.
 */
export async function openTracer(options: TracingOptions): Promise<ExportingTracer> {
  const [api, { W3CTraceContextPropagator }, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/core'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: { ...options.headers },
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new sdk.NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'swali', 'service.version': options.version }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(options.ratio) }),
    spanProcessors: [
      new sdk.BatchSpanProcessor(tellOutages(exporter, options.logger), { exportTimeoutMillis: EXPORT_TIMEOUT_MS }),
    ],
  });
  const tracer = provider.getTracer('swali', options.version);
  const propagator = new W3CTraceContextPropagator();
  const contextNow = (): Context => current.getStore() ?? api.ROOT_CONTEXT;

  const wrap = (span: OtelSpan, context: Context): OpenSpan => ({
    set: (attributes) => void span.setAttributes({ ...attributes }),
    fail(code) {
      span.setAttribute('error.type', code);
      span.setStatus({ code: api.SpanStatusCode.ERROR, message: code });
    },
    rename: (name) => void span.updateName(name),
    run: (work) => current.run(context, work),
    end: () => span.end(),
  });
  const open = (name: string, kind: number, parent: Context): OpenSpan => {
    const span = tracer.startSpan(name, { kind }, parent);
    return wrap(span, api.trace.setSpan(parent, span));
  };

  return {
    begin(name, traceparent) {
      const carrier = traceparent !== undefined && TRACEPARENT.test(traceparent) ? { traceparent } : {};
      const parent = propagator.extract(api.ROOT_CONTEXT, carrier, api.defaultTextMapGetter);
      return open(name, api.SpanKind.SERVER, parent);
    },
    async span<T>(name: string, work: (span: Span) => Promise<T>): Promise<T> {
      const span = open(name, api.SpanKind.INTERNAL, contextNow());
      try {
        return await span.run(() => work(span));
      } catch (error) {
        span.fail(error instanceof SwaliError ? error.code : 'INTERNAL');
        throw error;
      } finally {
        span.end();
      }
    },
    outgoing() {
      const carrier: Record<string, string> = {};
      if (options.tellModel) propagator.inject(contextNow(), carrier, api.defaultTextMapSetter);
      return carrier;
    },
    async close() {
      // What cannot be sent is lost, and that is no reason not to stop.
      await provider.shutdown().catch(() => options.logger.warn({}, 'the last traces could not be sent'));
    },
  };
}

/** Says once when the collector goes away, and once when it is back. */
function tellOutages(exporter: SpanExporter, logger: Logger): SpanExporter {
  let isAway = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.code !== 0;
        if (failed && !isAway) logger.warn({}, 'the collector of traces is away; traces are lost meanwhile');
        if (!failed && isAway) logger.info({}, 'the collector of traces is back');
        isAway = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}
