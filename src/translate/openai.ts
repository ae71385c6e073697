import OpenAI, { APIConnectionTimeoutError, APIError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import type { Candidate, Translation } from '../domain/candidate.js';
import type { Dialect } from '../domain/dialect.js';
import { NO_METRICS, NO_TRACER } from '../domain/no-telemetry.js';
import type { Backoff, Clock, Guarded, Logger, MakeGuard, Metrics, ModelBudget, Tracer } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Day } from './dates.js';
import {
  describeModelRules,
  explainFailure,
  isTransient,
  mayHaveCost,
  NoCompletion,
  readRetryAfter,
} from './model-failures.js';
import { estimateTokens, readUsage } from './model-usage.js';
import { MODEL_ANSWER, readModelAnswer } from './read-model-answer.js';
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
}

/** What an endpoint has been found to take; the best form first. */
interface EndpointForm {
  readonly format: 'json_schema' | 'json_object' | 'text';
  readonly cap: 'max_tokens' | 'max_completion_tokens';
  readonly temperature: boolean;
}

/** A translator that asks a model. */
export type OpenAiTranslate = (request: TranslateRequest, today: Day, known: SchemaNotes) => Promise<Translation>;

/** How often one form is sent at most, where the endpoint is away for a moment. */
const MAX_TRIES = 3;
/** Longest Retry-After that one question waits for, in seconds. */
const LONGEST_RETRY_AFTER_S = 5;
/** A timer may wake this much too early, in milliseconds. */
const TIMER_SLACK_MS = 20;
/** Forms tried for one question at most: two formats down, one cap, one temperature. */
const MAX_FORMS = 5;

/** The parts of a completion that are used; anything else may be missing (other servers) or wrong (a proxy's HTML page). */
const COMPLETION = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
});
type Completion = z.infer<typeof COMPLETION>;

/**
 * Makes the translator that asks an OpenAI-compatible endpoint for a structured answer.
 *
 * An endpoint that rejects `response_format: json_schema` is asked in JSON mode, then in plain text; the same goes for
 * `max_tokens` and `temperature`. What it took is remembered for the life of the process. Where it is away for a moment it is
 * asked again after a pause, all within the time-out; where it stays away the circuit `model` opens.
 *
 * @returns a function that throws SwaliError `TRANSLATE_MODEL_UNAVAILABLE` (down, refused, over quota, too slow; with
 *   `retryAfterS` where the provider or the breaker says when), `TRANSLATE_MODEL_UNUSABLE` (no JSON of the right form, cut off),
 *   `EXECUTE_CANCELLED` (the caller hung up)
 */
export function createOpenAiTranslate(deps: {
  readonly settings: OpenAiSettings;
  readonly dialect: Dialect;
  readonly timeZone: string;
  /** Told of every call that was answered, and of every one that was given up while the provider worked on it. */
  readonly budget: Pick<ModelBudget, 'spend'>;
  readonly makeGuard: MakeGuard;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Pick<Metrics, 'modelTokens'>;
  /** Where it gives headers, the model's endpoint learns which request a call belongs to. */
  readonly tracer?: Pick<Tracer, 'outgoing'>;
}): OpenAiTranslate {
  const { settings, clock, backoff, metrics = NO_METRICS, tracer = NO_TRACER } = deps;
  const guard = deps.makeGuard('model', describeModelRules(clock));
  const client = new OpenAI({
    // The client insists on a key; endpoints without one ignore it.
    apiKey: settings.apiKey ?? 'none',
    baseURL: settings.baseUrl ?? 'https://api.openai.com/v1',
    timeout: settings.timeoutMs,
    // The client would sleep as long as Retry-After says; the retry is here instead.
    maxRetries: 0,
    logLevel: 'off',
    // The question goes to the address that the settings name, and to no other that it names.
    fetchOptions: { redirect: 'error' },
  });
  let form: EndpointForm = { format: 'json_schema', cap: 'max_tokens', temperature: true };

  return async (request, today, known) => {
    const messages = writeMessages(request, writeSystemPrompt(request.view, deps.dialect, known), today, deps.timeZone);
    const deadline = AbortSignal.timeout(settings.timeoutMs);
    const prompt = messages.map(({ content }) => content).join('\n');
    let attempt = form;
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
        const usage = readUsage(answer instanceof NoCompletion ? answer.answer : answer, prompt, writtenIn(answer));
        isCounted = true;
        metrics.modelTokens(usage.promptTokens, usage.completionTokens);
        await deps.budget.spend(request.principal, usage.promptTokens + usage.completionTokens);
        if (answer instanceof NoCompletion) throw answer;
        if (attempt !== form) deps.logger.info({ ...attempt }, 'the model’s endpoint takes this form');
        form = attempt;
        return readCompletion(answer, usage);
      } catch (error) {
        const lesser = tried + 1 < MAX_FORMS ? lesserForm(error, attempt) : null;
        if (!lesser) {
          // Whoever hangs up, or waits no longer, does not take back what was sent; nor does an answer that is cut off.
          if (!isCounted && mayHaveCost(error)) await deps.budget.spend(request.principal, estimateTokens(prompt));
          throw explainFailure(error, request.signal, clock);
        }
        attempt = lesser;
      }
    }
  };
}

