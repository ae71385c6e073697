import { NO_METRICS, NO_TRACER } from '../../domain/no-telemetry.js';
import type { Backoff, Clock, Logger, MakeGuard, Metrics, ModelBudget, ModelCost, Tracer } from '../../domain/ports.js';
import type { Principal } from '../../domain/principal.js';
import { describeModelRules, explainFailure, mayHaveCost, NoCompletion } from '../model-failures.js';
import { estimateTokens, readUsage } from '../model-usage.js';
import type { Message } from '../write-messages.js';
import { askUntilThere, type Completion, createClient, writtenIn } from './call-endpoint.js';
import { BEST_FORM, lesserForm, MAX_FORMS, writeBody } from './endpoint-form.js';
import { addCost, holdBudget } from './hold-budget.js';
import { costOf, FREE, type Prices } from './prices.js';

/** How to reach one provider of a model. */
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
  /** Answers asked for to one question, so that their results can be compared; 1 where it is left out. */
  readonly candidates?: number;
  /** In the provenance and in metrics; `openai` where it is left out. */
  readonly name?: string;
  /** Where it works on what it is sent; null, or left out, where nobody says. */
  readonly region?: string | null;
  /** Nothing is charged where they are left out. */
  readonly prices?: Prices;
}

/** The name of a provider that has none. */
export const DEFAULT_PROVIDER = 'openai';

/** One thing that a model is to write. */
export interface Task<Read> {
  readonly messages: readonly Message[];
  /** `translation`: JSON of one form, as far as the endpoint can be held to it. */
  readonly answers: 'translation' | 'text';
  /** Answers asked for at once, 1 or more; an endpoint may give fewer. */
  readonly wanted: number;
  /** Whether the answers are to differ. */
  readonly isSampled: boolean;
  /** Most tokens of one answer. */
  readonly maxOutputTokens: number;
  /** Whose budget it is. */
  readonly principal: Principal;
  readonly caller: AbortSignal;
  readonly deadline: AbortSignal;
  /** Reads what came; what it throws is the outcome. */
  readonly read: (completion: Completion, usage: { promptTokens: number; completionTokens: number }) => Read;
}

/** Has one provider write something. */
export type Complete = <Read>(task: Task<Read>) => Promise<Read>;

/**
 * Makes the way to one endpoint.
 *
 * An endpoint that rejects `response_format: json_schema` is asked in JSON mode, then in plain text; the same goes for
 * `max_tokens`, `temperature`, `n` and `store`. What it took is remembered for the life of the process. Where it is away for a
 * moment it is asked again after a pause, all within the deadline; where it stays away its circuit opens.
 *
 * @returns a function that throws SwaliError `TRANSLATE_MODEL_UNAVAILABLE` (down, refused, over quota, too slow; with
 *   `retryAfterS` where the provider or the breaker says when), `TRANSLATE_MODEL_UNUSABLE`, `EXECUTE_CANCELLED` (the caller
 *   hung up), BudgetSpentError
 */
export function createComplete(deps: {
  readonly settings: OpenAiSettings;
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
}): Complete {
  const { settings, clock, backoff, metrics = NO_METRICS, tracer = NO_TRACER } = deps;
  const { name = DEFAULT_PROVIDER, prices = FREE } = settings;
  const guard = deps.makeGuard(deps.circuit ?? 'model', describeModelRules(clock));
  const client = createClient(settings);
  let form = BEST_FORM;

  return async (task) => {
    const { messages, wanted, maxOutputTokens, principal, caller, deadline } = task;
    const prompt = messages.map(({ content }) => content).join('\n');
    const estimate = (completionTokens: number): ModelCost => {
      const promptTokens = estimateTokens(prompt);
      const money = costOf({ promptTokens, cachedPromptTokens: 0, completionTokens }, prices);
      return { tokens: promptTokens + completionTokens, money };
    };
    const hold = await holdBudget(deps.budget, principal, estimate(maxOutputTokens * wanted));
    let spent: ModelCost | null = null;
    let attempt = form;
    try {
      for (let tried = 0; ; tried += 1) {
        let isCounted = false;
        try {
          const body = writeBody({ model: settings.model, ...task }, attempt);
          const headers = tracer.outgoing();
          const answer = await askUntilThere({ client, body, headers, guard, backoff, clock, deadline, caller });
          const charged = readUsage(answer instanceof NoCompletion ? answer.answer : answer, prompt, writtenIn(answer));
          isCounted = true;
          const { promptTokens, completionTokens } = charged;
          metrics.modelTokens(name, promptTokens, completionTokens);
          spent = addCost(spent, { tokens: promptTokens + completionTokens, money: costOf(charged, prices) });
          if (answer instanceof NoCompletion) throw answer;
          if (attempt !== form)
            deps.logger.info({ ...attempt, provider: name }, 'the model’s endpoint takes this form');
          form = attempt;
          return task.read(answer, { promptTokens, completionTokens });
        } catch (error) {
          const lesser = tried + 1 < MAX_FORMS ? lesserForm(error, attempt, task) : null;
          if (!lesser) {
            // Whoever hangs up, or waits no longer, does not take back what was sent; nor does an answer that is cut off.
            if (!isCounted && mayHaveCost(error)) spent = addCost(spent, estimate(0));
            throw explainFailure(error, caller, clock);
          }
          attempt = lesser;
        }
      }
    } finally {
      await hold.settle(spent);
    }
  };
}
