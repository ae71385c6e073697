import type OpenAI from 'openai';
import { APIError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { MODEL_ANSWER } from '../read-model-answer.js';

/** What an endpoint has been found to take. */
export interface EndpointForm {
  readonly format: 'json_schema' | 'json_object' | 'text';
  readonly cap: 'max_tokens' | 'max_completion_tokens';
  readonly temperature: boolean;
  /** Whether it takes `store: false`: that it keeps no answer. */
  readonly store: boolean;
}

/** What is tried first. */
export const BEST_FORM: EndpointForm = Object.freeze({
  format: 'json_schema',
  cap: 'max_tokens',
  temperature: true,
  store: true,
});

/** Forms tried for one question at most: two formats down, one cap, one temperature, one without `store`. */
export const MAX_FORMS = 6;

/** A message of a prompt. */
export type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam & { readonly content: string };

/** The body of a request. */
export type Body = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming;

/** Writes a question in a form. */
export function writeBody(
  settings: { readonly model: string; readonly maxOutputTokens: number },
  form: EndpointForm,
  messages: readonly Message[],
): Body {
  return {
    model: settings.model,
    messages: [...messages],
    [form.cap]: settings.maxOutputTokens,
    ...(form.temperature ? { temperature: 0 } : {}),
    ...(form.store ? { store: false } : {}),
    ...(form.format === 'json_schema' ? { response_format: zodResponseFormat(MODEL_ANSWER, 'translation') } : {}),
    ...(form.format === 'json_object' ? { response_format: { type: 'json_object' as const } } : {}),
  };
}

/**
 * The next form to try after a 400 or 422 that blames a parameter; null where the error is of another kind. `store` is left
 * out only where it is blamed by its name: that an endpoint was unwell must not make it keep what it is sent.
 */
export function lesserForm(error: unknown, form: EndpointForm): EndpointForm | null {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422 && error.status !== 501))
    return null;
  const blame = `${error.param ?? ''} ${error.message}`.toLowerCase();
  if (form.store && /\bstore\b/.test(blame)) return { ...form, store: false };
  if (form.temperature && blame.includes('temperature')) return { ...form, temperature: false };
  if (form.cap === 'max_tokens' && blame.includes('max_tokens')) return { ...form, cap: 'max_completion_tokens' };
  if (form.format === 'json_schema') return { ...form, format: 'json_object' };
  if (form.format === 'json_object') return { ...form, format: 'text' };
  return null;
}
