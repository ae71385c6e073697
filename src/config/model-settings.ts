import type { SettingValues } from './setting-shape.js';

/** One provider of a language model. */
export interface ModelProvider {
  readonly name: string;
  /** Null where nobody says where it works. */
  readonly region: string | null;
  /** Null where the endpoint wants none. */
  readonly apiKey: string | null;
  /** Null means OpenAI's own address. */
  readonly baseUrl: string | null;
  readonly model: string;
  /** Millionths of a currency for a million tokens: whole numbers. */
  readonly prices: { readonly prompt: number; readonly cachedPrompt: number; readonly completion: number };
}

/** The providers that are set, in the order in which they are asked: two at most. */
export function readModelProviders(values: SettingValues): readonly ModelProvider[] {
  return (['', 'FALLBACK_'] as const).flatMap((prefix) => {
    const apiKey = values[`${prefix}OPENAI_API_KEY`] || null;
    const baseUrl = values[`${prefix}OPENAI_BASE_URL`] || null;
    if (apiKey === null && baseUrl === null) return [];
    const prompt = values[`${prefix}OPENAI_PRICE_PROMPT`];
    const provider: ModelProvider = {
      name: values[`${prefix}OPENAI_NAME`],
      region: values[`${prefix}OPENAI_REGION`],
      apiKey,
      baseUrl,
      model: values[`${prefix}OPENAI_MODEL`],
      prices: Object.freeze({
        prompt,
        cachedPrompt: values[`${prefix}OPENAI_PRICE_CACHED_PROMPT`] ?? prompt,
        completion: values[`${prefix}OPENAI_PRICE_COMPLETION`],
      }),
    };
    return [Object.freeze(provider)];
  });
}

/** What does not fit together: one line `NAME: what is wrong, what is expected` for each fault. */
export function judgeModelProviders(values: SettingValues): readonly string[] {
  const faults: string[] = [];
  const hasFirst = values.OPENAI_API_KEY !== '' || values.OPENAI_BASE_URL !== '';
  const hasSecond = values.FALLBACK_OPENAI_API_KEY !== '' || values.FALLBACK_OPENAI_BASE_URL !== '';
  if (hasSecond && !hasFirst) {
    faults.push(
      'OPENAI_BASE_URL: is not set beside a second provider, expected the first one, by it or by OPENAI_API_KEY',
    );
  }
  if (hasSecond && values.FALLBACK_OPENAI_NAME === values.OPENAI_NAME) {
    faults.push('FALLBACK_OPENAI_NAME: is also OPENAI_NAME, expected a name of its own');
  }
  return faults;
}
