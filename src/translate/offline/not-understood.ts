/**
 * Thrown inside the offline translator where it is not sure: the caller gets the question back with choices, or a
 * refusal. Caught in `translate-offline.ts` and nowhere else.
 */
export class NotUnderstood extends Error {
  override readonly name = 'NotUnderstood';
  /** Complete questions to choose from; with fewer than two the reply is a refusal. */
  readonly choices: readonly string[];
  /** True where no other words would help: no choices are offered. */
  readonly final: boolean;

  constructor(message: string, choices: readonly string[] = [], final = false) {
    super(message);
    this.choices = choices;
    this.final = final;
  }
}
