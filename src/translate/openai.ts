import OpenAI, { APIConnectionError, APIError, APIUserAbortError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import type { Candidate, Translation } from '../domain/candidate.js';
import type { Dialect } from '../domain/dialect.js';
import type { Logger, ModelBudget } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Day } from './dates.js';
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

/** A pause before the one retry of a failed connection or a 5xx. */
const RETRY_PAUSE_MS = 250;
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
 * `max_tokens` and `temperature`. What it took is remembered for the life of the process.
 *
 * @returns a function that throws SwaliError `TRANSLATE_MODEL_UNAVAILABLE` (down, refused, over quota, too slow; with
 *   `retryAfterS` where the provider says when), `TRANSLATE_MODEL_UNUSABLE` (no JSON of the right form, cut off),
 *   `EXECUTE_CANCELLED` (the caller hung up)
 */
export function createOpenAiTranslate(deps: {
  readonly settings: OpenAiSettings;
  readonly dialect: Dialect;
  readonly timeZone: string;
  /** Told of every call that was answered, and of every one that was given up while the provider worked on it. */
  readonly budget: Pick<ModelBudget, 'spend'>;
  readonly logger: Logger;
}): OpenAiTranslate {
  const { settings } = deps;
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
    const signal = AbortSignal.any([request.signal, deadline]);
    const prompt = messages.map(({ content }) => content).join('\n');
    let attempt = form;
    for (let tried = 0; ; tried += 1) {
      let isCounted = false;
      try {
        const answer = await askOnce(client, settings, attempt, messages, signal);
        const completion = COMPLETION.safeParse(answer);
        const usage = readUsage(answer, prompt, writtenIn(answer));
        isCounted = true;
        await deps.budget.spend(request.principal, usage.promptTokens + usage.completionTokens);
        if (!completion.success) throw new SwaliError('TRANSLATE_MODEL_UNUSABLE', { cause: completion.error });
        if (attempt !== form) deps.logger.info({ ...attempt }, 'the model’s endpoint takes this form');
        form = attempt;
        return readCompletion(completion.data, usage);
      } catch (error) {
        const lesser = tried + 1 < MAX_FORMS ? lesserForm(error, attempt) : null;
        if (!lesser) {
          // Whoever hangs up, or waits no longer, does not take back what was sent; nor does an answer that is cut off.
          if (!isCounted && (signal.aborted || error instanceof SyntaxError)) {
            await deps.budget.spend(request.principal, estimateTokens(prompt));
          }
          throw explainFailure(error, request.signal);
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

async function askOnce(
  client: OpenAI,
  settings: OpenAiSettings,
  form: EndpointForm,
  messages: readonly Message[],
  signal: AbortSignal,
): Promise<unknown> {
  const body: OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming = {
    model: settings.model,
    messages: [...messages],
    [form.cap]: settings.maxOutputTokens,
    ...(form.temperature ? { temperature: 0 } : {}),
    ...(form.format === 'json_schema' ? { response_format: zodResponseFormat(MODEL_ANSWER, 'translation') } : {}),
    ...(form.format === 'json_object' ? { response_format: { type: 'json_object' as const } } : {}),
  };
  const ask = () => client.chat.completions.create(body, { signal });
  try {
    return await ask();
  } catch (error) {
    if (signal.aborted || !isTransient(error)) throw error;
    await pause(RETRY_PAUSE_MS, signal);
    return ask();
  }
}

/** What the model wrote: of a completion its message, of anything else the whole. */
function writtenIn(answer: unknown): string {
  const { data } = COMPLETION.safeParse(answer);
  const message = data?.choices[0]?.message;
  return message ? `${message.content ?? ''}${message.refusal ?? ''}` : (JSON.stringify(answer) ?? '');
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

function isTransient(error: unknown): boolean {
  if (error instanceof APIUserAbortError) return false;
  return error instanceof APIConnectionError || (error instanceof APIError && (error.status ?? 0) >= 500);
}

function explainFailure(error: unknown, caller: AbortSignal): SwaliError {
  if (caller.aborted) return new SwaliError('EXECUTE_CANCELLED', { cause: error });
  if (error instanceof SwaliError) return error;
  // A body that claims to be JSON and is not surfaces as a SyntaxError of the client's own parsing.
  if (error instanceof SyntaxError) return new SwaliError('TRANSLATE_MODEL_UNUSABLE', { cause: error });
  const retryAfterS = error instanceof APIError ? readRetryAfter(error.headers?.get('retry-after')) : null;
  return new SwaliError('TRANSLATE_MODEL_UNAVAILABLE', {
    cause: error,
    ...(retryAfterS !== null ? { retryAfterS } : {}),
  });
}

/** Seconds of a Retry-After header in its numeric form, at most an hour; null for anything else. */
function readRetryAfter(header: string | null | undefined): number | null {
  if (!header || !/^\d{1,9}(?:\.\d+)?$/.test(header.trim())) return null;
  return Math.min(Math.ceil(Number(header)), 3600);
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
