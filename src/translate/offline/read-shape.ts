import type { Context } from './context.js';
import type { Draft } from './draft.js';
import { isRole } from './filter-reader.js';
import type { Element } from './lexicon.js';
import { type Mark, ofMark } from './mark-words.js';
import { extreme, superlative, top } from './read-ranking.js';
import { readTally } from './read-tally.js';
import { countAt, figureAt, type Reader, roleOf, type Taken } from './shape-reader.js';

/** `ordered by age descending and name`, `in descending order of age`, `sorted alphabetically`. */
const order: Reader = (_context, marks, at, draft) => {
  if (!isRole(marks[at], 'order', 'direction')) return null;
  // "in alphabetical order the names of …": what follows is shown, unless "of" or "by" leads to it.
  let leads = /\b(?:of|by)$|^by\b/.test(marks[at]!.text.toLowerCase());
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
  const keys: { element: Element | null; counts?: boolean; text: string; descending: boolean }[] = [];
  for (;;) {
    const counts = isRole(marks[next], 'count');
    const mark = marks[counts ? next + 1 : next];
    // "by the count": of what is counted already.
    const isBare = counts && (mark === undefined || isRole(mark, 'direction'));
    if (leads && isBare) {
      next += 1;
      direction();
      keys.push({ element: null, counts, text: 'count', descending });
      break;
    }
    if (!leads || mark?.type !== 'element') break;
    if (!counts && mark.element.columns.length + mark.element.metrics.length === 0) break;
    next += counts ? 2 : 1;
    const before = directed;
    directed = false;
    const inherited = descending;
    direction();
    const isDown = directed || before ? descending : inherited;
    keys.push({ element: mark.element, text: mark.text, descending: isDown, ...(counts ? { counts } : {}) });
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
  // "courses taken by students": who does it, and no grouping.
  if (!leads && isRole(marks[at - 1], 'verb')) return null;
  const isEach = isRole(marks[at + 1], 'each') || role?.role === 'each';
  let next = at + (isRole(marks[at + 1], 'each') ? 2 : 1);
  const asked = [];
  for (;;) {
    const mark = marks[next];
    const unit = roleOf(mark);
    if (mark?.type === 'element') asked.push({ element: mark.element, text: mark.text, isEach });
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
  // "and how many are there of each": of each of what is shown.
  const isLast =
    leads && at > 0 && next === at + 1 && marks.slice(next).every((mark) => isRole(mark, 'is', 'list', 'verb'));
  if (asked.length === 0) return isLast ? { length: next - at, keep: [] } : null;
  // "accounts by the customer with …", "details of each visitor": nothing is computed, so nothing is grouped.
  const computes = marks.some((mark) => isRole(mark, 'count', 'aggregate') || figureAt(mark) !== null);
  const isOfRows = asked.some((each) => 'element' in each && each.element.relations.length === 1);
  if (!computes && !draft.ranking && !draft.tally && isOfRows && at > 0) {
    const length = isRole(marks[at + 1], 'each') ? 2 : 1;
    return { length, keep: [ofMark(marks[at]!.text)] };
  }
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
