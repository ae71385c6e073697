import type { Answer } from './answer.js';
import type { ExportFormat } from './export.js';
import type { Principal } from './principal.js';
import type { Receipt } from './receipt.js';

/** Wall clock, passed in so that tests can set it. Milliseconds since 1970. */
export type Clock = () => number;

/** Structured log; implemented by operate/ (pino). Fields must hold no secret and no row value. */
export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What one question to the language model cost, or may cost at most. */
export interface ModelCost {
  /** Of prompt and answer together. */
  readonly tokens: number;
  /** Millionths of the currency that the prices are stated in; a whole number. */
  readonly money: number;
}

/** That the model may not be asked now, as the account has had its share of the day. */
export interface BudgetRefusal {
  /** Who answers instead: the offline translator, or nobody. */
  readonly whenSpent: 'offline' | 'refuse';
  /** False where the share is not spent, but held for questions of the account that are running. */
  readonly isSpent: boolean;
  /** Public: what is spent, of how much, and until when. */
  readonly detail: string;
  /** Seconds after which asking again makes sense. */
  readonly retryAfterS: number;
}

/** A part of an account's share of the day that is held for a question. */
export interface BudgetHold {
  /**
   * Counts what the question did cost, in the place of what was held for it. To be called once.
   *
   * @param cost null where nothing was answered, and nothing paid for
   * @throws SwaliError `STORE_UNAVAILABLE`; then all that was held stays counted
   */
  settle(cost: ModelCost | null): Promise<void>;
}

/** Counts what the language model costs; implemented by identify/ over the store. */
export interface ModelBudget {
  /**
   * Holds what a question may cost, where something of the day's share is left.
   *
   * @param most more than it will cost, as far as anybody can say before
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  reserve(principal: Principal, most: ModelCost): Promise<BudgetHold | BudgetRefusal>;
}

/** What a model is to write a short text about. */
export interface TextRequest {
  /** What it is to do; the same for every request. */
  readonly rules: string;
  /** Of the person who asked: data, never an instruction. */
  readonly question: string;
  /** What the text is about, as JSON: data too. */
  readonly data: string;
  readonly principal: Principal;
  readonly signal: AbortSignal;
}

/**
 * Has a model write a short text; implemented by translate/.
 *
 * @throws SwaliError `TRANSLATE_MODEL_UNAVAILABLE`, `TRANSLATE_MODEL_UNUSABLE`, `RATE_LIMITED` where the budget is spent,
 *   `EXECUTE_CANCELLED` where the asker has left
 */
export type WriteText = (request: TextRequest) => Promise<{
  /** As the model wrote it: untrusted. */
  readonly text: string;
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number };
}>;

/** `open`: calls are refused at once. `half-open`: one call is let through, and its outcome decides. */
export type CircuitState = 'closed' | 'open' | 'half-open';

/** What a failed call says of the thing that was called: it answered, it is away, or nothing (the caller hung up, say). */
export type CallOutcome = 'answered' | 'away' | 'unknown';

/** One thing outside the process that may be away, behind a circuit breaker; implemented by operate/. */
export interface Guarded {
  /**
   * Runs work on it, where it is not known to be away.
   *
   * @throws what the work throws, unchanged; the refusal of {@link GuardRules.refuse} while the circuit is open
   */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Counts a failure of something that no caller ran, such as a new connection of a pool. */
  note(error: unknown): void;
  /** It is known to be there again: the next call is let through. */
  retryNow(): void;
  state(): CircuitState;
  /** Calls that run now. */
  running(): number;
}

/** How the outcomes of one thing are read. */
export interface GuardRules {
  /** What an error says; errors of a caller's own making are `answered`. */
  readonly judge: (error: unknown) => CallOutcome;
  /** What callers get while it is away. @param retryAfterS seconds until it is tried again, 1 at least */
  readonly refuse: (retryAfterS: number) => Error;
  /** Milliseconds for which it asked to be left alone: then the circuit opens at once; null where it did not. */
  readonly asksToWait?: (error: unknown) => number | null;
  /** Longest pause before it is tried again, in milliseconds; default 30000. */
  readonly longestPauseMs?: number;
}

/** Makes the breaker of a thing; a name has one breaker. */
export type MakeGuard = (name: string, rules: GuardRules) => Guarded;

/** Milliseconds to wait before a further try: they grow, up to a bound, and are random so that callers do not come together. */
export type Backoff = (
  /** 1 before the second try. */
  failures: number,
) => number;

/** Requests that share places at the door: what reads the source, what takes passwords, and all else. */
export type AdmissionClass = 'ask' | 'sign-in' | 'other';

/** Keeps the door of the gateway; implemented by operate/. */
export interface Admission {
  /** @returns gives the place back; null where the request must be refused. A promise where it may have to wait a moment */
  enter(kind: AdmissionClass): (() => void) | null | Promise<(() => void) | null>;
  /**
   * A statement has been answered.
   *
   * @param key stands for the statement: requests of one key cost about the same
   * @param ms that the request took, without what it waited for the model
   */
  noteAnswer(key: string, ms: number): void;
  /** Requests in flight, for metrics. */
  inFlight(): Readonly<Record<AdmissionClass, number>>;
  /** Requests of the class `ask` that may be in flight now. */
  limit(): number;
}

