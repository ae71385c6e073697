import type { RelationObligation } from '../../policy/view.js';
import type { Element } from './lexicon.js';
import type { Comparison } from './operators.js';
import type { Literal } from './plan.js';

/** Values of a column chosen by how many rows have each: "the most common city", "cities with more than 3 stores". */
export interface Tally {
  readonly element: Element;
  readonly text: string;
  /** Whose rows are counted; null where the question names no other than the column's own. */
  readonly counted: RelationObligation | null;
  readonly order: { readonly descending: boolean; readonly limit: number } | null;
  readonly having: { readonly operator: Comparison; readonly value: Literal } | null;
}
