import type { RelationObligation } from '../../policy/view.js';
import { foldWord, singular, splitIdentifier } from '../words.js';
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
import type { ElementMark, Mark } from './mark-words.js';
import { NotUnderstood } from './not-understood.js';
import type { Literal } from './plan.js';
import { rootOf } from './speller.js';

/** `status is paid`, `city is not Nairobi`, `type "A" or "B"`, `branch "North"`, `order 17`. */
export const equality: FilterReader = (context, marks, at, draft) => {
  const mark = marks[at];
  if (mark?.type !== 'element') return 0;
  // "Which institution does 'Ueno' belong to?": no name of an institution.
  if (
    mark.element.relations.length > 0 &&
    isRole(marks[at - 1], 'list') &&
    /^(?:which|what)$/iu.test(marks[at - 1]!.text)
  )
    return 0;
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
  if (!place || (place.type === 'unknown' && !isLooseValue(marks, at, next))) return 0;
  // "names of the 'sesame' product": the value belongs to what follows it.
  if (!linked && (place.type === 'quoted' || place.type === 'proper') && isOneOf(after)) return 0;
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

/** A plain word is a value only behind "is" or "named", and where nothing goes on from it: "the city is the seat of …" is no city. */
function isLooseValue(marks: readonly Mark[], at: number, place: number): boolean {
  const links = marks.slice(at + 1, place);
  const after = marks[place + 1];
  return (
    links.some((each) => isRole(each, 'is', 'named')) &&
    (after === undefined || isRole(after, 'and', 'or', 'order', 'direction', 'with', 'list'))
  );
}

/** A relation in the singular: "the 'sesame' product", "the Statistics department". */
function isOneOf(mark: Mark | undefined): boolean {
  return (
    mark?.type === 'element' &&
    mark.element.relations.length === 1 &&
    singular(mark.text.toLowerCase()) === mark.text.toLowerCase()
  );
}

/** `the 'sesame' product`, `in the Statistics department`, `with 'white' color`: a value right before what it is a value of. */
export const valueFirst: FilterReader = (context, marks, at, draft) => {
  const value = marks[at];
  const mark = marks[at + 1];
  if ((value?.type !== 'quoted' && value?.type !== 'proper') || mark?.type !== 'element') return 0;
  const before = marks[at - 1];
  if (before && !isRole(before, 'of', 'with', 'is', 'list', 'and', 'or', 'by', 'verb', 'not')) return 0;
  const negated = isRole(before, 'not');
  const isRelation = isOneOf(mark);
  if (!isRelation && (mark.element.relations.length > 0 || marks[at + 2]?.type === 'element')) return 0;
  const fits = (of: ColumnOf) => isTextual(of.column.column) && literalFor(of, value, false) !== null;
  const of = isRelation
    ? labelOf(mark.element.relations[0]!)
    : before && !isRole(before, 'and')
      ? resolveColumn(context, mark.element, mark.text, fits)
      : null;
  if (!of || !fits(of)) return 0;
  const literal: Literal = { kind: 'string', value: value.value };
  draft.filters.push({ kind: 'compare', of, operator: negated ? '<>' : '=', value: literal });
  return isRelation ? { length: 2, keep: mark } : 2;
};

/** `managed by "Emma"`: the one column of whoever did it, such as `building_manager`. */
export const doneBy: FilterReader = (_context, marks, at, draft) => {
  const [verb, value] = [marks[at], marks[at + 1]];
  if (!isRole(verb, 'verb') || !/ by$/iu.test(verb!.text)) return 0;
  if (value?.type !== 'quoted' && value?.type !== 'proper') return 0;
  const relation = subjectBefore(marks, at);
  const root = rootOf(foldWord(verb!.text.split(' ')[0]!));
  const found = [...(relation?.columns.values() ?? [])].filter(
    ({ column, mask }) =>
      mask === null &&
      isTextual(column) &&
      splitIdentifier(column.name).some((word) => word !== root && rootOf(word) === root),
  );
  if (!relation || found.length !== 1) return 0;
  const literal: Literal = { kind: 'string', value: value.value };
  draft.filters.push({ kind: 'compare', of: { relation, column: found[0]! }, operator: '=', value: literal });
  return 2;
};

/** `not in country "Russia"`, `not from the city 'Nairobi'`: "not" before what leads to the column. */
export const negatedPlace: FilterReader = (context, marks, at, draft) => {
  if (!isRole(marks[at], 'not') || !isRole(marks[at + 1], 'of', 'with')) return 0;
  const start = skip(marks, at + 1, 'of', 'with');
  const known = draft.filters.length;
  const taken = equality(context, marks, start, draft);
  if (taken === 0) return 0;
  const [filter, more] = draft.filters.splice(known);
  if (filter?.kind !== 'compare' || filter.operator !== '=' || more)
    throw new NotUnderstood(`I do not understand what follows "${marks[at]!.text}".`);
  draft.filters.push({ ...filter, operator: '<>' });
  return typeof taken === 'number' ? start - at + taken : { length: start - at + taken.length, keep: taken.keep };
};

function equalityColumn(context: Context, mark: ElementMark, place: Mark, linked: boolean): ColumnOf | null {
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
  // "course CIS-220": a code, and no title.
  const key = keyColumn(relation);
  if (
    place.type !== 'shared' &&
    key &&
    /^[A-Z]+[-_ ]?\d[\w-]*$/.test(place.text) &&
    isTextual(key.column) &&
    key.mask === null
  )
    return { relation, column: key };
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
  if (isRole(mark, 'match')) return matchingFirst(context, marks, at, draft);
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

/** `with the word "tea" in their names`. */
const matchingFirst: FilterReader = (context, marks, at, draft) => {
  const [operator, value, column] = [marks[at], marks[at + 1], marks[at + 3]];
  if (operator?.type !== 'role' || operator.role.role !== 'match' || value?.type !== 'quoted') return 0;
  if (!isRole(marks[at + 2], 'of') || column?.type !== 'element' || column.element.relations.length > 0) return 0;
  const isText = (each: ColumnOf) => plain(each) && isTextual(each.column.column);
  const subject = subjectBefore(marks, at);
  const of = resolveColumn(context, column.element, column.text, isText, subject);
  if (!of || !subject || !reaches(context, subject, of.relation)) return 0;
  const { before, after } = operator.role;
  draft.filters.push({ kind: 'like', of, negated: false, before, value: value.value, after });
  return 4;
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
  // "From Hartford city": said of what.
  if (marks[at + 2]?.type === 'element') return 0;
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
