import type { Candidate, Translation } from '../domain/candidate.js';
import type { Dialect } from '../domain/dialect.js';
import { NO_METRICS, NO_TRACER } from '../domain/no-telemetry.js';
import type { Backoff, Clock, Logger, MakeGuard, Metrics, ModelBudget, ModelCost, Tracer } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Day } from './dates.js';
import { describeModelRules, explainFailure, mayHaveCost, NoCompletion } from './model-failures.js';
import { estimateTokens, readUsage } from './model-usage.js';
import { askUntilThere, type Completion, createClient, writtenIn } from './providers/call-endpoint.js';
import { BEST_FORM, lesserForm, MAX_FORMS, type Message, writeBody } from './providers/endpoint-form.js';
import { addCost, holdBudget } from './providers/hold-budget.js';
import { costOf, FREE, type Prices } from './providers/prices.js';
import { readModelAnswer } from './read-model-answer.js';
import type { TranslateRequest } from './request.js';
import { type SchemaNotes, writeQuestionPrompt, writeSystemPrompt } from './write-prompt.js';

/** How to reach the model. */
export interface OpenAiSettings {
  /** Null where the endpoint wants none (Ollama, llama.cpp). */
  readonly apiKey: string | null;
  /** Null means OpenAI's own address. */
  readonly baseUrl: string | null;
  readonly model: string;
  /** Longest wait for one answer, retry included, in milliseconds. */
  readonly timeoutMs: number;
  /** Most tokens of one answer. */
  readonly maxOutputTokens: number;
  /** In the provenance and in metrics; `openai` where it is left out. */
  readonly name?: string;
  /** Where it works on what it is sent; null, or left out, where nobody says. */
  readonly region?: string | null;
  /** Nothing is charged where they are left out. */
  readonly prices?: Prices;
}

/** The name of a provider that has none. */
export const DEFAULT_PROVIDER = 'openai';

/** A translator that asks a model. */
export type OpenAiTranslate = (request: TranslateRequest, today: Day, known: SchemaNotes) => Promise<Translation>;

/** {@link OpenAiTranslate} of one provider, which may be given a nearer deadline than its own. */
export type AskProvider = (
  request: TranslateRequest,
  today: Day,
  known: SchemaNotes,
  deadline?: AbortSignal,
) => Promise<Translation>;

/**
 * Makes the translator that asks an OpenAI-compatible endpoint for a structured answer.
 *
 * An endpoint that rejects `response_format: json_schema` is asked in JSON mode, then in plain text; the same goes for
 * `max_tokens`, `temperature` and `store`. What it took is remembered for the life of the process. Where it is away for a moment
 * it is asked again after a pause, all within the time-out; where it stays away its circuit opens.
 *
 * @returns a function that throws SwaliError `TRANSLATE_MODEL_UNAVAILABLE` (down, refused, over quota, too slow; with
 *   `retryAfterS` where the provider or the breaker says when), `TRANSLATE_MODEL_UNUSABLE` (no JSON of the right form, cut off),
 *   `EXECUTE_CANCELLED` (the caller hung up), BudgetSpentError
 */
