import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import type { CallOutcome, Clock, GuardRules } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';

/** Longest time for which an endpoint is left alone because it asked for that, in milliseconds. */
const LONGEST_WAIT_MS = 300_000;

/** A body that is no completion: a proxy's page, say. It may have cost tokens all the same. */
export class NoCompletion extends Error {
  override readonly name = 'NoCompletion';
  /** @param answer what came instead */
  constructor(
    readonly answer: unknown,
    cause: unknown,
  ) {
    super('the body is no completion', { cause });
  }
}

/** How the breaker of the model reads what an endpoint answers. @param clock for Retry-After in the form of a date */
export function describeModelRules(clock: Clock): GuardRules {
  return {
    judge: judgeFailure,
    refuse: (retryAfterS) =>
      new SwaliError('TRANSLATE_MODEL_UNAVAILABLE', { cause: 'the circuit is open', retryAfterS }),
    asksToWait(error) {
      if (!isOverloaded(error)) return null;
      const seconds = readRetryAfter(error, clock);
      return seconds === null ? null : Math.min(seconds * 1000, LONGEST_WAIT_MS);
    },
  };
}

/**
 * Time-outs, 5xx, 429, broken connections and bodies that are no completion say that the model is away. A 4xx is ours, and a
 * poor answer is the question's: neither may close the model to everybody.
 */
function judgeFailure(error: unknown): CallOutcome {
  if (error instanceof APIUserAbortError) return 'unknown';
  if (isTransient(error) || error instanceof SyntaxError || error instanceof NoCompletion) return 'away';
  return 'answered';
}

/** Whether the same request may go through a moment later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof APIUserAbortError) return false;
  if (error instanceof APIConnectionError) return true;
  const status = error instanceof APIError ? (error.status ?? 0) : 0;
  // 501 says that this form of the request is not known.
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

function isOverloaded(error: unknown): error is APIError {
  return error instanceof APIError && (error.status === 429 || error.status === 503);
}

/** Whether the endpoint worked on the request when it was given up, or has answered it without saying what that cost. */
export function mayHaveCost(error: unknown): boolean {
  return (
    error instanceof APIUserAbortError || error instanceof APIConnectionTimeoutError || error instanceof SyntaxError
  );
}

/** Whether somebody else may be asked instead: another provider, or nobody's model. */
export function isModelFailure(error: unknown): error is SwaliError {
  return (
    error instanceof SwaliError &&
    (error.code === 'TRANSLATE_MODEL_UNAVAILABLE' || error.code === 'TRANSLATE_MODEL_UNUSABLE')
  );
}

/** A failed call as one of our errors. @param caller whether they hung up */
export function explainFailure(error: unknown, caller: AbortSignal, clock: Clock): SwaliError {
  if (caller.aborted) return new SwaliError('EXECUTE_CANCELLED', { cause: error });
  if (error instanceof SwaliError) return error;
  // A body that claims to be JSON and is not surfaces as a SyntaxError of the client's own parsing.
  if (error instanceof SyntaxError || error instanceof NoCompletion)
    return new SwaliError('TRANSLATE_MODEL_UNUSABLE', { cause: error });
  const retryAfterS = readRetryAfter(error, clock);
  return new SwaliError('TRANSLATE_MODEL_UNAVAILABLE', {
    cause: error,
    ...(retryAfterS !== null ? { retryAfterS } : {}),
  });
}

/** Seconds of a Retry-After header, as a number or a date (RFC 9110 §10.2.3), at most an hour; null where there is none. */
export function readRetryAfter(error: unknown, clock: Clock): number | null {
  const header = error instanceof APIError ? error.headers?.get('retry-after')?.trim() : null;
  if (!header) return null;
  const date = /^[A-Za-z]{3}, /.test(header) ? Date.parse(header) : Number.NaN;
  const seconds = /^\d{1,9}(?:\.\d+)?$/.test(header) ? Number(header) : (date - clock()) / 1000;
  return Number.isNaN(seconds) ? null : Math.min(Math.max(0, Math.ceil(seconds)), 3600);
}
