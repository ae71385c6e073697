import type { RelationObligation } from '../../policy/view.js';
import { type Context, metricFor, metricOf, resolveColumn, tieBetween } from './context.js';
import { columnWords, dateColumns, isKey, isTemporal, writeOut } from './describe-relation.js';
import type { Ranking } from './draft.js';
import { isRole, numericColumn, usualColumn } from './filter-reader.js';
import { isDateOfAnother } from './finish-plan.js';
import type { ColumnOf } from './lexicon.js';
import type { Mark } from './mark-words.js';
import type { Role } from './phrases.js';
import { countAt, figureAt, type Reader, relationAt, roleOf } from './shape-reader.js';

interface Measure {
  readonly by: Ranking['by'];
  readonly length: number;
}

/** What to rank by: `price`, `total quantity`, `number of orders`, `orders`; nothing that only begins another name ("population density"). */
function measureAt(context: Context, marks: readonly Mark[], at: number, subject: RelationObligation): Measure | null {
  const measure = readMeasure(context, marks, at, subject);
  return measure && marks[at + measure.length]?.type !== 'element' ? measure : null;
}

function readMeasure(
  context: Context,
  marks: readonly Mark[],
  at: number,
  subject: RelationObligation,
): Measure | null {
  const role = roleOf(marks[at]);
  if (role?.role === 'count') {
    const counted = relationAt(marks[at + 1]);
    if (counted && counted.relation !== subject) return { by: { kind: 'count', counted: counted.relation }, length: 2 };
    // "the largest number of passengers", where a column holds their number.
    const held = marks[at + 1];
    if (counted || held?.type !== 'element') return null;
    const of = resolveColumn(context, held.element, held.text, numericColumn, subject);
    return of && of.relation === subject ? { by: { kind: 'column', of, aggregate: null }, length: 2 } : null;
  }
  const aggregate = role?.role === 'aggregate' ? role.name : null;
  const start = aggregate ? at + 1 : at;
  const named = marks[at];
  const element = marks[start];
  if (element?.type !== 'element' && aggregate && named?.type === 'role' && named.element) {
    const of = resolveColumn(context, named.element, named.text, numericColumn, subject);
    return of && { by: { kind: 'column', of, aggregate: null }, length: 1 };
  }
  if (element?.type !== 'element') return null;
  const figure = aggregate
    ? metricFor(element.element, element.text, aggregate)
    : metricOf(element.element, element.text);
  if (figure) return { by: { kind: 'metric', figure }, length: start + 1 - at };
  const of = resolveColumn(context, element.element, element.text, numericColumn, subject);
  if (of) return { by: { kind: 'column', of, aggregate }, length: start + 1 - at };
  return null;
}

/** `top 5 products by quantity`, `top 3 customers with the highest total`. */
export const top: Reader = (context, marks, at, draft) => {
  if (!isRole(marks[at], 'top') || draft.ranking) return null;
  const limit = countAt(marks[at + 1]);
  const next = limit === null ? at + 1 : at + 2;
  const subject = relationAt(marks[next]);
  if (!subject) return null;
  let from = next + 1;
  while (isRole(marks[from], 'by', 'with', 'order')) from += 1;
  const extreme = roleOf(marks[from]);
  if (extreme?.role === 'aggregate' && extreme.extreme === 'highest') from += 1;
  if (extreme?.role === 'most') from += 1;
  const counted = extreme?.role === 'most' && !figureAt(marks[from]) ? relationAt(marks[from]) : null;
  const measure: Measure | null = counted
    ? { by: { kind: 'count', counted: counted.relation }, length: 1 }
    : measureAt(context, marks, from, subject.relation);
  if (!measure) return null;
  draft.ranking = {
    subject: subject.relation,
    by: measure.by,
    descending: extreme?.role !== 'most' || extreme.descending,
    limit: limit ?? 1,
    // "the top 3 artists with the most songs" asks only for the artists.
    showMeasure: !marks.slice(next + 1, from).some((mark) => isRole(mark, 'with')),
  };
  return { length: from + measure.length - at, keep: [subject.mark] };
};

/** What comes of a ranking that stands behind its subject. */
interface Ranked {
  readonly by: Ranking['by'];
  readonly descending: boolean;
  /** Marks that it took. */
  readonly length: number;
}

/** `the product with the highest price`, `3 customers who placed the most orders`, `trips with the 3 longest durations`. */
export const extreme: Reader = (context, marks, at, draft) => {
  if (draft.ranking) return null;
  const first = countAt(marks[at]);
  const named = first === null ? at : at + 1;
  const subject = relationAt(marks[named]);
  if (!subject) return null;
  let from = named + 1;
  while (isRole(marks[from], 'with', 'verb', 'of', 'is')) from += 1;
  const isLed = from > named + 1;
  // "with the 3 longest durations", "with the top 3 durations".
  const inner = first === null && isLed ? countAt(marks[from]) : null;
  if (inner !== null) from += 1;
  const behind = first === null && inner === null && isRole(marks[from], 'top') ? countAt(marks[from + 1]) : null;
  if (behind !== null) from += 1;
  const role: Role | null =
    behind === null ? roleOf(marks[from]) : { role: 'aggregate', name: 'MAX', extreme: 'highest' };
  const ranked = readRanked(context, marks, from + 1, subject.relation, role, isLed);
  if (!ranked) return null;
  const { by, descending, length } = ranked;
  const limit = first ?? inner ?? behind ?? 1;
  draft.ranking = { subject: subject.relation, by, descending, limit, showMeasure: false };
  return { length: from + 1 + length - at, keep: [subject.mark] };
};

