import { CATALOGUE, type ErrorCode } from './catalogue.js';

/**
 * A refusal or failure with a stable code. `message` is the public sentence of the catalogue, optionally with a public
 * detail; `cause` is private: it goes to the log, never to the caller.
 */
export class SwaliError extends Error {
  override readonly name = 'SwaliError';
  readonly code: ErrorCode;
  /** HTTP status of the catalogue. */
  readonly status: number;
  /** Public: what and where, in words that say nothing about data outside the caller's slice. Null where the sentence suffices. */
  readonly detail: string | null;
  /** Seconds after which trying again makes sense; only for 429 and 503. */
  readonly retryAfterS: number | null;

  /**
   * @param code key of the catalogue
   * @param options.detail public detail, e.g. `at character 17`
   * @param options.cause private reason for the log
   */
  constructor(
    code: ErrorCode,
    options: { readonly detail?: string; readonly cause?: unknown; readonly retryAfterS?: number } = {},
  ) {
    const entry = CATALOGUE[code];
    super(options.detail ? `${entry.sentence} (${options.detail})` : entry.sentence, { cause: options.cause });
    this.code = code;
    this.status = entry.status;
    this.detail = options.detail ?? null;
    this.retryAfterS = options.retryAfterS ?? null;
  }
}
