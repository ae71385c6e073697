import type { RelationObligation } from '../../policy/view.js';
import { foldWord, splitIdentifier } from '../words.js';
import { type Context, reaches, resolveColumn, tieBetween } from './context.js';
import { isKey, measureColumn, stem } from './describe-relation.js';
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
import type { ColumnOf } from './lexicon.js';
import { type Mark, ofMark } from './mark-words.js';
import type { Comparison } from './operators.js';
import type { Literal } from './plan.js';

/** `total over 500`, `price is between 5 and 10`, `age not more than 7`. */
export const columnCompared: FilterReader = (context, marks, at, draft) => {
  const mark = asName(marks, at);
  if (!mark) return 0;
  const next = skip(marks, at + 1, 'is', 'of', 'with');
  const operator = marks[next];
  if (operator?.type !== 'role' || (operator.role.role !== 'compare' && operator.role.role !== 'between')) return 0;
  const low = numberAt(marks[next + 1]);
  // "majors that fewer than 3 students study" counts students; it does not compare majors.
  const behind = marks[next + 2];
  if (!low || (behind?.type === 'element' && (next > at + 1 || behind.element.relations.length > 0))) return 0;
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

/**
 * `salary above the average`, `budget greater than the average budget`, `longer than average`: the rows' own column against its average
 * over all rows that the caller sees.
 */
export const comparedToAverage: FilterReader = (context, marks, at, draft) => {
  const mark = asName(marks, at);
  const behind = mark ? skip(marks, at + 1, 'is', 'of', 'with') : skip(marks, at, 'with', 'is');
  const compare = marks[behind];
  const role = compare?.type === 'role' ? compare.role : null;
  if (role?.role !== 'compare' && (mark !== null || role?.role !== 'comparative')) return 0;
  const average = marks[behind + 1];
  if (average?.type !== 'role' || average.role.role !== 'aggregate') return 0;
  const { name } = average.role;
  if (name !== 'AVG') return 0;
  let next = skip(marks, behind + 2, 'of');
  const repeated = marks[next];
  let element = mark;
  if (repeated?.type === 'element' && repeated.element.columns.length > 0 && repeated.element.relations.length === 0) {
    if (mark && !repeated.element.columns.some((each) => mark.element.columns.some((of) => of.column === each.column)))
      return 0;
    element ??= repeated;
    next += 1;
  } else if (next !== behind + 2) next = behind + 2;
  const of =
    role.role === 'comparative' && !element
      ? usualColumn(context, role.columns)
      : element && resolveColumn(context, element.element, element.text, numericColumn);
  if (!of) return 0;
  // "of all employees": the average over the rows of the column's own relation, which is what is compared.
  const owner = marks[next + 1];
  if (isRole(marks[next], 'of')) {
    const whole =
      owner?.type === 'element' && owner.element.relations.length === 1 && owner.element.relations[0] === of.relation;
    const ends = marks[next + 2] === undefined || isRole(marks[next + 2], 'and', 'order', 'direction');
    if (!whole || !ends) return 0;
    next += 2;
  }
  draft.filters.push({ kind: 'average', of, operator: role.operator });
  return next - at;
};

/** `more than 5000 total horses`, `at least 3 orders`, `over 500` (of the one amount of what is asked for). */
export const comparedFirst: FilterReader = (context, marks, at, draft) => {
  const operator = marks[at];
  if (isRole(operator, 'between')) return betweenFirst(context, marks, at, draft);
  if (operator?.type !== 'role' || operator.role.role !== 'compare') return 0;
  const value = numberAt(marks[at + 1]);
  if (!value) return 0;
  const target = marks[at + 2];
  if (target?.type === 'element') {
    // "At least two books", where a column is called `book_club_id`: a number of books is no key.
    const isCounted = (of: ColumnOf) => numericColumn(of) && !isKey(of.relation, of.column.column);
    const of =
      target.element.relations.length === 0 ? resolveColumn(context, target.element, target.text, isCounted) : null;
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

/** `between 100 and 300 hours`. */
const betweenFirst: FilterReader = (context, marks, at, draft) => {
  const [low, high] = [numberAt(marks[at + 1]), numberAt(marks[at + 3])];
  const target = marks[at + 4];
  if (!low || !high || !isRole(marks[at + 2], 'and') || target?.type !== 'element') return 0;
  const of =
    target.element.relations.length === 0 ? resolveColumn(context, target.element, target.text, numericColumn) : null;
  if (!of || isKey(of.relation, of.column.column)) return 0;
  draft.filters.push({ kind: 'between', of, low, high });
  return 5;
};

/** `3 or more orders`, `3 or fewer orders`: put as `at least 3 orders`, for the readers of comparisons. */
export function putOrMoreFirst(marks: readonly Mark[]): readonly Mark[] {
  const moved = [...marks];
  for (let at = 0; at + 1 < moved.length; at += 1) {
    const [number, or] = [moved[at]!, moved[at + 1]!];
    if (number.type !== 'number' || or.type !== 'role' || or.role.role !== 'or-more') continue;
    const operator = or.role.operator;
    // "Over 900 or below 100": two conditions.
    if (moved[at + 2]?.type === 'number') {
      const [left, right] = [or.text.split(' ')[0]!, or.text.split(' ').slice(1).join(' ')];
      const further = { role: 'compare', operator: operator === '>=' ? '>' : '<' } as const;
      moved.splice(
        at + 1,
        1,
        { text: left, type: 'role', role: { role: 'or' } },
        { text: right, type: 'role', role: further },
      );
      continue;
    }
    moved.splice(at, 2, { text: or.text, type: 'role', role: { role: 'compare', operator } }, number);
    at += 1;
  }
  return moved;
}

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
  const isIn = isRole(marks[at - 1], 'of');
  const before = isIn ? marks[at - 2] : marks[at - 1];
  // "products in more than 2 orders".
  const isLed =
    isRole(before, 'with', 'verb', 'is') ||
    (isIn && before?.type === 'element' && before.element.relations.length === 1);
  if (target?.type !== 'element' || target.element.relations.length !== 1 || !isLed) return false;
  const relation = target.element.relations[0]!;
  const subject = subjectBefore(marks, at);
  if (!subject || subject === relation || !tieBetween(context, relation, subject)) return false;
  draft.related.push({ relation, subject, operator, count });
  return true;
}

/** `departments whose average salary is above 42000`, `customers with a total amount over 500`: over the rows that belong to each. */
export const computedCompared: FilterReader = (context, marks, at, draft) => {
  const aggregate = marks[at];
  const element = marks[at + 1];
  if (aggregate?.type !== 'role' || aggregate.role.role !== 'aggregate' || element?.type !== 'element') return 0;
  const { name } = aggregate.role;
  const operatorAt = skip(marks, at + 2, 'is', 'of');
  const operator = marks[operatorAt];
  const value = numberAt(marks[operatorAt + 1]);
  if (operator?.type !== 'role' || operator.role.role !== 'compare' || !value || !isRole(marks[at - 1], 'with'))
    return 0;
  const subject = subjectBefore(marks, at);
  const of = subject && resolveColumn(context, element.element, element.text, numericColumn);
  if (!of || of.relation === subject || tieBetween(context, of.relation, subject) !== of.relation) return 0;
  draft.related.push({
    relation: of.relation,
    subject,
    operator: operator.role.operator,
    count: value,
    measure: { name, of },
  });
  return operatorAt + 2 - at;
};

/** `customers with orders`, `customers who have orders`. */
export const related: FilterReader = (context, marks, at, draft) => {
  if (!isRole(marks[at], 'with')) return 0;
  const next = skip(marks, at + 1, 'with', 'verb', 'is');
  const target = marks[next];
  if (target?.type !== 'element' || target.element.relations.length !== 1) return 0;
  const relation = target.element.relations[0]!;
  const before = marks[at - 1];
  const subject =
    before?.type === 'element' && before.element.relations.length === 1 ? before.element.relations[0]! : null;
  if (!subject || subject === relation || !tieBetween(context, relation, subject)) return 0;
  // "whose address …", where the customers have one themselves.
  if (target.element.columns.some((of) => of.relation === subject)) return 0;
  // "order 17", "the book 'Emma'": which ones, and not only that there are some.
  const after = marks[next + 1];
  if (after?.type === 'quoted' || after?.type === 'number' || after?.type === 'proper')
    return { length: next - at, keep: ofMark() };
  draft.related.push({ relation, subject, operator: '>=', count: { kind: 'number', text: '1' } });
  return next + 1 - at;
};

/** `customers without orders`, `customers who have never placed an order`, `products that were never ordered`. */
export const without: FilterReader = (context, marks, at, draft) => {
  const start = skip(marks, at, 'with', 'is');
  if (!isRole(marks[start], 'without', 'not')) return 0;
  const next = skip(marks, start + 1, 'with', 'is', 'verb', 'of');
  const target = marks[next];
  const subject = subjectBefore(marks, at);
  if (!subject) return 0;
  const count = { kind: 'number', text: '0' } as const;
  const named =
    target?.type === 'element' && target.element.relations.length === 1 ? target.element.relations[0]! : null;
  if (named) {
    // "not the customers of …" is about the customers themselves.
    if (subject === named || !tieBetween(context, named, subject) || isRole(marks[next + 1], 'of', 'with')) return 0;
    draft.related.push({ relation: named, subject, operator: '=', count });
    return next + 1 - at;
  }
  const verb = marks[next - 1];
  if (target !== undefined && !isRole(target, 'and', 'order', 'direction')) return 0;
  const relation =
    next > start + 1 && verb?.type === 'role' && verb.role.role === 'verb' ? doing(context, verb.text, subject) : null;
  if (!relation) return 0;
  draft.related.push({ relation, subject, operator: '=', count });
  return next - at;
};

/** The one relation whose rows are what a verb says was done to others: `ordered` and `order_items`. */
function doing(context: Context, verb: string, subject: RelationObligation): RelationObligation | null {
  const wanted = stem(foldWord(verb.split(' ')[0] ?? ''));
  const found = context.relations.filter(
    (relation) =>
      relation !== subject &&
      splitIdentifier(relation.relation.name).some((word) => stem(word) === wanted) &&
      reaches(context, relation, subject),
  );
  return found.length === 1 ? found[0]! : null;
}

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
