import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '../domain/ports.js';
import { CATALOGUE, type ErrorCode } from '../errors/catalogue.js';
import { SwaliError } from '../errors/swali-error.js';
import { endWithProblem } from './event-stream.js';
import { noteCode } from './observe-requests.js';
import { recordRefusal } from './record-refusal.js';
import type { Refusals } from './refusals.js';
import { contextOf } from './request-context.js';

/** An RFC 9457 problem document. Everything in it is public. */
export interface Problem {
  /** Relative address of the explanation of the code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly request_id: string;
}

/** Makes the problem document of an error. */
export function describeProblem(error: SwaliError, requestId: string): Problem {
  return {
    type: `/docs/errors#${error.code}`,
    title: CATALOGUE[error.code].sentence,
    status: error.status,
    code: error.code,
    detail: error.message,
    request_id: requestId,
  };
}

/**
 * The last handler: every error leaves as a problem document. What is not a {@link SwaliError} becomes `INTERNAL`; its
 * own words go to the log only. Who is turned away at the door is on record before they learn of it.
 */
export function answerProblems(logger: Logger, refusals: Refusals): ErrorRequestHandler {
  return async (thrown, request, response, _next) => {
    const { requestId } = contextOf(request);
    const error = toSwaliError(thrown);
    noteCode(response, error.code);
    // The line of each request says which route it was; what stands in a path may be a secret.
    const fields = { requestId, code: error.code, status: error.status, method: request.method };
    if (error.status >= 500) logger.error({ ...fields, error: error.cause ?? error }, 'request failed');
    else logger.info(fields, 'request refused');
    await recordRefusal(request, error, refusals);
    if (response.headersSent) {
      if (!endWithProblem(response, describeProblem(error, requestId))) response.destroy();
      return;
    }
    sendProblem(response, error, requestId);
  };
}

function sendProblem(response: Response, error: SwaliError, requestId: string): void {
  if (error.retryAfterS !== null) response.setHeader('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterS))));
  else if (error.status === 429 || error.status === 503) response.setHeader('Retry-After', '5');
  if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="swali"');
  response.setHeader('Cache-Control', 'no-store');
  response.status(error.status);
  response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  response.end(JSON.stringify(describeProblem(error, requestId)));
}

/** Express and its body reader throw errors of their own: known ones get a code, the rest is internal. */
function toSwaliError(thrown: unknown): SwaliError {
  if (thrown instanceof SwaliError) return thrown;
  if (thrown instanceof Error) {
    const type = 'type' in thrown ? thrown.type : null;
    const status = 'status' in thrown ? thrown.status : null;
    if (type === 'entity.too.large') return new SwaliError('REQUEST_TOO_LARGE', { cause: thrown });
    if (type === 'encoding.unsupported') return new SwaliError('REQUEST_UNSUPPORTED_MEDIA', { cause: thrown });
    if (type === 'request.aborted') return new SwaliError('EXECUTE_CANCELLED', { cause: thrown });
    if (status === 400) return new SwaliError('REQUEST_INVALID', { cause: thrown });
  }
  return new SwaliError('INTERNAL', { cause: thrown });
}
