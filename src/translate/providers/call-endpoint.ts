import OpenAI, { APIConnectionError, APIConnectionTimeoutError } from 'openai';
import { z } from 'zod';
import type { Backoff, Clock, Guarded } from '../../domain/ports.js';
import { isTransient, NoCompletion, readRetryAfter } from '../model-failures.js';
import { createBoundedFetch, UnreadableBody } from './bounded-fetch.js';
import type { Body } from './endpoint-form.js';

/** How often one form is sent at most, where the endpoint is away for a moment. */
const MAX_TRIES = 3;
/** Longest Retry-After that one question waits for, in seconds. */
const LONGEST_RETRY_AFTER_S = 5;
/** A timer may wake this much too early, in milliseconds. */
const TIMER_SLACK_MS = 20;

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
/** A completion as it came. */
export type Completion = z.infer<typeof COMPLETION>;

/** Makes the client of an endpoint: it sends once, to that address alone, and reads no more than it must. */
export function createClient(settings: {
  readonly apiKey: string | null;
  readonly baseUrl: string | null;
  readonly timeoutMs: number;
}): OpenAI {
  return new OpenAI({
    // The client insists on a key; endpoints without one ignore it.
    apiKey: settings.apiKey ?? 'none',
    baseURL: settings.baseUrl ?? 'https://api.openai.com/v1',
    // Not from the environment: what is sent stands in the settings.
    organization: null,
    project: null,
    timeout: settings.timeoutMs,
    // The client would sleep as long as Retry-After says; the retry is here instead.
    maxRetries: 0,
    logLevel: 'off',
    fetch: createBoundedFetch(),
  });
}

/** One form of a question, and what it is sent by. */
export interface Call {
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
export async function askUntilThere(call: Call): Promise<Completion | NoCompletion> {
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
    if (error instanceof APIConnectionError && error.cause instanceof UnreadableBody)
      throw new NoCompletion('', error.cause);
    throw error;
  }
  const completion = COMPLETION.safeParse(answer);
  if (completion.success) return answer as Completion;
  throw new NoCompletion(answer, completion.error);
}

/** What the model wrote: of a completion its messages, of anything else the whole. */
export function writtenIn(answer: Completion | NoCompletion): string {
  if (answer instanceof NoCompletion) return JSON.stringify(answer.answer) ?? '';
  return answer.choices.map(({ message: { content, refusal } }) => `${content ?? ''}${refusal ?? ''}`).join('');
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
