import type { RelationObligation } from '../../policy/view.js';
import { type Context, metricFor, metricOf, reaches, resolveColumn } from './context.js';
import { dateColumns, isNumeric } from './describe-relation.js';
import type { Draft, Ranking } from './draft.js';
import { usualColumn } from './filter-reader.js';
import type { ColumnOf, Element, MetricOf } from './lexicon.js';
import type { Mark } from './mark-words.js';
import type { Role } from './phrases.js';
import { readTally } from './read-tally.js';

type RoleName = Role['role'];
type ElementMark = Extract<Mark, { type: 'element' }>;
/** Marks taken from `at` on; `keep` of them stay for what follows (the relation that is ranked). 0 where nothing fits. */
interface Taken {
  readonly length: number;
  readonly keep: readonly Mark[];
}
type Reader = (context: Context, marks: readonly Mark[], at: number, draft: Draft) => Taken | null;

const roleOf = (mark: Mark | undefined): Role | null => (mark?.type === 'role' ? mark.role : null);
const isRole = (mark: Mark | undefined, ...names: readonly RoleName[]) =>
  names.includes(roleOf(mark)?.role as RoleName);
const numeric = (of: ColumnOf) => of.column.mask === null && isNumeric(of.column.column);

function relationAt(
  mark: Mark | undefined,
): { readonly mark: ElementMark; readonly relation: RelationObligation } | null {
  return mark?.type === 'element' && mark.element.relations.length === 1
    ? { mark, relation: mark.element.relations[0]! }
    : null;
}

/** A metric by itself; where a table is called so too, its rows are counted. */
function figureAt(mark: Mark | undefined): MetricOf | null {
  return mark?.type === 'element' && mark.element.relations.length === 0 ? metricOf(mark.element, mark.text) : null;
}

function countAt(mark: Mark | undefined): number | null {
  return mark?.type === 'number' && /^[1-9]\d{0,3}$/.test(mark.value) ? Number(mark.value) : null;
}

interface Measure {
  readonly by: Ranking['by'];
  readonly length: number;
}

/** What to rank by: `price`, `total quantity`, `number of orders`, `orders`. */
function measureAt(context: Context, marks: readonly Mark[], at: number, subject: RelationObligation): Measure | null {
  const role = roleOf(marks[at]);
  if (role?.role === 'count') {
    const counted = relationAt(marks[at + 1]);
    return counted && counted.relation !== subject
      ? { by: { kind: 'count', counted: counted.relation }, length: 2 }
      : null;
  }
  const aggregate = role?.role === 'aggregate' ? role.name : null;
  const start = aggregate ? at + 1 : at;
  const named = marks[at];
  const element = marks[start];
  if (element?.type !== 'element' && aggregate && named?.type === 'role' && named.element) {
    const of = resolveColumn(context, named.element, named.text, numeric, subject);
    return of && { by: { kind: 'column', of, aggregate: null }, length: 1 };
  }
  if (element?.type !== 'element') return null;
  const figure = aggregate
    ? metricFor(element.element, element.text, aggregate)
    : metricOf(element.element, element.text);
  if (figure) return { by: { kind: 'metric', figure }, length: start + 1 - at };
  const of = resolveColumn(context, element.element, element.text, numeric, subject);
  if (of) return { by: { kind: 'column', of, aggregate }, length: start + 1 - at };
  return null;
}

