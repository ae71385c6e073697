import { type Context, reaches, resolveColumn } from './context.js';
import { measureColumn } from './describe-relation.js';
import type { Draft } from './draft.js';
import {
  asName,
  type FilterReader,
  isRole,
  numberAt,
  numericColumn,
  skip,
  subjectBefore,
  unitLength,
  usualColumn,
} from './filter-reader.js';
import type { Mark } from './mark-words.js';
import type { Comparison, Literal } from './plan.js';

/** `total over 500`, `price is between 5 and 10`, `age not more than 7`. */
export const columnCompared: FilterReader = (context, marks, at, draft) => {
  const mark = asName(marks, at);
  if (!mark) return 0;
  const next = skip(marks, at + 1, 'is', 'of', 'with');
  const operator = marks[next];
  if (operator?.type !== 'role' || (operator.role.role !== 'compare' && operator.role.role !== 'between')) return 0;
  const low = numberAt(marks[next + 1]);
  // "majors that have fewer than 3 students" counts students; it does not compare majors.
  if (!low || (marks[next + 2]?.type === 'element' && marks.slice(at, next).some((each) => isRole(each, 'with'))))
    return 0;
  const of = resolveColumn(context, mark.element, mark.text, numericColumn);
  if (!of) return 0;
  const unit = unitLength(context, of, marks, next + 2);
  if (operator.role.role === 'compare') {
    draft.filters.push({ kind: 'compare', of, operator: operator.role.operator, value: low });
    return next + 2 + unit - at;
  }
  const high = isRole(marks[next + 2 + unit], 'and') ? numberAt(marks[next + 3 + unit]) : null;
  if (!high) return 0;
  draft.filters.push({ kind: 'between', of, low, high });
  return next + 4 + unit + unitLength(context, of, marks, next + 4 + unit) - at;
};

/** `more than 5000 total horses`, `at least 3 orders`, `over 500` (of the one amount of what is asked for). */
export const comparedFirst: FilterReader = (context, marks, at, draft) => {
  const operator = marks[at];
  if (operator?.type !== 'role' || operator.role.role !== 'compare') return 0;
  const value = numberAt(marks[at + 1]);
  if (!value) return 0;
  const target = marks[at + 2];
  if (target?.type === 'element') {
    const of =
      target.element.relations.length === 0 ? resolveColumn(context, target.element, target.text, numericColumn) : null;
    if (of) {
      draft.filters.push({ kind: 'compare', of, operator: operator.role.operator, value });
      return 3;
    }
    return countRelated(context, marks, at, operator.role.operator, value, draft) ? 3 : 0;
  }
  const subject = subjectBefore(marks, at);
  const measure = subject && measureColumn(subject);
  if (!subject || !measure) return 0;
  const of = { relation: subject, column: measure };
  draft.filters.push({ kind: 'compare', of, operator: operator.role.operator, value });
  return 2 + unitLength(context, of, marks, at + 2);
};

/** `customers with more than 5 orders`: rows of a relation that points here. */
function countRelated(
  context: Context,
  marks: readonly Mark[],
  at: number,
  operator: Comparison,
  count: Literal,
  draft: Draft,
): boolean {
  const target = marks[at + 2];
  if (target?.type !== 'element' || target.element.relations.length !== 1 || !isRole(marks[at - 1], 'with', 'verb'))
    return false;
  const relation = target.element.relations[0]!;
  const subject = subjectBefore(marks, at);
  if (!subject || subject === relation || !reaches(context, relation, subject)) return false;
  draft.related.push({ relation, subject, operator, count });
  return true;
}

/** `customers with orders`, `customers who have orders`. */
export const related: FilterReader = (context, marks, at, draft) => {
  if (!isRole(marks[at], 'with')) return 0;
  const next = skip(marks, at + 1, 'with', 'verb', 'is');
  const target = marks[next];
  if (target?.type !== 'element' || target.element.relations.length !== 1 || target.element.columns.length > 0)
    return 0;
  const relation = target.element.relations[0]!;
  const before = marks[at - 1];
  const subject =
    before?.type === 'element' && before.element.relations.length === 1 ? before.element.relations[0]! : null;
  const after = marks[next + 1];
  const ends =
    after === undefined || (after.type === 'role' && ['order', 'direction', 'and'].includes(after.role.role));
  if (!subject || subject === relation || !ends || !reaches(context, relation, subject)) return 0;
  draft.related.push({ relation, subject, operator: '>=', count: { kind: 'number', text: '1' } });
  return next + 1 - at;
};

/** `customers without orders`. */
export const without: FilterReader = (context, marks, at, draft) => {
  if (!isRole(marks[at], 'without')) return 0;
  const target = marks[at + 1];
  if (target?.type !== 'element' || target.element.relations.length !== 1) return 0;
  const relation = target.element.relations[0]!;
  const subject = subjectBefore(marks, at);
  if (!subject || subject === relation || !reaches(context, relation, subject)) return 0;
  draft.related.push({ relation, subject, operator: '=', count: { kind: 'number', text: '0' } });
  return 2;
};

/** `older than 56`: a column of what is asked for that has one of the usual names. */
export const comparative: FilterReader = (context, marks, at, draft) => {
  const mark = marks[at];
  const value = numberAt(marks[at + 1]);
  if (mark?.type !== 'role' || mark.role.role !== 'comparative' || !value) return 0;
  const of = usualColumn(context, mark.role.columns);
  if (!of) return 0;
  draft.filters.push({ kind: 'compare', of, operator: mark.role.operator, value });
  return 2 + unitLength(context, of, marks, at + 2);
};