type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam & { readonly content: string };

function writeMessages(request: TranslateRequest, system: string, today: Day, timeZone: string): readonly Message[] {
  const messages: Message[] = [
    { role: 'system', content: system },
    ...request.turns.flatMap(({ question, sql }): readonly Message[] => [
      { role: 'user', content: writeQuestionPrompt(question, today, timeZone) },
      { role: 'assistant', content: JSON.stringify({ kind: sql === null ? 'clarify' : 'sql', sql, message: null }) },
    ]),
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

type Body = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming;

function writeBody(settings: OpenAiSettings, form: EndpointForm, messages: readonly Message[]): Body {
  return {
    model: settings.model,
    messages: [...messages],
    [form.cap]: settings.maxOutputTokens,
    ...(form.temperature ? { temperature: 0 } : {}),
    ...(form.format === 'json_schema' ? { response_format: zodResponseFormat(MODEL_ANSWER, 'translation') } : {}),
    ...(form.format === 'json_object' ? { response_format: { type: 'json_object' as const } } : {}),
  };
}

/** One form of a question, and what it is sent by. */
interface Call {
  readonly client: OpenAI;
  readonly body: Body;
  /** That tell the endpoint which request the call belongs to; empty where it is not told. */
  readonly headers: Readonly<Record<string, string>>;
  readonly guard: Guarded;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly deadline: AbortSignal;
  readonly caller: AbortSignal;
}

/**
 * Sends a request, and again after a pause where the endpoint is away for a moment.
 *
 * @returns a completion, or what came instead of one: that is not asked for again, as it may have been paid for
 */
async function askUntilThere(call: Call): Promise<Completion | NoCompletion> {
  const signal = AbortSignal.any([call.caller, call.deadline]);
  for (let tries = 1; ; tries += 1) {
    try {
      return await call.guard.run(() => askOnce(call, signal));
    } catch (error) {
      if (error instanceof NoCompletion) return error;
      const retryAfterS = readRetryAfter(error, call.clock) ?? 0;
      if (tries >= MAX_TRIES || !isTransient(error) || retryAfterS > LONGEST_RETRY_AFTER_S) throw error;
      await pause(Math.max(call.backoff(tries), retryAfterS * 1000 + TIMER_SLACK_MS), signal);
      if (signal.aborted) throw error;
    }
  }
}

async function askOnce({ client, body, headers, deadline, caller }: Call, signal: AbortSignal): Promise<Completion> {
  let answer: unknown;
  try {
    answer = await client.chat.completions.create(body, { signal, headers: { ...headers } });
  } catch (error) {
    // The client does not tell our deadline from a caller who hung up.
    if (deadline.aborted && !caller.aborted) throw new APIConnectionTimeoutError();
    throw error;
  }
  const completion = COMPLETION.safeParse(answer);
  if (completion.success) return answer as Completion;
  throw new NoCompletion(answer, completion.error);
}

/** What the model wrote: of a completion its message, of anything else the whole. */
function writtenIn(answer: Completion | NoCompletion): string {
  if (answer instanceof NoCompletion) return JSON.stringify(answer.answer) ?? '';
  const { content, refusal } = answer.choices[0]!.message;
  return `${content ?? ''}${refusal ?? ''}`;
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

/** The next form to try after a 400 or 422 that blames a parameter; null where the error is of another kind. */
function lesserForm(error: unknown, form: EndpointForm): EndpointForm | null {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422 && error.status !== 501))
    return null;
  const blame = `${error.param ?? ''} ${error.message}`.toLowerCase();
  if (form.temperature && blame.includes('temperature')) return { ...form, temperature: false };
  if (form.cap === 'max_tokens' && blame.includes('max_tokens')) return { ...form, cap: 'max_completion_tokens' };
  if (form.format === 'json_schema') return { ...form, format: 'json_object' };
  if (form.format === 'json_object') return { ...form, format: 'text' };
  return null;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
