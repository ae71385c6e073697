import type { RelationObligation } from '../../policy/view.js';
import { foldWord, singular, splitIdentifier, splitWords } from '../words.js';
import { type Context, columnInWords, labelOf, nameInWords, reaches, resolveColumn } from './context.js';
import { isNumeric, isTemporal, isTextual, keyColumn, measureColumn } from './describe-relation.js';
import type { Draft } from './draft.js';
import type { ColumnOf } from './lexicon.js';
import type { Mark } from './mark-words.js';
import { NotUnderstood } from './not-understood.js';
import type { Role } from './phrases.js';
import type { Comparison, Literal } from './plan.js';

/**
 * Reads one condition that starts at `marks[at]`; says how many marks it took, 0 where there is none. A relation that
 * the condition names is kept: it is still what the question is about.
 */
type Reader = (
  context: Context,
  marks: readonly Mark[],
  at: number,
  draft: Draft,
) => number | { readonly length: number; readonly keep: Mark };

type RoleName = Role['role'];
const isRole = (mark: Mark | undefined, ...names: readonly RoleName[]): boolean =>
  mark?.type === 'role' && names.includes(mark.role.role);
const plain = ({ column }: ColumnOf) => column.mask === null;
const numericColumn = (of: ColumnOf) => plain(of) && isNumeric(of.column.column);

/** Skips what only joins a column to its value: "is", "of". */
function skip(marks: readonly Mark[], at: number, ...names: readonly RoleName[]): number {
  let next = at;
  while (isRole(marks[next], ...names)) next += 1;
  return next;
}

function numberAt(mark: Mark | undefined): Literal | null {
  if (mark?.type !== 'number' || !/^-?\d{1,18}(?:\.\d{1,12})?$/.test(mark.value)) return null;
  return { kind: 'number', text: mark.value.replace(/^(-?)0+(?=\d)/, '$1') };
}

/** A value as a literal that fits a column; null where it does not. */
function literalFor(of: ColumnOf, mark: Mark | undefined, loose: boolean): Literal | null {
  if (!mark || !plain(of)) return null;
  const { column } = of.column;
  if (isNumeric(column))
    return (
      numberAt(mark) ??
      (mark.type === 'quoted' && /^-?\d{1,18}(?:\.\d{1,12})?$/.test(mark.value)
        ? { kind: 'number', text: mark.value }
        : null)
    );
  if (!isTextual(column)) return null;
  switch (mark.type) {
    case 'quoted':
    case 'proper':
      return { kind: 'string', value: mark.value };
    case 'number':
      return { kind: 'string', value: mark.text };
    case 'shared':
      return { kind: 'string', value: mark.meanings.find((each) => each.of.column === of.column)?.value ?? mark.value };
    case 'unknown':
      return loose ? { kind: 'string', value: mark.value } : null;
    default:
      return null;
  }
}

/** A name at a place; "a total", "whose average": behind "with", a word that is a name besides its role is the name. */
function asName(marks: readonly Mark[], at: number): Extract<Mark, { type: 'element' }> | null {
  const mark = marks[at];
  if (mark?.type === 'element') return mark;
  if (mark?.type !== 'role' || !mark.element || mark.role.role !== 'aggregate') return null;
  return { text: mark.text, type: 'element', element: mark.element };
}

/** A currency or unit behind a number, where the column has that unit. */
function unitLength(of: ColumnOf, mark: Mark | undefined): number {
  const unit = of.column.unit?.toLowerCase();
  return unit && (mark?.type === 'proper' || mark?.type === 'unknown') && mark.value.toLowerCase() === unit ? 1 : 0;
}

/** `total over 500`, `price is between 5 and 10`, `age not more than 7`. */
const columnCompared: Reader = (context, marks, at, draft) => {
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
  const unit = unitLength(of, marks[next + 2]);
  if (operator.role.role === 'compare') {
    draft.filters.push({ kind: 'compare', of, operator: operator.role.operator, value: low });
    return next + 2 + unit - at;
  }
  const high = isRole(marks[next + 2 + unit], 'and') ? numberAt(marks[next + 3 + unit]) : null;
  if (!high) return 0;
  draft.filters.push({ kind: 'between', of, low, high });
  return next + 4 + unit + unitLength(of, marks[next + 4 + unit]) - at;
};

