/** Which translator wrote a statement; `caller` is SQL that the principal sent themselves. */
export type TranslatorName = 'verified' | 'openai' | 'offline' | 'caller';

/** A value for a named parameter (`:year`) of a verified question. */
export type SlotValue = string | number;

/** SQL text that nobody trusts yet, and where it came from. */
export interface Candidate {
  readonly sql: string;
  readonly translator: TranslatorName;
  /** Values for `:name` parameters. Only verified questions have any; empty for every other translator. */
  readonly slots: ReadonlyMap<string, SlotValue>;
  /** Tokens the model was paid for; zeros where no model was asked. */
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number };
}

/** What translate answers: a statement to seal, a question back, or a refusal in the translator's own words. */
export type Translation =
  | { readonly kind: 'sql'; readonly candidate: Candidate }
  | {
      readonly kind: 'clarify' | 'refused';
      readonly message: string;
      readonly choices: readonly string[];
      readonly translator: TranslatorName;
      readonly usage: Candidate['usage'];
    };
