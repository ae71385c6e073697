import type OpenAI from 'openai';
import { APIError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { MODEL_ANSWER } from '../read-model-answer.js';
import type { Message } from '../write-messages.js';

/** What an endpoint has been found to take. */
export interface EndpointForm {
  readonly format: 'json_schema' | 'json_object' | 'text';
  readonly cap: 'max_tokens' | 'max_completion_tokens';
  readonly temperature: boolean;
  /** Whether several answers may be asked for at once. */
  readonly several: boolean;
  /** Whether it takes `store: false`: that it keeps no answer. */
  readonly store: boolean;
}

/** What is tried first. */
export const BEST_FORM: EndpointForm = Object.freeze({
  format: 'json_schema',
  cap: 'max_tokens',
  temperature: true,
  several: true,
  store: true,
});

/** Forms tried for one question at most: two formats down, one cap, one temperature, one answer at a time, one without `store`. */
export const MAX_FORMS = 7;

/** Temperature at which answers are to differ, where several are asked for. */
const SAMPLING_TEMPERATURE = 0.7;

/** The body of a request. */
export type Body = OpenAI.Chat.Completions.ChatCompletionCreateParamsNonStreaming;

/** What is written in a form. */
export interface Wish {
  readonly messages: readonly Message[];
  readonly answers: 'translation' | 'text';
  readonly wanted: number;
  readonly isSampled: boolean;
  readonly maxOutputTokens: number;
}

/** Writes what is wanted in a form. */
export function writeBody(wish: Wish & { readonly model: string }, form: EndpointForm): Body {
  const format = wish.answers === 'text' ? 'text' : form.format;
  return {
    model: wish.model,
    messages: [...wish.messages],
    [form.cap]: wish.maxOutputTokens,
    ...(form.temperature ? { temperature: wish.isSampled ? SAMPLING_TEMPERATURE : 0 } : {}),
    ...(form.several && wish.wanted > 1 ? { n: wish.wanted } : {}),
    ...(form.store ? { store: false } : {}),
    ...(format === 'json_schema' ? { response_format: zodResponseFormat(MODEL_ANSWER, 'translation') } : {}),
    ...(format === 'json_object' ? { response_format: { type: 'json_object' as const } } : {}),
  };
}

/**
 * The next form to try after a 400 or 422 that blames a parameter; null where the error is of another kind. `store` is left
 * out only where it is blamed by its name: that an endpoint was unwell must not make it keep what it is sent.
 */
export function lesserForm(
  error: unknown,
  form: EndpointForm,
  { answers, wanted }: Pick<Wish, 'answers' | 'wanted'>,
): EndpointForm | null {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422 && error.status !== 501))
    return null;
  const blame = `${error.param ?? ''} ${error.message}`.toLowerCase();
  if (form.store && /\bstore\b/.test(blame)) return { ...form, store: false };
  const mayBeSeveral = form.several && wanted > 1;
  if (mayBeSeveral && /(?<![\p{L}\p{N}])n(?![\p{L}\p{N}])/u.test(blame)) return { ...form, several: false };
  if (form.temperature && blame.includes('temperature')) return { ...form, temperature: false };
  if (form.cap === 'max_tokens' && blame.includes('max_tokens')) return { ...form, cap: 'max_completion_tokens' };
  const hasFormat = answers === 'translation';
  if (hasFormat && form.format === 'json_schema') return { ...form, format: 'json_object' };
  if (hasFormat && form.format === 'json_object') return { ...form, format: 'text' };
  return mayBeSeveral ? { ...form, several: false } : null;
}
