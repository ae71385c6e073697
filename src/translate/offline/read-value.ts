import type { RelationObligation } from '../../policy/view.js';
import { singular, splitIdentifier } from '../words.js';
import { type Context, columnInWords, labelOf, reaches, resolveColumn } from './context.js';
import { isTextual, keyColumn } from './describe-relation.js';
import {
  type FilterReader,
  isRole,
  literalFor,
  numericColumn,
  plain,
  skip,
  subjectBefore,
  unitLength,
} from './filter-reader.js';
import type { ColumnOf } from './lexicon.js';
import type { Mark } from './mark-words.js';
import { NotUnderstood } from './not-understood.js';
import type { Literal } from './plan.js';

/** `status is paid`, `city is not Nairobi`, `type "A" or "B"`, `branch "North"`, `order 17`. */
export const equality: FilterReader = (context, marks, at, draft) => {
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
  const length = end + unitLength(context, of, marks, end) - at;
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
export const matching: FilterReader = (context, marks, at, draft) => {
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
export const named: FilterReader = (_context, marks, at, draft) => {
  const value = marks[at + 1];
  if (!isRole(marks[at], 'named') || !value || (value.type !== 'quoted' && value.type !== 'proper')) return 0;
  const subject = subjectBefore(marks, at);
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
export const place: FilterReader = (context, marks, at, draft) => {
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
