/** A question, or words of the question asked and what makes them clear; no words: what to put in front. */
export type Choice = string | { readonly replace: string; readonly by: string };

/**
 * Thrown inside the offline translator where it is not sure: the caller gets the question back with choices, or a
 * refusal. Caught in `translate-offline.ts` and nowhere else.
 */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';
  /** Complete questions to choose from, or what to put in the place of words of this one; fewer than two are none. */
  readonly choices: readonly Choice[];
  /** True where no other words would help: no choices are offered. */
  readonly final: boolean;

  constructor(message: string, choices: readonly Choice[] = [], final = false) {
    super(message);
    this.choices = choices;
    this.final = final;
  }
}
