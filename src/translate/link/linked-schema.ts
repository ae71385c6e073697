import type { PrincipalView, RelationObligation, VisibleColumn } from '../../policy/view.js';

/** One relation that a question may be about. */
export interface LinkedRelation {
  readonly obligation: RelationObligation;
  /** Some of the obligation's columns, in declared order; never empty. */
  readonly columns: readonly VisibleColumn[];
  /** True where the names alone are shown: the relation is less likely meant, and the budget does not hold more. */
  readonly isBrief?: boolean;
}

/** The part of a view that a question is about: what a model is shown. */
export interface LinkedSchema {
  /** The likeliest first; of a whole view in the view's own order. */
  readonly relations: readonly LinkedRelation[];
  /** True where nothing of the view is left out: then it is the same for every question. */
  readonly isWhole: boolean;
}

/** All of a view. */
export function takeWhole(view: PrincipalView): LinkedSchema {
  const relations = [...view.relations.values()].map((obligation) => ({
    obligation,
    columns: [...obligation.columns.values()],
  }));
  return { relations, isWhole: true };
}
