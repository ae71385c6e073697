import type { Principal } from './principal.js';

/** Wall clock, passed in so that tests can set it. Milliseconds since 1970. */
export type Clock = () => number;

/** Structured log; implemented by operate/ (pino). Fields must hold no secret and no row value. */
export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What a principal has left of the language model today. */
export interface ModelAllowance {
  /** Tokens; 0 where they are spent. */
  readonly tokens: number;
  /** Who answers once they are spent: the offline translator, or nobody. */
  readonly whenSpent: 'offline' | 'refuse';
  /** Seconds until there are new ones. */
  readonly renewsInS: number;
}

/** Counts what the language model costs; implemented by identify/ over the store. */
export interface ModelBudget {
  /** What is left; calls that run meanwhile are not counted yet. @throws SwaliError `STORE_UNAVAILABLE` */
  left(principal: Principal): Promise<ModelAllowance>;
  /**
   * Counts one call that was answered, or that the provider may have paid for.
   *
   * @param tokens of prompt and answer together
   * @throws SwaliError `STORE_UNAVAILABLE`
   */
  spend(principal: Principal, tokens: number): Promise<void>;
}
