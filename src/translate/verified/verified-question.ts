/** What a slot holds. */
export type SlotType = 'integer' | 'decimal' | 'text' | 'date';

/** A question that the data owner has answered already, open to the asking principal, its SQL in the source's dialect. */
export interface VerifiedQuestion {
  /** With slots in braces: `How many orders did I place in {year}?` */
  readonly question: string;
  readonly slots: ReadonlyMap<string, SlotType>;
  /** With `:name` where a slot's value goes. */
  readonly sql: string;
}
