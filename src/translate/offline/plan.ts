import type { RelationObligation } from '../../policy/view.js';
import type { DateRange, DateUnit } from '../dates.js';
import type { JoinStep } from './find-joins.js';
import type { ColumnOf, MetricOf } from './lexicon.js';
import type { AggregateName, Comparison } from './operators.js';

/** One output: a column, a period of a date column, or an aggregate (COUNT of null counts rows). */
export type Output =
  | { readonly kind: 'column'; readonly of: ColumnOf }
  | { readonly kind: 'period'; readonly of: ColumnOf; readonly unit: DateUnit }
  | {
      readonly kind: 'aggregate';
      readonly name: AggregateName;
      readonly of: ColumnOf | null;
      readonly distinct: boolean;
      /** What the rows stand for, where those that tie them are counted. */
      readonly standsFor?: RelationObligation;
    }
  /** A figure of the data owner's, over the rows of its relation. */
  | { readonly kind: 'metric'; readonly of: null; readonly figure: MetricOf };

/** An output that rows can be grouped by. */
export type Key = Exclude<Output, { readonly kind: 'aggregate' | 'metric' }>;

/** How many rows there are, where it is not shown beside another count of them: outputs are told apart by identity. */
export const ROW_COUNT = { kind: 'aggregate', name: 'COUNT', of: null, distinct: false } as const satisfies Output;

/** True for what is computed over a group of rows. */
export function isComputed(output: Output): output is Exclude<Output, Key> {
  return output.kind === 'aggregate' || output.kind === 'metric';
}

/** A number prints bare and must be a canonical numeral; a string prints quoted. */
export type Literal =
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string };

export type Filter =
  | { readonly kind: 'compare'; readonly of: ColumnOf; readonly operator: Comparison; readonly value: Literal }
  | { readonly kind: 'between'; readonly of: ColumnOf; readonly low: Literal; readonly high: Literal }
  | { readonly kind: 'in'; readonly of: ColumnOf; readonly negated: boolean; readonly values: readonly Literal[] }
  | {
      readonly kind: 'like';
      readonly of: ColumnOf;
      readonly negated: boolean;
      readonly before: boolean;
      readonly value: string;
      readonly after: boolean;
    }
  /** Against the column's own average over the whole relation. */
  | { readonly kind: 'average'; readonly of: ColumnOf; readonly operator: Comparison }
  | { readonly kind: 'present'; readonly of: ColumnOf }
  | { readonly kind: 'range'; readonly of: ColumnOf; readonly range: DateRange }
  /** One of them holds. `of` is the column of the first. */
  | { readonly kind: 'any'; readonly of: ColumnOf; readonly filters: readonly ColumnFilter[] }
  | {
      readonly kind: 'exists';
      readonly path: readonly JoinStep[];
      /** From the beginning of the path to what `filters` are about. */
      readonly joins: readonly JoinStep[];
      readonly negated: boolean;
      readonly filters: readonly Filter[];
    };

/** A condition on one column. */
export type ColumnFilter = Exclude<Filter, { readonly kind: 'exists' | 'any' }>;

/** A statement ready to be written. */
export interface Plan {
  /** The relation whose rows are listed, counted or summed; every other one is joined many-to-one from here. */
  readonly fact: RelationObligation;
  readonly joins: readonly JoinStep[];
  /** Empty: every visible column of `fact`. */
  readonly outputs: readonly Output[];
  readonly distinct: boolean;
  readonly filters: readonly Filter[];
  readonly groupBy: readonly Key[];
  /** On what is computed over each group; null of `measure` counts its rows. */
  readonly having: { readonly measure: Output | null; readonly operator: Comparison; readonly value: Literal } | null;
  readonly orderBy: readonly { readonly output: Output; readonly descending: boolean }[];
  readonly limit: number | null;
}
