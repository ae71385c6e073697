import type { RelationObligation } from '../../policy/view.js';
import { type Context, reaches } from './context.js';
import type { Draft } from './draft.js';
import { isRole, numberAt } from './filter-reader.js';
import type { Mark } from './mark-words.js';
import type { Tally } from './tally.js';

type ElementMark = Extract<Mark, { type: 'element' }>;
/** As the readers of `read-shape.ts` give it. */
interface Taken {
  readonly length: number;
  readonly keep: readonly Mark[];
}

/** A name that may be a column. */
function columnAt(mark: Mark | undefined): ElementMark | null {
  return mark?.type === 'element' && mark.element.columns.length > 0 ? mark : null;
}

function relationAt(mark: Mark | undefined): RelationObligation | null {
  return mark?.type === 'element' && mark.element.relations.length === 1 ? mark.element.relations[0]! : null;
}

function limitAt(mark: Mark | undefined): number | null {
  return mark?.type === 'number' && /^[1-9]\d{0,3}$/.test(mark.value) ? Number(mark.value) : null;
}

/** `the 3 most common cities`, `the most common city`. */
function commonFirst(context: Context, marks: readonly Mark[], at: number, draft: Draft): Taken | null {
  const limit = limitAt(marks[at]);
  const start = limit === null ? at : at + 1;
  const common = marks[start];
  if (common?.type !== 'role' || common.role.role !== 'common') return null;
  const second = limitAt(marks[start + 1]);
  const target = marks[start + (second === null ? 1 : 2)];
  const order = { descending: common.role.descending, limit: limit ?? second ?? 1 };
  if (target?.type !== 'element' || !setCommon(context, target, order, draft)) return null;
  return { length: start + (second === null ? 2 : 3) - at, keep: [target] };
}

/** `the city that is most common among stores`. */
function commonBehind(context: Context, marks: readonly Mark[], at: number, draft: Draft): Taken | null {
  const target = marks[at];
  if (target?.type !== 'element') return null;
  let next = at + 1;
  while (isRole(marks[next], 'is', 'with')) next += 1;
  const common = marks[next];
  if (next === at + 1 || common?.type !== 'role' || common.role.role !== 'common' || columnAt(marks[next + 1]))
    return null;
  const order = { descending: common.role.descending, limit: 1 };
  if (!setCommon(context, target, order, draft)) return null;
  return { length: next + 1 - at, keep: [target] };
}

/** Chooses values of a column, or rows of a relation by how many rows of the other named one point at each. */
function setCommon(
  context: Context,
  { element, text }: ElementMark,
  order: NonNullable<Tally['order']>,
  draft: Draft,
): boolean {
  const relation = element.relations.length === 1 ? element.relations[0]! : null;
  const others = context.mentioned.filter((each) => each !== relation);
  const pointing = relation ? others.filter((each) => reaches(context, each, relation)) : [];
  if (relation && pointing.length === 1) {
    const by = { kind: 'count', counted: pointing[0]! } as const;
    draft.ranking = { subject: relation, by, ...order, showMeasure: false };
    return true;
  }
  if (element.columns.length === 0) return false;
  const counted = others.length === 1 ? others[0]! : null;
  draft.tally = { element, text, counted, order, having: null };
  return true;
}

/** `the city with the most stores`, `which city has the fewest stores`, `the 3 cities with the most stores`. */
function most(_context: Context, marks: readonly Mark[], at: number, draft: Draft): Taken | null {
  const limit = limitAt(marks[at]);
  const target = columnAt(marks[limit === null ? at : at + 1]);
  if (!target || target.element.relations.length > 0) return null;
  let next = (limit === null ? at : at + 1) + 1;
  while (isRole(marks[next], 'with', 'verb', 'of')) next += 1;
  const role = marks[next];
  if (role?.type !== 'role' || role.role.role !== 'most') return null;
  const counted = relationAt(marks[next + 1]);
  if (!counted) return null;
  const order = { descending: role.role.descending, limit: limit ?? 1 };
  draft.tally = { element: target.element, text: target.text, counted, order, having: null };
  return { length: next + 2 - at, keep: [target] };
}

/** `cities with more than 3 stores`, `cities that have at least 3 stores`, `cities with 3 stores`. */
function having(_context: Context, marks: readonly Mark[], at: number, draft: Draft): Taken | null {
  const target = columnAt(marks[at]);
  if (!target || target.element.relations.length > 0) return null;
  let next = at + 1;
  while (isRole(marks[next], 'with', 'verb', 'of')) next += 1;
  if (next === at + 1) return null;
  const compare = marks[next];
  const operator = compare?.type === 'role' && compare.role.role === 'compare' ? compare.role.operator : null;
  const value = numberAt(marks[operator ? next + 1 : next]);
  const counted = relationAt(marks[operator ? next + 2 : next + 1]);
  if (!value || !counted || !/^\d+$/.test(value.kind === 'number' ? value.text : '')) return null;
  draft.tally = {
    element: target.element,
    text: target.text,
    counted,
    order: null,
    having: { operator: operator ?? '=', value },
  };
  return { length: (operator ? next + 3 : next + 2) - at, keep: [target] };
}

/** Reads a tally at a place; null where there is none. */
export function readTally(context: Context, marks: readonly Mark[], at: number, draft: Draft): Taken | null {
  if (draft.ranking || draft.tally) return null;
  for (const reader of [commonFirst, commonBehind, most, having]) {
    const taken = reader(context, marks, at, draft);
    if (taken) return taken;
  }
  return null;
}
