import type { Translation } from '../domain/candidate.js';
import type { Dialect } from '../domain/dialect.js';
import { NO_METRICS, NO_TRACER } from '../domain/no-telemetry.js';
import type { Backoff, Clock, Logger, MakeGuard, Metrics, ModelBudget, Tracer } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { CompiledMetric } from '../policy/compile-metric.js';
import type { PrincipalView } from '../policy/view.js';
import { checkQuestion } from './check-question.js';
import { countModelCalls } from './count-model-calls.js';
import { localDay } from './dates.js';
import { createLinkStep, DEFAULT_SCHEMA_TOKENS } from './link-step.js';
import { type OfflineRequest, translateOffline } from './offline/translate-offline.js';
import { createOpenAiTranslate, type OpenAiSettings } from './openai.js';
import type { ReadSharedValues, TranslateRequest } from './request.js';
import { matchVerified, type VerifiedQuestion } from './verified.js';

/** A question in, a statement, a question back or a refusal out. */
export type Translate = (request: TranslateRequest) => Promise<Translation>;

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
  /** Most tokens of the schema in a prompt; where absent, {@link DEFAULT_SCHEMA_TOKENS}. */
  readonly schemaTokens?: number;
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

  const linkStep = createLinkStep({
    readSharedValues: deps.readSharedValues ?? null,
    tokens: deps.schemaTokens ?? DEFAULT_SCHEMA_TOKENS,
  });

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
    const metrics = deps.metrics(request.view);
    if (model && (await mayAskModel(request.principal))) {
      try {
        return await model(request, today, await linkStep.forModel(request, metrics));
      } catch (error) {
        if (deps.mode === 'openai' || !isModelFailure(error)) throw error;
        deps.logger.warn({ code: error.code, cause: String(error.cause) }, 'the model failed; answering offline');
      }
    } else if (!model && deps.mode === 'openai') {
      throw new SwaliError('TRANSLATE_MODEL_UNAVAILABLE', { cause: 'no endpoint is configured' });
    }
    const known = { dialect: deps.dialect, currency: deps.currency, today, metrics };
    return answerOffline(request, { ...known, ...(await linkStep.forOffline(request, metrics)) });
  };
}

function answerOffline(request: TranslateRequest, known: Omit<OfflineRequest, 'question' | 'principal'>): Translation {
  const { question, principal } = request;
  const found = translateOffline({ question, principal, ...known });
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
