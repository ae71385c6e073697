import type { Translation } from '../domain/candidate.js';
import type { Dialect } from '../domain/dialect.js';
import { NO_METRICS, NO_TRACER } from '../domain/no-telemetry.js';
import type { Backoff, Clock, Logger, MakeGuard, Metrics, ModelBudget, Tracer } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { CompiledMetric } from '../policy/compile-metric.js';
import type { PrincipalView } from '../policy/view.js';
import { checkQuestion } from './check-question.js';
import { readFollowUp, withReading } from './conversations/read-follow-up.js';
import { countModelCalls } from './count-model-calls.js';
import { localDay } from './dates.js';
import { takeWhole } from './link/linked-schema.js';
import { type OfflineRequest, translateOffline } from './offline/translate-offline.js';
import { createOpenAiTranslate, type OpenAiSettings } from './openai.js';
import type { ReadSharedValues, TranslateRequest } from './request.js';
import { matchVerified, type VerifiedQuestion } from './verified.js';

/** A question in, a statement, a question back or a refusal out. */
export type Translate = (request: TranslateRequest) => Promise<Translation>;

/** Most columns whose shared values are read for one question. */
const MAX_SHARED_COLUMNS = 20;
/** Longest wait for all of them, in milliseconds. */
const SHARED_VALUES_TIMEOUT_MS = 2000;

export interface TranslateDeps {
  readonly dialect: Dialect;
  /** `auto`: the model where `openai` is given, and the offline translator when it fails. `openai`: never offline. `offline`: never a model. */
  readonly mode: 'auto' | 'openai' | 'offline';
  /** Null where no endpoint is configured. */
  readonly openai: OpenAiSettings | null;
  /** The verified questions that are open to this principal. */
  readonly verified: (principal: Principal) => readonly VerifiedQuestion[];
  /** Null: no values are read, and questions must state them exactly. */
  readonly readSharedValues?: ReadSharedValues | null;
  readonly clock: Clock;
  /** The figures that the data owner has defined and this principal may use. */
  readonly metrics: (view: PrincipalView) => readonly CompiledMetric[];
  /** ISO 4217 code in which a question may state amounts; null where the policy names none. */
  readonly currency: string | null;
  /** IANA name; decides what "today" is. */
  readonly timeZone: string;
  /** What the model may still cost a principal today, and what it has cost. */
  readonly budget: ModelBudget;
  readonly makeGuard: MakeGuard;
  /** Pauses before the model is asked again within one question. */
  readonly backoff: Backoff;
  readonly logger: Logger;
  /** Told of the model's calls and tokens. */
  readonly counts?: Pick<Metrics, 'modelCall' | 'modelTokens'>;
  readonly tracer?: Pick<Tracer, 'outgoing'>;
}

/**
 * Makes the translate stage: verified questions first, then the model, then the offline translator.
 *
 * @returns a function that throws SwaliError `TRANSLATE_QUESTION_INVALID`, `EXECUTE_CANCELLED`, `RATE_LIMITED` where the
 *   model's tokens of the day are spent and nobody goes on, `STORE_UNAVAILABLE` where they cannot be counted, and, in mode
 *   `openai`, `TRANSLATE_MODEL_UNAVAILABLE` and `TRANSLATE_MODEL_UNUSABLE`. A translator that needs no model is not asked twice:
 *   where its statement is among the feedback, the next one is tried.
 */
