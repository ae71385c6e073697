import type { Translation } from '../domain/candidate.js';
import type { Dialect } from '../domain/dialect.js';
import { NO_METRICS } from '../domain/no-telemetry.js';
import type { Clock, Logger, Metrics } from '../domain/ports.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { CompiledMetric } from '../policy/compile-metric.js';
import type { PrincipalView } from '../policy/view.js';
import type { TranslationCache } from './cache/translation-cache.js';
import { checkQuestion } from './check-question.js';
import { readFollowUp, withReading } from './conversations/read-follow-up.js';
import { localDay } from './dates.js';
import { createLinkStep, DEFAULT_SCHEMA_TOKENS } from './link-step.js';
import { isModelFailure } from './model-failures.js';
import { type OfflineRequest, translateOffline } from './offline/translate-offline.js';
import type { OpenAiTranslate } from './openai.js';
import { ProvidersFailedError, withTrace } from './providers/failover.js';
import { BudgetSpentError } from './providers/hold-budget.js';
import type { Providers } from './providers/open-providers.js';
import type { ReadSharedValues, TranslateRequest } from './request.js';
import { findVerified } from './verified/find-verified.js';
import type { VerifiedQuestion } from './verified.js';
import { withholdPersonalData } from './withhold-personal.js';
import { chooseExamples } from './write-examples.js';

/** A question in, a statement, a question back or a refusal out. */
export type Translate = (request: TranslateRequest) => Promise<Translation>;

export interface TranslateDeps {
  readonly dialect: Dialect;
  /** `auto`: the model where there are `providers`, and the offline translator when it fails. `openai`: never offline. `offline`: never a model. */
  readonly mode: 'auto' | 'openai' | 'offline';
  /** Null where no endpoint is configured, or none may be asked. */
  readonly providers: Pick<Providers, 'translate'> | null;
  /** False sends e-mail addresses, phone and card numbers of questions as they are; they stay where it is left out. */
  readonly withholdPersonal?: boolean;
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
  readonly logger: Logger;
  /** Told where a question goes on without a model. */
  readonly counts?: Pick<Metrics, 'modelFallback'>;
  /** Null: the model is asked each time. */
  readonly cache?: TranslationCache | null;
}

/**
 * Makes the translate stage: verified questions first, then the model, then the offline translator.
 *
 * @returns a function that throws SwaliError `TRANSLATE_QUESTION_INVALID`, `EXECUTE_CANCELLED`, `RATE_LIMITED` where the
 *   model's share of the day is spent and nobody goes on, `STORE_UNAVAILABLE` where they cannot be counted, and, in mode
 *   `openai`, `TRANSLATE_MODEL_UNAVAILABLE` and `TRANSLATE_MODEL_UNUSABLE`. A translator that needs no model is not asked twice:
 *   where its statement is among the feedback, the next one is tried.
 */
export function createTranslate(deps: TranslateDeps): Translate {
  const { dialect, counts = NO_METRICS } = deps;
  const keepIn = deps.cache?.wrap ?? ((translate: OpenAiTranslate) => translate);
  const model = deps.providers && deps.mode !== 'offline' ? keepIn(deps.providers.translate) : null;
  const ask = model && (deps.withholdPersonal ?? true) ? withholdPersonalData(model, dialect) : model;

  const linkStep = createLinkStep({
    readSharedValues: deps.readSharedValues ?? null,
    tokens: deps.schemaTokens ?? DEFAULT_SCHEMA_TOKENS,
  });

  /** Notes why the offline translator goes on. @returns who failed. @throws the error where nobody goes on */
  function goOffline(error: unknown, principal: Principal): readonly string[] {
    const isSpent = error instanceof BudgetSpentError && error.whenSpent === 'offline';
    if (deps.mode === 'openai' || !(isSpent || isModelFailure(error))) throw error;
    if (isSpent) {
      deps.logger.info({ subject: principal.subject }, 'the model’s share of the day is spent; answering offline');
      return [];
    }
    counts.modelFallback('offline');
    deps.logger.warn({ code: error.code, cause: String(error.cause) }, 'the model failed; answering offline');
    return error instanceof ProvidersFailedError ? error.failed : [];
  }

  return async (asked) => {
    const request = { ...asked, question: checkQuestion(asked.question) };
    if (request.signal.aborted) throw new SwaliError('EXECUTE_CANCELLED');
    const today = localDay(deps.clock(), deps.timeZone);
    const metrics = deps.metrics(request.view);
    const open = deps.verified(request.principal);
    const verified = findVerified(request, open, today, metrics);
    if (verified && isNew(verified, request)) return verified;
    const offline = { dialect: deps.dialect, currency: deps.currency, today, metrics };
    // A model reads the turns itself; everyone else is given the whole question.
    const readAs =
      request.turns.length === 0
        ? null
        : readFollowUp(request, { ...offline, ...(await linkStep.forOffline(request, metrics)) });
    const whole = { ...request, question: readAs ?? request.question };
    const completed = readAs === null ? null : findVerified(whole, open, today, metrics);
    if (completed && isNew(completed, request)) return withReading(completed, readAs);
    let failed: readonly string[] = [];
    if (ask) {
      try {
        const examples = chooseExamples(request.question, open, request.view, deps.dialect, today);
        return await ask(request, today, { ...(await linkStep.forModel(request, metrics)), examples });
      } catch (error) {
        failed = goOffline(error, request.principal);
      }
    } else if (deps.mode === 'openai') {
      throw new SwaliError('TRANSLATE_MODEL_UNAVAILABLE', { cause: 'no endpoint is configured' });
    }
    const answer = withReading(
      answerOffline(whole, { ...offline, ...(await linkStep.forOffline(whole, metrics)) }),
      readAs,
    );
    return failed.length > 0
      ? withTrace(answer, { provider: 'offline', failed, cached: false, candidates: 1 })
      : answer;
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
