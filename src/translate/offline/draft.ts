import type { RelationObligation } from '../../policy/view.js';
import type { DateRange, DateUnit } from '../dates.js';
import type { ColumnOf, Element, MetricOf } from './lexicon.js';
import type { AggregateName, Comparison } from './operators.js';
import type { Filter, Literal } from './plan.js';
import type { Tally } from './tally.js';

/** A grouping that the question asks for: something named, or a period of the date. */
export type GroupAsked =
  | { readonly element: Element; readonly text: string /** "each", and not only "by". */; readonly isEach: boolean }
  | { readonly unit: DateUnit };

/** What rows are ranked by: a column, an aggregate of one, a metric, or (null) how many rows there are of `counted`. */
export interface Ranking {
  readonly subject: RelationObligation;
  readonly by:
    | { readonly kind: 'column'; readonly of: ColumnOf; readonly aggregate: AggregateName | null }
    | { readonly kind: 'metric'; readonly figure: MetricOf }
    | { readonly kind: 'count'; readonly counted: RelationObligation };
  readonly descending: boolean;
  readonly limit: number;
  /** "top 5 by" shows what was ranked by; "which has the most" asks only for which. */
  readonly showMeasure: boolean;
}

/** What has been read of a question so far, apart from what it asks to see. */
export interface Draft {
  readonly filters: Filter[];
  /** Periods without a column: they mean the date of whatever is counted, summed or listed. */
  readonly periods: { readonly range: DateRange; readonly text: string }[];
  readonly groups: GroupAsked[];
  readonly orders: {
    readonly element: Element | null;
    /** By how many there are of what it names. */
    readonly counts?: boolean;
    readonly text: string;
    readonly descending: boolean;
  }[];
  /** "with more than 5 orders", "without orders". */
  readonly related: {
    readonly relation: RelationObligation;
    readonly subject: RelationObligation;
    readonly operator: Comparison;
    readonly count: Literal;
    /** What is computed over them instead of their number: "whose average salary is above …". */
    readonly measure?: { readonly name: AggregateName; readonly of: ColumnOf };
  }[];
  ranking: Ranking | null;
  tally: Tally | null;
  limit: number | null;
  distinct: boolean;
  own: boolean;
}

export function emptyDraft(): Draft {
  return {
    filters: [],
    periods: [],
    groups: [],
    orders: [],
    related: [],
    ranking: null,
    tally: null,
    limit: null,
    distinct: false,
    own: false,
  };
}
