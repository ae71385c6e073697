/** Which translator wrote a statement; `caller` is SQL that the principal sent themselves. */
export type TranslatorName = 'verified' | 'openai' | 'offline' | 'caller';

/** A value for a named parameter (`:year`) of a verified question or a saved report. */
export type SlotValue = string | number;

/** How a model came to its answer: for the provenance, and for nothing else. */
export interface ModelTrace {
  /**
   * Name of the provider that answered; the one of the kept answer where it came from a cache; `offline` where every
   * provider failed and the offline translator went on.
   */
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
  /** Values for `:name` parameters. Only verified questions and saved reports have any. */
  readonly slots: ReadonlyMap<string, SlotValue>;
  /** Tokens the model was paid for; zeros where no model was asked. */
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number };
  /** Absent where no model was asked. */
  readonly model?: ModelTrace;
  /** Names it to the cache of translations; absent where it is not to be kept. */
  readonly ticket?: string;
  /** The verified question, with its values, that was taken for what was asked in other words; absent for every other statement. */
  readonly answeredAs?: string;
  /** The whole question that a follow-up was read as; absent where it was taken as it stands. */
  readonly readAs?: string;
}

/** What translate answers: a statement to seal, a question back, or a refusal in the translator's own words. */
export type Translation =
  | {
      readonly kind: 'sql';
      readonly candidate: Candidate;
      /**
       * Further statements that the model wrote to the same question, in the order of its answers, equal ones too: results
       * decide among them and `candidate`. What all of them cost stands in `candidate`. Absent where one was asked for.
       */
      readonly alternatives?: readonly Candidate[];
    }
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
