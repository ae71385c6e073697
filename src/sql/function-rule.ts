/** What is known of one built-in function of one dialect. */
export interface FunctionRule {
  /** Upper case. */
  readonly name: string;
  /** `both`: an aggregate that may also stand with OVER. `window`: only with OVER. */
  readonly kind: 'scalar' | 'aggregate' | 'window' | 'both';
  /**
   * `leakproof`: cannot fail on any stored value of any type, and its time does not depend on the data beyond its length.
   * Everything that is not shown to be leakproof is `fallible`.
   */
  readonly class: 'leakproof' | 'fallible';
  /** Fewest and most arguments; `Infinity` where unbounded. COUNT(*) has none. */
  readonly arity: readonly [number, number];
  /** `clock`: depends on the time of the statement (NOW()). Random and session functions are not on the list at all. */
  readonly volatility: 'immutable' | 'clock';
}
