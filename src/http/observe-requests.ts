import type { Request, RequestHandler, Response } from 'express';
import type { Logger, Metrics, Tracer } from '../domain/ports.js';
import { contextOf } from './request-context.js';

/** Status that stands for a caller who hung up before the answer was sent. */
const HUNG_UP = 499;

/** Routes that are asked all day: told only where they fail, or at the level `debug`. */
const QUIET: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics', '/healthz/deep']);

/** Codes of problem documents, by answer. */
const codes = new WeakMap<Response, string>();

/** What requests are observed with. */
export interface ObserveDeps {
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'request' | 'refusal'>;
  readonly tracer: Pick<Tracer, 'begin'>;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Whether a pattern is one that was mounted: what is not is nobody's route. */
  readonly isRoute: (pattern: string) => boolean;
}

/**
 * Counts, times and logs each request, and begins its trace. Of the request stand there its method and the pattern of its
 * route, never its path, query, headers or body. Must run right after the context is opened.
 */
export function observeRequests({ logger, metrics, tracer, now, isRoute }: ObserveDeps): RequestHandler {
  return (request, response, next) => {
    const { requestId } = contextOf(request);
    const { method, socket } = request;
    const span = tracer.begin(method, request.get('traceparent'));
    const beganAt = now();
    const sentBefore = socket.bytesWritten;
    response.once('close', () => {
      const route = patternOf(request, isRoute);
      const status = response.writableFinished ? response.statusCode : HUNG_UP;
      const code = codes.get(response) ?? null;
      const ms = now() - beganAt;
      metrics.request({ method, route, status, seconds: ms / 1000 });
      if (code !== null) metrics.refusal(code);
      const write = route !== null && QUIET.has(route) && status < 400 ? logger.debug : logger.info;
      const bytes = socket.bytesWritten - sentBefore;
      write({ requestId, method, route, status, code, durationMs: Math.round(ms * 1000) / 1000, bytes }, 'served');
      span.rename(route === null ? method : `${method} ${route}`);
      span.set({
        'http.request.method': method,
        'http.response.status_code': status,
        'swali.request_id': requestId,
        ...(route === null ? {} : { 'http.route': route }),
      });
      if (code !== null) span.fail(code);
      span.end();
    });
    span.run(next);
  };
}

/** Notes the code that an answer bears, for its count and its line in the log. */
export function noteCode(response: Response, code: string): void {
  codes.set(response, code);
}

/** Express leaves the last route that fitted, with its pattern as it was mounted. */
export function patternOf(request: Request, isRoute: (pattern: string) => boolean): string | null {
  const pattern: unknown = (request.route as { readonly path?: unknown } | undefined)?.path;
  return typeof pattern === 'string' && isRoute(pattern) ? pattern : null;
}
