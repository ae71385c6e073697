import type { Candidate } from '../../domain/candidate.js';

/** What a provider charges for a million tokens, in millionths of a currency: whole numbers. */
export interface Prices {
  readonly prompt: number;
  /** Of a prompt's tokens that the provider had in its cache. */
  readonly cachedPrompt: number;
  readonly completion: number;
}

/** Nothing is charged. */
export const FREE: Prices = Object.freeze({ prompt: 0, cachedPrompt: 0, completion: 0 });

/** The tokens of one answer, as they are charged. */
export interface ChargedUsage extends Readonly<Candidate['usage']> {
  /** Some of the prompt's. */
  readonly cachedPromptTokens: number;
}

/**
 * What one answer cost, in millionths of the currency. Counted in whole numbers, and rounded up once, at the end: no part of
 * a price is lost, however small the answers are.
 */
export function costOf({ promptTokens, cachedPromptTokens, completionTokens }: ChargedUsage, prices: Prices): number {
  const parts = [
    BigInt(promptTokens - cachedPromptTokens) * BigInt(prices.prompt),
    BigInt(cachedPromptTokens) * BigInt(prices.cachedPrompt),
    BigInt(completionTokens) * BigInt(prices.completion),
  ];
  const sum = parts.reduce((total, part) => total + part, 0n);
  const units = (sum + 999_999n) / 1_000_000n;
  return Number(units > MOST ? MOST : units);
}

/** What can be counted exactly; more than any answer costs. */
const MOST = 1_000_000_000_000_000n;
