import { foldWord, splitIdentifier, splitWords } from '../words.js';
import { columnInWords, nameInWords, reaches, resolveColumn } from './context.js';
import { isKey, isTemporal, isTextual } from './describe-relation.js';
import { type FilterReader, isOfYears, isRole, isYear, plain, skip, subjectBefore } from './filter-reader.js';
import type { ColumnOf } from './lexicon.js';
import { NotUnderstood } from './not-understood.js';
import {
  columnCompared,
  comparative,
  comparedFirst,
  comparedToAverage,
  computedCompared,
  related,
  without,
} from './read-comparison.js';
import { doneBy, equality, matching, named, negatedPlace, place, valueFirst } from './read-value.js';

/** `ordered_at in 2025`: a date with its column. A date alone is kept for the date of what is asked for. */
const dated: FilterReader = (context, marks, at, draft) => {
  const mark = marks[at];
  if (mark?.type === 'date') {
    draft.periods.push({ range: mark.range, text: mark.text });
    return 1;
  }
  if (mark?.type !== 'element' || mark.element.relations.length > 0) return 0;
  const next = skip(marks, at + 1, 'is');
  const date = marks[next];
  if (date?.type !== 'date') return 0;
  // "founded before 1850", where the column holds a whole number.
  const mayBeYear = ({ relation, column: { column } }: ColumnOf) =>
    column.family === 'integer' && !isKey(relation, column);
  const holds = (of: ColumnOf) =>
    plain(of) && (isTemporal(of.column.column) || (isOfYears(date.range) && (isYear(of) || mayBeYear(of))));
  const of = resolveColumn(context, mark.element, mark.text, holds);
  const leads = isRole(marks[at - 1], 'with', 'and', 'of', 'is') || marks[at - 1]?.type === 'element';
  if (!of || (!leads && next === at + 1)) return 0;
  draft.filters.push({ kind: 'range', of, range: date.range });
  return next + 1 - at;
};

/** `female students`, `students who are male`: the one column of sexes, which may say F, Female or female. */
const gender: FilterReader = (context, marks, at, draft) => {
  const mark = marks[at];
  if (mark?.type !== 'role' || mark.role.role !== 'gender') return 0;
  const isSex = ({ column, mask }: ColumnOf['column']) =>
    mask === null && isTextual(column) && /(?:^|_)(?:sex|gender)$/iu.test(column.name);
  const found = context.mentioned.flatMap((relation) =>
    [...relation.columns.values()].filter(isSex).map((column): ColumnOf => ({ relation, column })),
  );
  if (found.length !== 1) return 0;
  draft.filters.push({
    kind: 'like',
    of: found[0]!,
    negated: false,
    before: false,
    value: mark.role.initial,
    after: true,
  });
  return 1;
};

/** A shared value by itself: "paid orders", "orders that were not paid". */
const sharedAlone: FilterReader = (context, marks, at, draft) => {
  const negated = isRole(marks[at], 'not');
  const mark = marks[negated ? at + 1 : at];
  if (mark?.type !== 'shared') return 0;
  const near = mark.meanings.filter((each) => context.mentioned.includes(each.of.relation));
  const joined = mark.meanings.filter((each) =>
    context.mentioned.every((relation) => reaches(context, relation, each.of.relation)),
  );
  const meanings = near.length > 0 ? near : joined.length > 0 ? joined : mark.meanings;
  if (meanings.length > 1) {
    throw new NotUnderstood(
      `"${mark.text}" may be one of several things here. Say which.`,
      meanings.slice(0, 4).map(({ of }) => ({ replace: mark.text, by: `${columnInWords(of)} "${mark.text}"` })),
    );
  }
  const { of, value } = meanings[0]!;
  draft.filters.push({ kind: 'compare', of, operator: negated ? '<>' : '=', value: { kind: 'string', value } });
  return negated ? 2 : 1;
};

/**
 * `open invoices`, `invoices that are open`: a word about a relation that has one status column whose values are shared. The word must be a value
 * that this principal sees, one that the column's description names, or, where no values could be looked up, any word.
 */
const statusWord: FilterReader = (context, marks, at, draft) => {
  const mark = marks[at];
  const target = marks[at + 1];
  if (!mark) return 0;
  const follows = isRole(marks[at - 1], 'is', 'with') && target?.type !== 'element';
  const before =
    target?.type === 'element' && target.element.relations.length === 1 ? target.element.relations[0]! : null;
  const relation = before ?? (follows ? subjectBefore(marks, at) : null);
  if (!relation) return 0;
  const belongs = mark.type === 'shared' && mark.meanings.some((each) => each.of.relation === relation);
  if (belongs || (mark.type !== 'shared' && mark.type !== 'unknown' && !isRole(mark, 'verb'))) return 0;
  const states = [...relation.columns.values()].filter(
    ({ column, shareValues, mask }) =>
      shareValues && mask === null && isTextual(column) && splitIdentifier(column.name).at(-1) === 'status',
  );
  if (states.length !== 1) return 0;
  const of = { relation, column: states[0]! };
  const value = mark.text.toLowerCase();
  const known = context.valuesOf(of);
  const described = splitWords(states[0]!.description ?? '').words.some((word) => word.folded === foldWord(value));
  if (follows && !described) return 0;
  if (known.length > 0 && !described) {
    if (mark.type !== 'unknown') return 0;
    throw new NotUnderstood(
      `I do not know what "${mark.text}" means here; the ${nameInWords(of.column.column.name)} may be ${known.slice(0, 8).join(', ')}.`,
      known.slice(0, 4).map((each) => ({ replace: mark.text, by: each })),
    );
  }
  draft.filters.push({ kind: 'compare', of, operator: '=', value: { kind: 'string', value } });
  return 1;
};

/** Tried in this order at each mark. */
export const FILTER_READERS: readonly FilterReader[] = [
  dated,
  comparedToAverage,
  computedCompared,
  columnCompared,
  matching,
  equality,
  valueFirst,
  doneBy,
  negatedPlace,
  comparedFirst,
  comparative,
  related,
  without,
  named,
  place,
  gender,
  statusWord,
  sharedAlone,
];