export function createTranslate(deps: TranslateDeps): Translate {
  const { counts = NO_METRICS, tracer = NO_TRACER } = deps;
  const { dialect, timeZone, budget, logger, makeGuard, backoff, clock } = deps;
  const parts = { dialect, timeZone, budget, logger, makeGuard, backoff, clock, metrics: counts, tracer };
  const model =
    deps.openai && deps.mode !== 'offline'
      ? countModelCalls(createOpenAiTranslate({ ...parts, settings: deps.openai }), counts)
      : null;

  /** False where the tokens of the day are spent and the offline translator goes on. @throws SwaliError `RATE_LIMITED` where nobody does */
  async function mayAskModel(principal: Principal): Promise<boolean> {
    const { tokens, whenSpent, renewsInS } = await deps.budget.left(principal);
    if (tokens > 0) return true;
    if (deps.mode === 'openai' || whenSpent === 'refuse') {
      throw new SwaliError('RATE_LIMITED', {
        detail: 'the language model’s tokens of the day are spent',
        retryAfterS: renewsInS,
      });
    }
    deps.logger.info({ subject: principal.subject }, 'the model’s tokens of the day are spent; answering offline');
    return false;
  }

  return async (asked) => {
    const request = { ...asked, question: checkQuestion(asked.question) };
    if (request.signal.aborted) throw new SwaliError('EXECUTE_CANCELLED');
    const today = localDay(deps.clock(), deps.timeZone);
    const verified = matchVerified(request.question, deps.verified(request.principal), today);
    if (verified && isNew(verified, request)) return verified;
    const sharedValues = await readValues(deps.readSharedValues ?? null, request);
    const metrics = deps.metrics(request.view);
    const known = { dialect: deps.dialect, currency: deps.currency, today, sharedValues, metrics };
    // A model reads the turns itself; everyone else is given the whole question.
    const readAs = readFollowUp(request, known);
    const whole = { ...request, question: readAs ?? request.question };
    const completed = readAs && matchVerified(readAs, deps.verified(request.principal), today);
    if (completed && isNew(completed, request)) return withReading(completed, readAs);
    if (model && (await mayAskModel(request.principal))) {
      try {
        return await model(request, today, { schema: takeWhole(request.view), sharedValues, metrics });
      } catch (error) {
        if (deps.mode === 'openai' || !isModelFailure(error)) throw error;
        deps.logger.warn({ code: error.code, cause: String(error.cause) }, 'the model failed; answering offline');
      }
    } else if (!model && deps.mode === 'openai') {
      throw new SwaliError('TRANSLATE_MODEL_UNAVAILABLE', { cause: 'no endpoint is configured' });
    }
    return withReading(answerOffline(whole, known), readAs);
  };
}

function answerOffline(
  request: TranslateRequest,
  known: Pick<OfflineRequest, 'dialect' | 'currency' | 'today' | 'sharedValues' | 'metrics'>,
): Translation {
  const { question, view, principal } = request;
  const found = translateOffline({ question, view, principal, ...known });
  if (isNew(found, request)) return found;
  return {
    kind: 'refused',
    message: 'I could not put this question into a statement that runs; please ask it differently.',
    choices: [],
    translator: 'offline',
    usage: { promptTokens: 0, completionTokens: 0 },
  };
}

/** False for a statement that has been refused already. */
function isNew(translation: Translation, request: TranslateRequest): boolean {
  return translation.kind !== 'sql' || request.feedback.every((each) => each.sql !== translation.candidate.sql);
}

function isModelFailure(error: unknown): error is SwaliError {
  return (
    error instanceof SwaliError &&
    (error.code === 'TRANSLATE_MODEL_UNAVAILABLE' || error.code === 'TRANSLATE_MODEL_UNUSABLE')
  );
}

/**
 * Reads shared values one column after the other, for as long as a question can wait for them; what is not there by then
 * is left out.
 */
async function readValues(
  read: ReadSharedValues | null,
  request: TranslateRequest,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const values = new Map<string, readonly string[]>();
  if (!read) return values;
  const shared = [...request.view.relations.values()].flatMap(({ relation, columns }) =>
    [...columns.values()]
      .filter((each) => each.shareValues && each.mask === null)
      .map((each) => ({ relation: relation.name, column: each.column.name })),
  );
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), SHARED_VALUES_TIMEOUT_MS);
  const limited = { ...request, signal: AbortSignal.any([request.signal, patience.signal]) };
  try {
    for (const { relation, column } of shared.slice(0, MAX_SHARED_COLUMNS)) {
      values.set(`${relation}.${column}`, await read(limited, relation, column));
    }
  } catch (error) {
    if (request.signal.aborted) throw new SwaliError('EXECUTE_CANCELLED', { cause: error });
    if (!patience.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return values;
}
