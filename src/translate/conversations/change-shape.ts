import type { Piece } from './read-fragment.js';
import {
  append,
  type EditedText,
  groupParts,
  headOf,
  insertAt,
  isFigure,
  isRanked,
  isRole,
  orderPart,
  type Part,
  replacePart,
} from './text-edit.js';

type PieceOf<Kind extends Piece['kind']> = Extract<Piece, { readonly kind: Kind }>;

/** "by month": other groups, or (`adds`) further ones. */
export function changeGroup(edited: EditedText, piece: PieceOf<'group'>, adds: boolean): string | null {
  const groups = groupParts(edited);
  if (groups.length > 1 || isRanked(edited)) return null;
  const [group] = groups;
  if (group && adds && piece.of !== '')
    return replacePart(edited, { start: group.end, end: group.end }, `and ${piece.of}`);
  if (group) return replacePart(edited, group, piece.text);
  return append(edited, piece.text);
}

/** "sorted by price": another order. */
export function changeOrder(edited: EditedText, piece: PieceOf<'order'>): string {
  const order = orderPart(edited);
  return order ? replacePart(edited, order, piece.text) : append(edited, piece.text);
}

/** "over 500": another bound. */
export function changeCompare(edited: EditedText, piece: PieceOf<'compare'>): string | null {
  const { marks } = edited;
  const found = marks.flatMap((each, at) =>
    isRole(each, 'compare') && marks[at + 1]?.mark.type === 'number'
      ? [{ start: each.start, end: marks[at + 1]!.end }]
      : [],
  );
  if (found.length > 1 || marks.some((each) => isRole(each, 'between', 'comparative'))) return null;
  return found[0] ? replacePart(edited, found[0], piece.text) : append(edited, piece.text);
}

/** "top 5": as many of what is ranked, ordered or counted for each table row. */
export function changeTop(edited: EditedText, { count }: PieceOf<'top'>): string | null {
  const { marks } = edited;
  const at = marks.findIndex((each) => isRole(each, 'top', 'superlative'));
  const numbers = [marks[at - 1], marks[at + 1]].filter((each) => at >= 0 && each?.mark.type === 'number');
  if (numbers[0]) return replacePart(edited, numbers[0], count);
  if (at >= 0) {
    const isTop = isRole(marks[at], 'top');
    return insertAt(edited, isTop ? marks[at]!.end : marks[at]!.start, count);
  }
  const [group] = groupParts(edited);
  const named = marks.find((each) => each.mark.type === 'element');
  if (!group) return orderPart(edited) && named ? insertAt(edited, named.start, `top ${count}`) : null;
  const [key] = group.of;
  if (group.of.length !== 1 || key?.mark.type !== 'element' || key.mark.element.relations.length !== 1) return null;
  return rankGroups(edited, group, `top ${count} ${edited.text.slice(key.start, key.end)}`);
}

/** "How many orders per branch in 2025" → "top 5 branch by number of orders in 2025". */
function rankGroups(edited: EditedText, group: Part, top: string): string | null {
  const measure = measurePart(edited);
  if (!measure || orderPart(edited)) return null;
  const isCount = isRole(measure.first, 'count');
  const { text } = edited;
  const stated = isCount
    ? `number of ${text.slice(measure.second.start, measure.end)}`
    : text.slice(measure.start, measure.end);
  const rest = [text.slice(measure.end, group.start), text.slice(group.end)].join(' ');
  return `${top} by ${stated} ${rest.replace(/^\s*(?:are|were|is) there\b/iu, '')}`.replace(/\s+/g, ' ').trim();
}

/** `how many orders`, `total revenue`, `revenue`: what is computed. */
function measurePart({ marks }: EditedText) {
  const at = marks.findIndex(
    (each) => isRole(each, 'count', 'aggregate') || (each.mark.type === 'element' && isFigure(each.mark)),
  );
  const first = marks[at];
  if (!first || marks.slice(at + 1).some((each) => isRole(each, 'count', 'aggregate'))) return null;
  if (first.mark.type === 'element') return { start: first.start, end: first.end, first, second: first };
  let next = at + 1;
  while (isRole(marks[next], 'noise')) next += 1;
  const second = marks[next];
  return second?.mark.type === 'element' ? { start: first.start, end: second.end, first, second } : null;
}

/** "how many?", "list them", "and the average?": something else of the same rows. */
export function changeAsked(edited: EditedText, piece: PieceOf<'count' | 'list' | 'aggregate'>): string | null {
  const { marks } = edited;
  if (isRanked(edited)) return null;
  if (piece.kind === 'aggregate') {
    const stated = aggregatePart(edited, piece.of !== null);
    if (stated) return replacePart(edited, stated, piece.of === null ? piece.text : `${piece.text} ${piece.of}`);
  }
  const rows = rowsOf(edited);
  if (rows === null) return null;
  if (piece.kind === 'count') return `How many ${rows}`;
  if (piece.kind === 'list') return groupParts(edited).length > 0 ? null : `List ${rows}`;
  if (marks.some((each) => isRole(each, 'aggregate'))) return null;
  return `What is the ${piece.text}${piece.of === null ? '' : ` ${piece.of}`} of ${rows}`;
}

/** The one aggregate of a question; with what it is of, where that is changed too. */
function aggregatePart({ marks }: EditedText, withColumn: boolean): Part | null {
  const found = marks.filter((each) => isRole(each, 'aggregate'));
  const [first] = found;
  if (!first || found.length > 1) return null;
  const end = first.start + first.mark.text.replace(/\s+of$/iu, '').length;
  if (!withColumn) return { start: first.start, end };
  const next = marks[marks.indexOf(first) + 1];
  const isColumn = next?.mark.type === 'element' && next.mark.element.relations.length === 0;
  return isColumn ? { start: first.start, end: next.end } : null;
}

/** Which rows a question is about: from its table on, with the values before it, without order and "are there". */
function rowsOf(edited: EditedText): string | null {
  const { marks, text } = edited;
  const head = headOf(edited);
  if (head?.mark.type !== 'element' || isFigure(head.mark)) return null;
  let at = marks.indexOf(head);
  while (marks[at - 1]?.mark.type === 'shared' || isRole(marks[at - 1], 'not', 'own')) at -= 1;
  const order = orderPart(edited);
  const behind = marks.slice(marks.indexOf(head) + 1);
  const first = behind.findIndex((each) => !isRole(each, 'is') && each.mark.text.toLowerCase() !== 'there');
  const goesOn = behind[first < 0 ? behind.length : first]?.start ?? text.length;
  const cut =
    order && order.start >= goesOn ? [text.slice(goesOn, order.start), text.slice(order.end)] : [text.slice(goesOn)];
  const rows = [text.slice(marks[at]!.start, head.end), ...cut].join(' ');
  return rows.replace(/\s+/g, ' ').trim();
}
