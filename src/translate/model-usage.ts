import { z } from 'zod';
import type { ChargedUsage } from './providers/prices.js';

/** More than any model takes or writes: a count above it is no count. */
const MOST_TOKENS = 100_000_000;

/** Characters that a token stands for where a provider does not count; rounded up. */
const CHARACTERS_PER_TOKEN = 4;

const USAGE = z.object({
  usage: z
    .object({
      prompt_tokens: z.unknown(),
      completion_tokens: z.unknown(),
      prompt_tokens_details: z.object({ cached_tokens: z.unknown() }).partial().nullish().catch(null),
    })
    .partial(),
});

/** Tokens of a text where nobody counted them. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/**
 * The tokens that one answer of a model cost: as the provider counts them, and estimated from the texts where it does not
 * say, or says what cannot be.
 *
 * @param answer of the provider, untrusted
 * @param prompt all that was sent
 * @param written what the model wrote
 */
export function readUsage(answer: unknown, prompt: string, written: string): ChargedUsage {
  const parsed = USAGE.safeParse(answer);
  const given = parsed.success ? parsed.data.usage : {};
  const promptTokens = countOr(given.prompt_tokens, estimateTokens(prompt));
  return {
    promptTokens,
    // No more of a prompt can have been in a cache than there was.
    cachedPromptTokens: Math.min(promptTokens, countOr(given.prompt_tokens_details?.cached_tokens, 0)),
    completionTokens: countOr(given.completion_tokens, estimateTokens(written)),
  };
}

function countOr(given: unknown, estimate: number): number {
  const isCount = typeof given === 'number' && Number.isInteger(given) && given > 0 && given <= MOST_TOKENS;
  return isCount ? given : estimate;
}
