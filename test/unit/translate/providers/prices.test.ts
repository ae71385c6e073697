import { describe, expect, it } from 'vitest';
import { readUsage } from '../../../../src/translate/model-usage.js';
import { costOf, FREE } from '../../../../src/translate/providers/prices.js';

const PRICES = { prompt: 150_000, cachedPrompt: 75_000, completion: 600_000 };

describe('the cost of an answer', () => {
  it.each([
    [{ promptTokens: 1000, cachedPromptTokens: 0, completionTokens: 100 }, 210],
    [{ promptTokens: 1000, cachedPromptTokens: 400, completionTokens: 100 }, 180],
    [{ promptTokens: 1, cachedPromptTokens: 0, completionTokens: 0 }, 1],
    [{ promptTokens: 0, cachedPromptTokens: 0, completionTokens: 0 }, 0],
    [{ promptTokens: 100_000_000, cachedPromptTokens: 0, completionTokens: 100_000_000 }, 75_000_000],
  ])('of %j is %d millionths: exact, and rounded up once', (usage, money) => {
    expect(costOf(usage, PRICES)).toBe(money);
    expect(costOf(usage, FREE)).toBe(0);
  });

  it('stays a number that is counted exactly, whatever a provider says', () => {
    const most = { promptTokens: 100_000_000, cachedPromptTokens: 0, completionTokens: 100_000_000 };
    const dear = { prompt: 1e15, cachedPrompt: 1e15, completion: 1e15 };
    expect(costOf(most, dear)).toBe(1e15);
  });
});

describe('what a provider says of tokens it had in its cache', () => {
  const cached = (details: unknown) =>
    readUsage({ usage: { prompt_tokens: 100, completion_tokens: 5, prompt_tokens_details: details } }, 'p', 'w')
      .cachedPromptTokens;

  it.each([
    [{ cached_tokens: 64 }, 64],
    [{ cached_tokens: 500 }, 100],
    [{ cached_tokens: -1 }, 0],
    [{ cached_tokens: '64' }, 0],
    [{}, 0],
    [null, 0],
    [undefined, 0],
    ['many', 0],
  ])('is believed as far as it can be: %j', (details, expected) => expect(cached(details)).toBe(expected));
});
