import type { Dialect } from '../domain/dialect.js';

/** One question of a set, in the form that all published forms are read into. */
export interface EvalQuestion {
  /** Unique in its set. */
  readonly id: string;
  /** Name of its database, as the file says it. */
  readonly database: string;
  /** As it is asked: a hint that comes with it stands behind it, as a note. */
  readonly question: string;
  /** The statement whose rows are right; null where the question cannot be answered from its database. */
  readonly gold: string | null;
  /** How hard its set says that it is; `unknown` where it does not say. */
  readonly hardness: string;
}

/** A set of questions, read. */
export interface QuestionSet {
  readonly questions: readonly EvalQuestion[];
  /** Questions that were left out: no gold for this engine, or a gold that is known to return no rows. */
  readonly leftOut: { readonly noGold: number; readonly emptyGold: number };
}

/** How a file is read. */
export interface ReadQuestionsOptions {
  readonly dialect: Dialect;
  /** Leaves out questions whose gold is known to return no rows (`rows: 0`): an empty answer proves little. */
  readonly skipEmpty: boolean;
}
