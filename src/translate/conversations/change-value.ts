import type { PlacedMark } from '../offline/mark-words.js';
import { splitIdentifier } from '../words.js';
import type { Piece } from './read-fragment.js';
import { append, type EditedText, headOf, insertAt, isRole, type Part, replacePart } from './text-edit.js';

type ValuePiece = Extract<Piece, { readonly kind: 'value' }>;

/**
 * "only the paid ones", "and for Kenya?": puts a value in the place of the one that it stands against, or beside what was
 * asked.
 *
 * @param narrows "only": what was asked before still holds
 * @returns null where it is not clear what it stands against
 */
export function changeValue(edited: EditedText, piece: ValuePiece, narrows: boolean): string | null {
  const values = edited.marks.filter(({ mark }) => ['shared', 'proper', 'quoted'].includes(mark.type));
  const against = findAgainst(edited, values, piece, narrows);
  if (against === 'unclear') return null;
  if (against) return replacePart(edited, withNot(edited, against), piece.negated ? `not ${piece.bare}` : piece.bare);
  const head = headOf(edited);
  if (piece.isWord) return changeState(edited, piece, head);
  if (piece.isLed || piece.mark.type !== 'shared') return piece.isLed ? append(edited, piece.text) : null;
  if (!head) return null;
  const state = stateBefore(edited, head);
  const adjective = piece.negated ? `not ${piece.bare}` : piece.bare;
  return state && isStateOf(head, piece.mark)
    ? replacePart(edited, withNot(edited, state), adjective)
    : insertAt(edited, head.start, adjective);
}

/** The value of the question before that this one is said in the place of; null where it comes beside. */
function findAgainst(
  edited: EditedText,
  values: readonly PlacedMark[],
  piece: ValuePiece,
  narrows: boolean,
): PlacedMark | 'unclear' | null {
  const alike = values.filter(({ mark }) => sharesColumn(mark, piece.mark));
  if (alike.length > 0) return alike.length === 1 ? alike[0]! : 'unclear';
  if (narrows || values.length === 0) return null;
  const places = values.filter((each) => isPlace(edited, each));
  // "and for Kenya?" speaks of the one place that there was.
  if (piece.isPlace || (piece.isLed && !piece.isWord))
    return places.length === 1 && values.length === 1 ? places[0]! : values.length === places.length ? null : 'unclear';
  if (piece.mark.type === 'proper' || piece.mark.type === 'quoted')
    return values.length === 1 && values[0]!.mark.type !== 'shared' ? values[0]! : 'unclear';
  return 'unclear';
}

function sharesColumn(one: PlacedMark['mark'], other: PlacedMark['mark']): boolean {
  if (one.type !== 'shared' || other.type !== 'shared') return false;
  return one.meanings.some((each) => other.meanings.some((its) => its.of.column === each.of.column));
}

function isPlace({ marks }: EditedText, value: PlacedMark): boolean {
  const before = marks[marks.indexOf(value) - 1];
  return before?.mark.type === 'role' && before.mark.role.role === 'of' && before.mark.role.place;
}

/** A value together with the "not" before it; of "were not" the "were" stays. */
function withNot({ marks }: EditedText, value: PlacedMark): Part {
  const before = marks[marks.indexOf(value) - 1];
  if (!before || !isRole(before, 'not')) return value;
  const kept = /^(?:is|are|was|were)\s+/iu.exec(before.mark.text)?.[0].length ?? 0;
  return { start: before.start + kept, end: value.end };
}

/** A word that may be a state: of two states for one thing, the later counts. */
function changeState(edited: EditedText, piece: ValuePiece, head: PlacedMark | null): string | null {
  if (head?.mark.type !== 'element' || head.mark.element.relations.length === 0) return null;
  const before = edited.marks[edited.marks.indexOf(head) - 1];
  const word = piece.negated ? `not ${piece.bare}` : piece.bare;
  if (before?.mark.type === 'unknown' || before?.mark.type === 'shared')
    return replacePart(edited, withNot(edited, before), word);
  return insertAt(edited, head.start, word);
}

/** A word before a table that is no value of it: its state, where the asker happens to see no row in that. */
function stateBefore({ marks }: EditedText, head: PlacedMark): PlacedMark | null {
  const before = marks[marks.indexOf(head) - 1];
  if (before?.mark.type === 'unknown') return before;
  return before?.mark.type === 'shared' && valueColumns(head, before.mark).length === 0 ? before : null;
}

function isStateOf(head: PlacedMark, mark: PlacedMark['mark']): boolean {
  return valueColumns(head, mark).some(({ column }) => splitIdentifier(column.column.name).at(-1) === 'status');
}

/** The columns of a table that a value may be of. */
function valueColumns({ mark: head }: PlacedMark, mark: PlacedMark['mark']) {
  if (head.type !== 'element' || mark.type !== 'shared') return [];
  return mark.meanings.map(({ of }) => of).filter(({ relation }) => head.element.relations.includes(relation));
}
