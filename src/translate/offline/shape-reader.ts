import type { RelationObligation } from '../../policy/view.js';
import { type Context, metricOf } from './context.js';
import type { Draft } from './draft.js';
import type { MetricOf } from './lexicon.js';
import type { ElementMark, Mark } from './mark-words.js';
import type { Role } from './phrases.js';

/** Marks taken from `at` on; `keep` of them stay for what follows (the relation that is ranked). */
export interface Taken {
  readonly length: number;
  readonly keep: readonly Mark[];
}

/** Reads ranking, order, grouping or limit at a place into the draft; null where nothing fits. */
export type Reader = (context: Context, marks: readonly Mark[], at: number, draft: Draft) => Taken | null;

/** What a mark does, where it names nothing. */
export const roleOf = (mark: Mark | undefined): Role | null => (mark?.type === 'role' ? mark.role : null);

/** A mark that names one relation, and that; null for any other. */
export function relationAt(
  mark: Mark | undefined,
): { readonly mark: ElementMark; readonly relation: RelationObligation } | null {
  return mark?.type === 'element' && mark.element.relations.length === 1
    ? { mark, relation: mark.element.relations[0]! }
    : null;
}

/** A metric by itself; where a table is called so too, its rows are counted. */
export function figureAt(mark: Mark | undefined): MetricOf | null {
  return mark?.type === 'element' && mark.element.relations.length === 0 ? metricOf(mark.element, mark.text) : null;
}

/** A number of rows, 1 to 9999; null for any other mark. */
export function countAt(mark: Mark | undefined): number | null {
  return mark?.type === 'number' && /^[1-9]\d{0,3}$/.test(mark.value) ? Number(mark.value) : null;
}