export function createOpenAiTranslate(deps: {
  readonly settings: OpenAiSettings;
  readonly dialect: Dialect;
  readonly timeZone: string;
  /** Told of every call that was answered, and of every one that was given up while the provider worked on it. */
  readonly budget: ModelBudget;
  readonly makeGuard: MakeGuard;
  /** Name of its circuit; `model` where it is left out. */
  readonly circuit?: string;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Pick<Metrics, 'modelTokens'>;
  /** Where it gives headers, the model's endpoint learns which request a call belongs to. */
  readonly tracer?: Pick<Tracer, 'outgoing'>;
}): AskProvider {
  const { settings, clock, backoff, metrics = NO_METRICS, tracer = NO_TRACER } = deps;
  const { name = DEFAULT_PROVIDER, prices = FREE } = settings;
  const guard = deps.makeGuard(deps.circuit ?? 'model', describeModelRules(clock));
  const client = createClient(settings);
  let form = BEST_FORM;

  return async (request, today, known, nearer) => {
    const messages = writeMessages(request, writeSystemPrompt(request.view, deps.dialect, known), today, deps.timeZone);
    const own = AbortSignal.timeout(settings.timeoutMs);
    const deadline = nearer ? AbortSignal.any([own, nearer]) : own;
    const prompt = messages.map(({ content }) => content).join('\n');
    const estimate = (completionTokens: number): ModelCost => {
      const promptTokens = estimateTokens(prompt);
      const money = costOf({ promptTokens, cachedPromptTokens: 0, completionTokens }, prices);
      return { tokens: promptTokens + completionTokens, money };
    };
    const hold = await holdBudget(deps.budget, request.principal, estimate(settings.maxOutputTokens));
    let spent: ModelCost | null = null;
    let attempt = form;
    try {
      for (let tried = 0; ; tried += 1) {
        let isCounted = false;
        try {
          const body = writeBody(settings, attempt, messages);
          const answer = await askUntilThere({
            client,
            body,
            headers: tracer.outgoing(),
            guard,
            backoff,
            clock,
            deadline,
            caller: request.signal,
          });
          const charged = readUsage(answer instanceof NoCompletion ? answer.answer : answer, prompt, writtenIn(answer));
          isCounted = true;
          const { promptTokens, completionTokens } = charged;
          metrics.modelTokens(name, promptTokens, completionTokens);
          spent = addCost(spent, { tokens: promptTokens + completionTokens, money: costOf(charged, prices) });
          if (answer instanceof NoCompletion) throw answer;
          if (attempt !== form)
            deps.logger.info({ ...attempt, provider: name }, 'the model’s endpoint takes this form');
          form = attempt;
          return readCompletion(answer, { promptTokens, completionTokens });
        } catch (error) {
          const lesser = tried + 1 < MAX_FORMS ? lesserForm(error, attempt) : null;
          if (!lesser) {
            // Whoever hangs up, or waits no longer, does not take back what was sent; nor does an answer that is cut off.
            if (!isCounted && mayHaveCost(error)) spent = addCost(spent, estimate(0));
            throw explainFailure(error, request.signal, clock);
          }
          attempt = lesser;
        }
      }
    } finally {
      await hold.settle(spent);
    }
  };
}

function writeMessages(request: TranslateRequest, system: string, today: Day, timeZone: string): readonly Message[] {
  const messages: Message[] = [
    { role: 'system', content: system },
    { role: 'user', content: writeQuestionPrompt(request.question, today, timeZone) },
  ];
  for (const { sql, code, message } of request.feedback) {
    messages.push(
      { role: 'assistant', content: JSON.stringify({ kind: 'sql', sql, message: null, choices: [] }) },
      { role: 'user', content: `That statement was not run. ${code}: ${message}\nAnswer again in the same form.` },
    );
  }
  return messages;
}

function readCompletion(completion: Completion, usage: Candidate['usage']): Translation {
  const choice = completion.choices[0]!;
  const refusal = choice.message.refusal?.trim();
  if (refusal) return { kind: 'refused', message: bounded(refusal), choices: [], translator: 'openai', usage };
  if (choice.finish_reason === 'length') {
    throw new SwaliError('TRANSLATE_MODEL_UNUSABLE', { cause: 'cut off at the token limit' });
  }
  const answer = readModelAnswer(choice.message.content ?? '');
  if (!answer) throw new SwaliError('TRANSLATE_MODEL_UNUSABLE', { cause: 'no JSON of the right form' });
  if (answer.kind === 'sql') {
    return {
      kind: 'sql',
      candidate: { sql: (answer.sql ?? '').trim(), translator: 'openai', slots: new Map(), usage },
    };
  }
  return {
    kind: answer.kind === 'clarify' ? 'clarify' : 'refused',
    message: bounded(answer.message ?? ''),
    choices: answer.choices
      .slice(0, 4)
      .map(bounded)
      .filter((choice) => choice !== ''),
    translator: 'openai',
    usage,
  };
}

/** A model's own words reach the caller as one line of plain text of bounded length. */
function bounded(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 500);
}
