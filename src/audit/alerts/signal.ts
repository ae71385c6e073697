import type { AlertAbout, AlertFacts } from './alert.js';
import type { Rule, RuleOf } from './alert-file.js';

interface Common<Of extends Rule> extends AlertAbout {
  readonly rule: Of;
  /** What is counted, remembered and cooled down together, under this rule. */
  readonly key: readonly string[];
  readonly at: number;
}

/**
 * What one event means to one rule. Made without looking anything up; what becomes of it is decided over the store, where
 * what came before is kept.
 */
export type Signal =
  /** One more in the window. */
  | (Common<RuleOf<'failed-logins'>> & { readonly type: 'count' })
  /** The row goes on, or is broken. */
  | (Common<RuleOf<'refusals-in-a-row'>> & { readonly type: 'streak'; readonly broken: boolean })
  | (Common<RuleOf<'sudden-volume'>> & { readonly type: 'volume'; readonly amount: number })
  /** Something of an account, which may be new to it. */
  | (Common<RuleOf<'new-device' | 'new-country'>> & {
      readonly type: 'known';
      readonly thing: string;
      readonly facts: AlertFacts;
    })
  /** An alert by itself. */
  | (Common<Rule> & { readonly type: 'fire'; readonly summary: string; readonly facts: AlertFacts })
  /** An account is gone, and with it what was remembered of it. */
  | { readonly type: 'forget'; readonly account: readonly string[] };

export type SignalOf<Type extends Signal['type']> = Extract<Signal, { readonly type: Type }>;
