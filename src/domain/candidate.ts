/** Which translator wrote a statement; `caller` is SQL that the principal sent themselves. */
export type TranslatorName = 'verified' | 'openai' | 'offline' | 'caller';

/** A value for a named parameter (`:year`) of a verified question. */
export type SlotValue = string | number;

/** How a model came to its answer: for the provenance, and for nothing else. */
export interface ModelTrace {
  /** Name of the provider that answered; the one of the kept answer where it came from a cache. */
  readonly provider: string;
  /** Names of the providers that were asked before it and failed. */
  readonly failed: readonly string[];
  readonly cached: boolean;
  /** Statements that were compared by their results; 1 where there was no vote. */
  readonly candidates: number;
}

/** SQL text that nobody trusts yet, and where it came from. */
export interface Candidate {
  readonly sql: string;
  readonly translator: TranslatorName;
  /** Values for `:name` parameters. Only verified questions have any; empty for every other translator. */
  readonly slots: ReadonlyMap<string, SlotValue>;
  /** Tokens the model was paid for; zeros where no model was asked. */
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number };
  /** Absent where no model was asked. */
  readonly model?: ModelTrace;
  /** The whole question that a follow-up was read as; absent where it was taken as it stands. */
  readonly readAs?: string;
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
      /** Absent where no model was asked. */
      readonly model?: ModelTrace;
      /** As in {@link Candidate}. */
      readonly readAs?: string;
    };