/** What was handed out to whom, and why. */
export interface HandedOut {
  readonly requestId: string;
  readonly principal: Pick<Principal, 'subject' | 'kind' | 'tenant'>;
  /** Text of the candidate, whether the principal may see it or not. */
  readonly sql: string;
  /** What is the same where the same rules bind: the digest of the principal's view. */
  readonly policyDigest: string;
  /** As it will leave, but for its receipt and its times; of what left in parts, without the rows. */
  readonly answer: Answer;
}

/** Vouches for an answer with its rows; implemented by audit/. */
export type SignReceipt = (handedOut: HandedOut) => Receipt;

/** A receipt of what is handed out in parts. */
export interface RunningReceipt {
  /** As {@link Receipt.salt}; it may leave before the receipt does. */
  readonly salt: string;
  /** Of an answer, in order. */
  addRows(rows: Answer['rows']): void;
  /** Of a file, in order. */
  addText(text: string): void;
  /** Once, after the last part. */
  sign(handedOut: HandedOut): Receipt;
}

/** Begins to vouch for an answer of these columns, or for a file of this format; implemented by audit/. */
export type BeginReceipt = (
  of: { readonly columns: Answer['columns'] } | { readonly format: ExportFormat },
) => RunningReceipt;

/** What a pool lends out now. */
export interface PoolUse {
  /** e.g. `store`, or `source customer`; of a small fixed set. */
  readonly name: string;
  /** Members that exist, busy or not. */
  readonly size: number;
  readonly busy: number;
  /** Callers that wait for a member. */
  readonly waiting: number;
}

/** One served HTTP request. */
export interface ServedRequest {
  readonly method: string;
  /** The pattern of the route, e.g. `/v1/sessions/:id`, never the path; null where there is none. */
  readonly route: string | null;
  readonly status: number;
  readonly seconds: number;
}

/** How one call of the model ended. */
export type ModelOutcome = 'answered' | 'unusable' | 'unavailable' | 'cancelled';

/**
 * Counts what happens; implemented by operate/ (prom-client). Every name that is handed over comes from the code: never a
 * subject, a tenant, a question, a path or a value. Whatever is of no known form is counted as `other`. Never throws.
 */
export interface Metrics {
  request(served: ServedRequest): void;
  /** One run of a stage of an answer: `translate`, `seal`, `execute`, `answer`, `summary`, `receipt`, `rows`, `export` or `audit`. */
  stage(stage: string, seconds: number): void;
  /** @param code of the catalogue of errors */
  refusal(code: string): void;
  /** @param kind what the translation was: `sql`, `clarify` or `refused` */
  translation(translator: string, kind: string): void;
  /** @param provider its name of the settings */
  modelTokens(provider: string, prompt: number, completion: number): void;
  /** One question that was put to one provider. */
  modelCall(provider: string, outcome: ModelOutcome): void;
  /** A question went on because a provider failed. @param to name of the next one, or `offline` */
  modelFallback(to: string): void;
  /** What became of a sentence that a model was to write: taken, dropped for what it said, or not written. */
  summary(outcome: 'written' | 'dropped' | 'failed'): void;
  /** One look into a cache. */
  cacheRead(cache: string, hit: boolean): void;
  /** A record begins to wait for being durable. @returns to be called once, when it is or has failed */
  auditAppend(): () => void;
  /** One transaction that wrote records. */
  auditBatch(records: number, seconds: number): void;
  /** @param channel `webhook`, `mail` or `log` */
  alertSent(channel: string, delivered: boolean): void;
  slowQuery(kind: string): void;
  /** A breaker has gone into a state. @param breaker `model`, `model second`, `source`, `store`, `redis` … */
  breakerState(breaker: string, state: CircuitState): void;
  /** A request was turned away because there is too much to do. */
  shed(reason: string): void;
  /** Something was tried again. @param dependency as of a breaker */
  retry(dependency: string): void;
}

/** A value of a span: no question, no SQL, no claim, no row value. */
export type SpanValue = string | number | boolean;

/** One step of a trace. */
export interface Span {
  set(attributes: Readonly<Record<string, SpanValue>>): void;
  /** @param code of the catalogue of errors */
  fail(code: string): void;
}

/** A step that ends when it is told to. */
export interface OpenSpan extends Span {
  /** Gives it another name. */
  rename(name: string): void;
  /** Runs work so that spans begun in it are children of this one. */
  run<T>(work: () => T): T;
  end(): void;
}

/** Follows a request through its stages; implemented by operate/ (OpenTelemetry). Never throws. */
export interface Tracer {
  /**
   * Begins the span of a request.
   *
   * @param traceparent of the caller, as it came; what is no W3C trace context is passed over
   */
  begin(name: string, traceparent: string | undefined): OpenSpan;
  /** Runs work as a span under the current one; a SwaliError's code, or `INTERNAL`, becomes its status. */
  span<T>(name: string, work: (span: Span) => Promise<T>): Promise<T>;
  /** Headers that hand the current span on to the model; none where that is not switched on. */
  outgoing(): Readonly<Record<string, string>>;
}
