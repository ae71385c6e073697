/** Tokens of a text, as a model of the o200k family counts them. */
export type CountTokens = (text: string) => number;

let loading: Promise<CountTokens> | null = null;

/**
 * The tokenizer of OpenAI's current models, loaded once and when first needed: its table takes 20 MB and a moment.
 *
 * @remarks Other providers cut texts otherwise; over English names their counts differ by some per cent, which is what a
 *   budget of a prompt can bear. What spells a control token of the model (`<|endoftext|>`) counts as the text that it is.
 */
export function loadTokenCounter(): Promise<CountTokens> {
  loading ??= import('gpt-tokenizer/encoding/o200k_base').then(
    ({ countTokens }) =>
      (text) =>
        countTokens(text, { disallowedSpecial: new Set() }),
  );
  return loading;
}
