import type { Closure } from './close-over-joins.js';
import type { Ranking } from './rank-relations.js';
import type { ViewIndex } from './view-index.js';

/** A relation's columns by their places, those that a statement is likely to need first. */
export interface ColumnChoice {
  /** Keys, columns of chosen joins, columns that the question speaks of, the name of a row. */
  readonly needed: readonly number[];
  /** The rest, in declared order. */
  readonly others: readonly number[];
}

/** Orders the columns of one relation. */
export function chooseColumns(
  index: ViewIndex,
  at: number,
  { columns: scores }: Pick<Ranking, 'columns'>,
  { joinColumns }: Pick<Closure, 'joinColumns'>,
): ColumnChoice {
  const [from, behind] = index.spans[at]!;
  const needed: number[] = [];
  const others: number[] = [];
  for (let column = from; column < behind; column += 1) {
    const { isKey, isLabel } = index.columns[column]!;
    const isNeeded = isKey || isLabel || scores[column]! > 0 || joinColumns.has(column);
    (isNeeded ? needed : others).push(column);
  }
  const urgency = (column: number) => (joinColumns.has(column) ? Number.POSITIVE_INFINITY : scores[column]!);
  needed.sort((a, b) => (urgency(a) === urgency(b) ? a - b : urgency(b) - urgency(a)));
  return { needed, others };
}