/** `top 5 products by quantity`, `top 3 customers with the highest total`. */
const top: Reader = (context, marks, at, draft) => {
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

/** `the product with the highest price`, `3 customers who placed the most orders`. */
const extreme: Reader = (context, marks, at, draft) => {
  if (draft.ranking) return null;
  const limit = countAt(marks[at]);
  const subject = relationAt(marks[limit === null ? at : at + 1]);
  if (!subject) return null;
  let from = (limit === null ? at : at + 1) + 1;
  while (isRole(marks[from], 'with', 'verb', 'of')) from += 1;
  const role = roleOf(marks[from]);
  if (role?.role === 'most') {
    const figure = figureAt(marks[from + 1]);
    if (figure) {
      const by = { kind: 'metric', figure } as const;
      const { descending } = role;
      draft.ranking = { subject: subject.relation, by, descending, limit: limit ?? 1, showMeasure: false };
      return { length: from + 2 - at, keep: [subject.mark] };
    }
    const counted = relationAt(marks[from + 1]);
    if (!counted || counted.relation === subject.relation || !reaches(context, counted.relation, subject.relation))
      return null;
    draft.ranking = {
      subject: subject.relation,
      by: { kind: 'count', counted: counted.relation },
      descending: role.descending,
      limit: limit ?? 1,
      showMeasure: false,
    };
    return { length: from + 2 - at, keep: [subject.mark] };
  }
  if (role?.role !== 'aggregate' || role.extreme === null) return null;
  const measure = measureAt(context, marks, from + 1, subject.relation);
  if (!measure) return null;
  draft.ranking = {
    subject: subject.relation,
    by: measure.by,
    descending: role.extreme === 'highest',
    limit: limit ?? 1,
    showMeasure: false,
  };
  return { length: from + 1 + measure.length - at, keep: [subject.mark] };
};

/** `the 5 most expensive products`, `the oldest customer`, `latest order`. */
const superlative: Reader = (context, marks, at, draft) => {
  if (draft.ranking) return null;
  const first = countAt(marks[at]);
  const start = first === null ? at : at + 1;
  const role = roleOf(marks[start]);
  if (role?.role !== 'superlative') return null;
  const second = first === null ? countAt(marks[start + 1]) : null;
  const subject = relationAt(marks[start + (second === null ? 1 : 2)]);
  if (!subject) return null;
  const of =
    role.columns === 'date'
      ? onlyDate(subject.relation, context.hints)
      : usualColumn({ ...context, mentioned: [subject.relation] }, role.columns);
  if (!of) return null;
  const by = { kind: 'column', of, aggregate: null } as const;
  draft.ranking = {
    subject: subject.relation,
    by,
    descending: role.descending,
    limit: first ?? second ?? 1,
    showMeasure: false,
  };
  return { length: start + (second === null ? 2 : 3) - at, keep: [subject.mark] };
};

function onlyDate(relation: RelationObligation, hints: readonly string[]): ColumnOf | null {
  const columns = dateColumns(relation, hints);
  return columns.length === 1 ? { relation, column: columns[0]! } : null;
}

/** `ordered by age descending and name`, `in descending order of age`, `sorted alphabetically`. */
const order: Reader = (_context, marks, at, draft) => {
  if (!isRole(marks[at], 'order', 'direction')) return null;
  // "in alphabetical order the names of …": what follows is shown, unless "of" or "by" leads to it.
  let leads = /\b(?:of|by)$/.test(marks[at]!.text.toLowerCase());
  let next = at;
  let descending = false;
  let directed = false;
  const direction = () => {
    for (;;) {
      const role = roleOf(marks[next]);
      if (role?.role === 'direction') {
        descending = role.descending;
        directed = true;
      } else if (role?.role === 'order' || role?.role === 'by' || (role?.role === 'of' && directed)) leads = true;
      else return;
      next += 1;
    }
  };
  direction();
  const keys: { element: Element | null; text: string; descending: boolean }[] = [];
  for (;;) {
    const mark = marks[next];
    if (!leads || mark?.type !== 'element') break;
    if (mark.element.columns.length + mark.element.metrics.length === 0) break;
    next += 1;
    const before = directed;
    directed = false;
    const inherited = descending;
    direction();
    keys.push({ element: mark.element, text: mark.text, descending: directed || before ? descending : inherited });
    if (!isRole(marks[next], 'and') || marks[next + 1]?.type !== 'element') break;
    next += 1;
  }
  if (keys.length === 0) {
    if (!directed) return null;
    keys.push({ element: null, text: '', descending });
  }
  draft.orders.push(...keys);
  return { length: next - at, keep: [] };
};

/** `for each branch`, `per month and status`, `by city`, `monthly`. */
const group: Reader = (_context, marks, at, draft) => {
  const role = roleOf(marks[at]);
  if (role?.role === 'periodic') {
    draft.groups.push({ unit: role.unit });
    return { length: 1, keep: [] };
  }
  const leads =
    role?.role === 'each' || ((role?.role === 'by' || role?.role === 'of') && isRole(marks[at + 1], 'each'));
  if (!leads && role?.role !== 'by') return null;
  let next = at + (isRole(marks[at + 1], 'each') ? 2 : 1);
  const asked = [];
  for (;;) {
    const mark = marks[next];
    const unit = roleOf(mark);
    if (mark?.type === 'element') asked.push({ element: mark.element, text: mark.text });
    else if (unit?.role === 'time') asked.push({ unit: unit.unit });
    else break;
    next += 1;
    const following = marks[next + 1];
    const more =
      isRole(marks[next], 'and') &&
      (following?.type === 'element' || isRole(following, 'time')) &&
      !isRole(marks[next + 2], 'of');
    if (!more) break;
    next += 1;
  }
  if (asked.length === 0) return null;
  draft.groups.push(...asked);
  // "each customer has": the verb adds nothing.
  return { length: next - at, keep: [] };
};

/** "top 5 products", "3 orders": a limit whose order is given apart. */
const limited: Reader = (_context, marks, at, draft) => {
  const start = isRole(marks[at], 'top') ? at + 1 : at;
  const limit = countAt(marks[start]);
  if (limit === null || marks[start + 1]?.type !== 'element' || draft.orders.length === 0 || draft.ranking) return null;
  draft.limit = limit;
  return { length: start + 1 - at, keep: [] };
};

/** Passes over the marks that the filters left, one after the other. */
const PASSES: readonly (readonly Reader[])[] = [[top, superlative, extreme, readTally], [order], [group], [limited]];

/** Takes ranking, order, grouping and limit out of the marks; returns what is left. */
export function readShape(context: Context, marks: readonly Mark[], draft: Draft): readonly Mark[] {
  // "Sort the names of …": a list, whose order comes later.
  let current = isRole(marks[0], 'order') ? marks.slice(1) : marks;
  for (const readers of PASSES) {
    const rest: Mark[] = [];
    for (let at = 0; at < current.length; ) {
      let taken: Taken | null = null;
      for (const reader of readers) {
        taken = reader(context, current, at, draft);
        if (taken) break;
      }
      if (taken) rest.push(...taken.keep);
      else rest.push(current[at]!);
      at += taken?.length ?? 1;
    }
    current = rest;
  }
  return current;
}