/** What a superlative is about: the marks from `at` on, behind its word. @param isLed whether "with" or a verb leads to it */
function readRanked(
  context: Context,
  marks: readonly Mark[],
  at: number,
  subject: RelationObligation,
  role: Role | null,
  isLed: boolean,
): Ranked | null {
  switch (role?.role) {
    case 'superlative':
      return isLed ? rankedBySuperlative(context, marks[at], subject, role) : null;
    case 'most':
      return rankedByNumber(context, marks, at, subject, role.descending);
    case 'aggregate': {
      const measure = role.extreme === null ? null : measureAt(context, marks, at, subject);
      return measure && { ...measure, descending: role.extreme === 'highest' };
    }
    default:
      return null;
  }
}

/** `that was released most recently`; `with the longest duration`, where the column says what "longest" is about. */
function rankedBySuperlative(
  context: Context,
  said: Mark | undefined,
  subject: RelationObligation,
  { columns, descending }: Sought,
): Ranked | null {
  if (said?.type !== 'element') {
    const of = columns === 'date' ? onlyDate(context, subject) : null;
    return of && { by: byColumn(of), descending, length: 0 };
  }
  if (said.element.relations.length > 0) return null;
  const fits = (of: ColumnOf) => numericColumn(of) || (of.column.mask === null && isTemporal(of.column.column));
  const of = resolveColumn(context, said.element, said.text, fits, subject);
  return of?.relation === subject ? { by: byColumn(of), descending, length: 1 } : null;
}

/** `the most orders`, `the most registered students`, `the largest number of passengers` where a column holds their number. */
function rankedByNumber(
  context: Context,
  marks: readonly Mark[],
  at: number,
  subject: RelationObligation,
  descending: boolean,
): Ranked | null {
  const held = marks[at];
  if (held?.type === 'element' && held.element.relations.length + held.element.metrics.length === 0) {
    const of = resolveColumn(context, held.element, held.text, numericColumn, subject);
    const isWhole = marks[at + 1]?.type !== 'element';
    if (of?.relation !== subject || isKey(subject, of.column.column) || !isWhole) return null;
    return { by: byColumn(of), descending, length: 1 };
  }
  const figure = figureAt(held);
  if (figure) return { by: { kind: 'metric', figure }, descending, length: 1 };
  const place = isRole(held, 'verb') ? at + 1 : at;
  const counted = relationAt(marks[place])?.relation;
  if (!counted || counted === subject || !tieBetween(context, counted, subject)) return null;
  return { by: { kind: 'count', counted }, descending, length: place + 1 - at };
}

const byColumn = (of: ColumnOf): Ranking['by'] => ({ kind: 'column', of, aggregate: null });

/** `the 5 most expensive products`, `the oldest customer`, `latest order`, `the top 3 most expensive products`, `the highest mountain`. */
export const superlative: Reader = (context, marks, at, draft) => {
  if (draft.ranking) return null;
  const from = isRole(marks[at], 'top') && countAt(marks[at + 1]) !== null ? at + 1 : at;
  const first = countAt(marks[from]);
  const start = first === null ? from : from + 1;
  const sought = soughtAt(marks[start]);
  if (!sought) return null;
  const second = first === null ? countAt(marks[start + 1]) : null;
  const subject = relationAt(marks[start + (second === null ? 1 : 2)]);
  if (!subject) return null;
  const found = columnSought(context, subject.relation, sought);
  if (!found) return null;
  draft.ranking = {
    subject: subject.relation,
    by: byColumn(found.of),
    descending: found.descending,
    limit: first ?? second ?? 1,
    showMeasure: false,
  };
  return { length: start + (second === null ? 2 : 3) - at, keep: [subject.mark] };
};

/** What a word such as "oldest" is about, and which end of it. */
interface Sought {
  readonly columns: readonly string[] | 'date';
  readonly descending: boolean;
}

function soughtAt(mark: Mark | undefined): Sought | null {
  const role = roleOf(mark);
  if (role?.role === 'superlative') return role;
  // "The highest mountain", where nothing says which number is meant.
  if (role?.role !== 'aggregate' || role.extreme === null || !/^(?:highest|lowest)$/iu.test(mark!.text)) return null;
  return { columns: ['height', 'elevation', 'altitude'], descending: role.extreme === 'highest' };
}

const BIRTHS = ['birthdate', 'dateofbirth', 'birthday', 'birth', 'born'];

/** Whoever was born first is the oldest, where a date of birth is all that is known. */
function columnSought(
  context: Context,
  relation: RelationObligation,
  { columns, descending }: Sought,
): { readonly of: ColumnOf; readonly descending: boolean } | null {
  if (columns === 'date') {
    const of = onlyDate(context, relation);
    return of && { of, descending };
  }
  const of = usualColumn({ ...context, mentioned: [relation] }, columns);
  if (of) return { of, descending };
  if (!columns.includes('age')) return null;
  const births = [...relation.columns.values()].filter(
    ({ column, mask }) =>
      mask === null && isTemporal(column) && BIRTHS.includes(writeOut(columnWords(relation, column.name)).join('')),
  );
  return births.length === 1 ? { of: { relation, column: births[0]! }, descending: !descending } : null;
}

function onlyDate(context: Context, relation: RelationObligation): ColumnOf | null {
  const columns = dateColumns(relation, context.hints);
  return columns.length === 1 && !isDateOfAnother(context, relation) ? { relation, column: columns[0]! } : null;
}