/** `more than 5000 total horses`, `at least 3 orders`, `over 500` (of the one amount of what is asked for). */
const comparedFirst: Reader = (context, marks, at, draft) => {
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
  const subject = subjectBefore(context, marks, at);
  const measure = subject && measureColumn(subject);
  if (!subject || !measure) return 0;
  const of = { relation: subject, column: measure };
  draft.filters.push({ kind: 'compare', of, operator: operator.role.operator, value });
  return 2 + unitLength(of, target);
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
  const subject = subjectBefore(context, marks, at);
  if (!subject || subject === relation || !reaches(context, relation, subject)) return false;
  draft.related.push({ relation, subject, operator, count });
  return true;
}

/** `customers with orders`, `customers who have orders`. */
const related: Reader = (context, marks, at, draft) => {
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
const without: Reader = (context, marks, at, draft) => {
  if (!isRole(marks[at], 'without')) return 0;
  const target = marks[at + 1];
  if (target?.type !== 'element' || target.element.relations.length !== 1) return 0;
  const relation = target.element.relations[0]!;
  const subject = subjectBefore(context, marks, at);
  if (!subject || subject === relation || !reaches(context, relation, subject)) return 0;
  draft.related.push({ relation, subject, operator: '=', count: { kind: 'number', text: '0' } });
  return 2;
};

/** The relation named last before a place, else the first one named. */
export function subjectBefore(context: Context, marks: readonly Mark[], at: number): RelationObligation | null {
  for (let index = at - 1; index >= 0; index -= 1) {
    const mark = marks[index];
    if (mark?.type === 'element' && mark.element.relations.length === 1) return mark.element.relations[0]!;
  }
  return context.mentioned[0] ?? null;
}

/** `status is paid`, `city is not Nairobi`, `type "A" or "B"`, `branch "North"`, `order 17`. */
const equality: Reader = (context, marks, at, draft) => {
  const mark = marks[at];
  if (mark?.type !== 'element') return 0;
  let next = at + 1;
  while (isRole(marks[next], 'is', 'named') || isPlainOf(marks[next])) next += 1;
  const named = marks.slice(at + 1, next).some((each) => isRole(each, 'is', 'named'));
  const negated = isRole(marks[next], 'not');
  if (negated) next = skip(marks, next + 1, 'is');
  const linked = named || negated;
  const place = marks[next];
  if (next > at + 1 && !linked && place?.type !== 'number' && place?.type !== 'quoted') return 0;
  // "prices of the 5 most expensive products": a number that counts what follows is no value.
  const after = marks[next + 1];
  if (
    place?.type === 'number' &&
    !linked &&
    (after?.type === 'element' || isRole(after, 'superlative', 'top', 'most', 'aggregate'))
  )
    return 0;
  if (!place || (place.type === 'unknown' && !linked)) return 0;
  if (!['quoted', 'proper', 'number', 'shared', 'unknown'].includes(place.type)) return 0;
  const of = equalityColumn(context, mark, place, linked);
  if (!of) return 0;
  const values: Literal[] = [];
  let end = next;
  for (;;) {
    const value = literalFor(of, marks[end], linked);
    if (!value) break;
    values.push(value);
    end += 1;
    if (!isRole(marks[end], 'or')) break;
    end = skip(marks, end + 1, 'is');
  }
  if (values.length === 0) return 0;
  if (isRole(marks[end - 1], 'or')) throw new NotUnderstood('I do not understand what follows "or".');
  if (values.length === 1)
    draft.filters.push({ kind: 'compare', of, operator: negated ? '<>' : '=', value: values[0]! });
  else draft.filters.push({ kind: 'in', of, negated, values });
  const length = end + unitLength(of, marks[end]) - at;
  return mark.element.relations.includes(of.relation) ? { length, keep: mark } : length;
};

function equalityColumn(
  context: Context,
  mark: Extract<Mark, { type: 'element' }>,
  place: Mark,
  linked: boolean,
): ColumnOf | null {
  const fits = (of: ColumnOf) => literalFor(of, place, linked) !== null;
  const relation = mark.element.relations.length === 1 ? mark.element.relations[0]! : null;
  if (!relation) return resolveColumn(context, mark.element, mark.text, fits);
  if (place.type === 'number') {
    const key = keyColumn(relation);
    const plural = singular(mark.text.toLowerCase()) !== mark.text.toLowerCase();
    return key && !linked && !plural && numericColumn({ relation, column: key }) ? { relation, column: key } : null;
  }
  const others = mark.element.columns.filter(
    (of) => fits(of) && context.mentioned.some((each) => each !== relation && each === of.relation),
  );
  if (others.length === 1) return others[0]!;
  // "activities Mark …" is the start of a clause; "activity Mark" and "activities named Mark" are names.
  if (place.type === 'proper' && !linked && singular(mark.text.toLowerCase()) !== mark.text.toLowerCase()) return null;
  const label = labelOf(relation);
  return label && (place.type === 'quoted' || place.type === 'proper') && fits(label) ? label : null;
}

/** "of" as in "a salary of 500"; "in" and "from" lead to places. */
function isPlainOf(mark: Mark | undefined): boolean {
  return mark?.type === 'role' && mark.role.role === 'of' && !mark.role.place;
}

/** `email containing "x"`, `names starting with 'A'`. */
const matching: Reader = (context, marks, at, draft) => {
  const mark = marks[at];
  if (mark?.type !== 'element') return 0;
  const next = skip(marks, at + 1, 'with', 'is');
  const negated = isRole(marks[next], 'not');
  const operator = marks[negated ? next + 1 : next];
  const value = marks[(negated ? next + 1 : next) + 1];
  if (operator?.type !== 'role' || operator.role.role !== 'match' || !value) return 0;
  if (value.type !== 'quoted' && value.type !== 'proper' && !(value.type === 'unknown' && value.value.length > 1))
    return 0;
  const of = resolveColumn(context, mark.element, mark.text, (each) => plain(each) && isTextual(each.column.column));
  if (!of) return 0;
  draft.filters.push({
    kind: 'like',
    of,
    negated,
    before: operator.role.before,
    value: value.value,
    after: operator.role.after,
  });
  return (negated ? next + 1 : next) + 2 - at;
};

/** `named "X"`, `called X`: the name of what stands before it. */
const named: Reader = (context, marks, at, draft) => {
  const value = marks[at + 1];
  if (!isRole(marks[at], 'named') || !value || (value.type !== 'quoted' && value.type !== 'proper')) return 0;
  const subject = subjectBefore(context, marks, at);
  const of = subject && labelOf(subject);
  if (!of) return 0;
  draft.filters.push({ kind: 'compare', of, operator: '=', value: { kind: 'string', value: value.value } });
  return 2;
};

const PLACES = new Set([
  'city',
  'town',
  'state',
  'country',
  'county',
  'region',
  'province',
  'location',
  'continent',
  'district',
  'place',
]);

/** `in Nairobi`, `from "Kenya"`: the one column of what is asked for that holds places. */
const place: Reader = (context, marks, at, draft) => {
  const link = marks[at];
  const value = marks[at + 1];
  if (link?.type !== 'role' || link.role.role !== 'of' || !link.role.place) return 0;
  if (value?.type !== 'proper' && value?.type !== 'quoted') return 0;
  if (
    marks[at + 2]?.type === 'element' &&
    (marks[at + 2] as Extract<Mark, { type: 'element' }>).element.relations.length > 0
  )
    return 0;
  const literal: Literal = { kind: 'string', value: value.value };
  const ofPlace = (relation: RelationObligation): readonly ColumnOf[] =>
    [...relation.columns.values()]
      .filter(
        (column) =>
          column.mask === null &&
          isTextual(column.column) &&
          PLACES.has(splitIdentifier(column.column.name).at(-1) ?? ''),
      )
      .map((column) => ({ relation, column }));
  const own = context.mentioned.flatMap(ofPlace);
  const joined = context.relations
    .filter(
      (relation) =>
        context.mentioned.length > 0 &&
        context.mentioned.every((each) => each !== relation && reaches(context, each, relation)),
    )
    .flatMap(ofPlace);
  const found = own.length > 0 ? own : joined;
  if (found.length === 1) {
    draft.filters.push({ kind: 'compare', of: found[0]!, operator: '=', value: literal });
    return 2;
  }
  if (found.length < 2) return 0;
  throw new NotUnderstood(
    `"${value.value}" may be one of several things here. Say which.`,
    found.slice(0, 4).map((each) => ({ replace: value.text, by: `${columnInWords(each)} "${value.value}"` })),
  );
};

/** `older than 56`: a column of what is asked for that has one of the usual names. */
const comparative: Reader = (context, marks, at, draft) => {
  const mark = marks[at];
  const value = numberAt(marks[at + 1]);
  if (mark?.type !== 'role' || mark.role.role !== 'comparative' || !value) return 0;
  const of = usualColumn(context, mark.role.columns);
  if (!of) return 0;
  draft.filters.push({ kind: 'compare', of, operator: mark.role.operator, value });
  return 2 + unitLength(of, marks[at + 2]);
};

/** The one numeric column of the named relations that has one of some usual names, tried in order. */
export function usualColumn(context: Context, names: readonly string[]): ColumnOf | null {
  for (const name of names) {
    const found = context.mentioned.flatMap((relation) =>
      [...relation.columns.values()]
        .filter(
          (column) =>
            column.mask === null && isNumeric(column.column) && splitIdentifier(column.column.name).join('') === name,
        )
        .map((column) => ({ relation, column })),
    );
    if (found.length === 1) return found[0]!;
  }
  return null;
}

/** `ordered_at in 2025`: a date with its column. A date alone is kept for the date of what is asked for. */
const dated: Reader = (context, marks, at, draft) => {
  const mark = marks[at];
  if (mark?.type === 'date') {
    draft.periods.push({ range: mark.range, text: mark.text });
    return 1;
  }
  if (mark?.type !== 'element' || mark.element.relations.length > 0) return 0;
  const next = skip(marks, at + 1, 'is');
  const date = marks[next];
  if (date?.type !== 'date') return 0;
  const holds = (of: ColumnOf) =>
    plain(of) && (isTemporal(of.column.column) || (date.range.year !== null && isYear(of)));
  const of = resolveColumn(context, mark.element, mark.text, holds);
  if (!of || (!isRole(marks[at - 1], 'with', 'and', 'of') && next === at + 1)) return 0;
  draft.filters.push({ kind: 'range', of, range: date.range });
  return next + 1 - at;
};

/** A column of whole years. */
export function isYear(of: ColumnOf): boolean {
  const { column } = of.column;
  return column.family === 'year' || (column.family === 'integer' && splitIdentifier(column.name).at(-1) === 'year');
}

/** A shared value by itself: "paid orders", "orders that were not paid". */
const sharedAlone: Reader = (context, marks, at, draft) => {
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
 * `open invoices`: a word before a relation that has one status column whose values are shared. The word must be a value
 * that this principal sees, one that the column's description names, or, where no values could be looked up, any word.
 */
const statusWord: Reader = (context, marks, at, draft) => {
  const mark = marks[at];
  const target = marks[at + 1];
  if (target?.type !== 'element' || target.element.relations.length !== 1 || !mark) return 0;
  const relation = target.element.relations[0]!;
  if (
    mark.type === 'shared'
      ? mark.meanings.some((each) => each.of.relation === relation)
      : mark.type !== 'unknown' && !isRole(mark, 'verb')
  )
    return 0;
  const states = [...relation.columns.values()].filter(
    ({ column, shareValues, mask }) =>
      shareValues && mask === null && isTextual(column) && splitIdentifier(column.name).at(-1) === 'status',
  );
  if (states.length !== 1) return 0;
  const of = { relation, column: states[0]! };
  const value = mark.text.toLowerCase();
  const known = context.valuesOf(of);
  const described = splitWords(states[0]!.description ?? '').words.some((word) => word.folded === foldWord(value));
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
export const FILTER_READERS: readonly Reader[] = [
  dated,
  columnCompared,
  matching,
  equality,
  comparedFirst,
  comparative,
  related,
  without,
  named,
  place,
  statusWord,
  sharedAlone,
];
