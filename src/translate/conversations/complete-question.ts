import type { Turn } from '../../domain/conversation.js';
import type { DateRange } from '../dates.js';
import { changeAsked, changeCompare, changeGroup, changeOrder, changeTop } from './change-shape.js';
import { changeValue } from './change-value.js';
import { readRelative } from './periods.js';
import { type Fragment, type Piece, readFragment } from './read-fragment.js';
import { append, type EditedText, headOf, type Marker, openText, replacePart } from './text-edit.js';

/** A question among those before it. */
export interface AskedBefore {
  /** Checked by `checkQuestion`. */
  readonly question: string;
  /** Of the same conversation, oldest first. */
  readonly turns: readonly Turn[];
  /** How texts are read over what the asker may see. */
  readonly marker: Marker;
  /** Whether a question is answered as it stands, without those before it. */
  readonly answers: (question: string) => boolean;
}

/**
 * The whole question that a follow-up asks: "and last year?" behind "How many orders did I place in 2025?" is "How many orders
 * did I place last year". By rules alone: it says the question before once more, with what the follow-up changes.
 *
 * @returns null where the question is complete by itself, where there is nothing before it, or where it is not clear what it
 *   changes: then it is taken as it stands
 */
export function completeQuestion({ question, turns, marker, answers }: AskedBefore): string | null {
  if (turns.length === 0) return null;
  const base = turns.reduce<Base>((before, turn) => goOn(before, turn, marker, answers), {
    text: null,
    answered: false,
  });
  return base.text === null ? null : complete(question, base.text, marker, answers);
}

interface Base {
  readonly text: string | null;
  readonly answered: boolean;
}

/** What the next question goes on from: the last one that was answered, else the last one. */
function goOn(before: Base, turn: Turn, marker: Marker, answers: AskedBefore['answers']): Base {
  const isAnswered = turn.answered ?? turn.sql !== null;
  if (!isAnswered && before.answered) return before;
  const whole = before.text === null ? null : complete(turn.question, before.text, marker, answers);
  return { text: whole ?? turn.question, answered: isAnswered };
}

function complete(question: string, base: string, marker: Marker, answers: AskedBefore['answers']): string | null {
  const fragment = readFragment(question, marker);
  if (!fragment || (!fragment.isLinked && answers(question))) return null;
  let text = openText(base, marker).text;
  for (const [at, piece] of fragment.pieces.entries()) {
    const changed = change(openText(text, marker), piece, fragment, at === 0);
    if (changed === null) return null;
    text = changed;
  }
  const ending = /^(?:how|what|which|who|whose|where|when|is|are|do|did)\b/iu.test(text) ? '?' : '';
  return text + ending;
}

function change(edited: EditedText, piece: Piece, fragment: Fragment, isFirst: boolean): string | null {
  switch (piece.kind) {
    case 'period':
      return changePeriod(edited, piece);
    case 'group':
      return changeGroup(edited, piece, fragment.isAdding);
    case 'order':
      return changeOrder(edited, piece);
    case 'compare':
      return changeCompare(edited, piece);
    case 'value':
      return changeValue(edited, piece, fragment.isNarrowing);
    case 'top':
      return changeTop(edited, piece);
    case 'count':
    case 'list':
    case 'aggregate':
      return changeAsked(edited, piece);
    case 'relation':
      return changeRelation(edited, piece, isFirst);
  }
}

/** "and last year?": another period. */
function changePeriod(edited: EditedText, piece: Extract<Piece, { readonly kind: 'period' }>): string | null {
  const periods = edited.marks.filter(({ mark }) => mark.type === 'date');
  const [period] = periods;
  if (periods.length > 1) return null;
  const range: DateRange | null = period?.mark.type === 'date' ? period.mark.range : null;
  const stated = piece.isRelative ? readRelative(piece.text, range) : statePeriod(piece.text);
  if (stated === null) return null;
  if (!period) return append(edited, stated);
  // "orders since March" and then "2024?": since 2024, or in it?
  if (piece.isBare && /^(?:since|before|after|until|till)\b/iu.test(period.mark.text)) return null;
  // "orders in March 2025" and then "2024?": March again, or all of it?
  if (/^in \d{4}$/.test(stated) && !piece.isRelative && range?.year === null && !isOpen(range)) return null;
  return replacePart(edited, period, stated);
}

function isOpen({ from, to }: DateRange): boolean {
  return from === null || to === null;
}

/** A bare year needs its "in"; everything else stands as it was typed. */
function statePeriod(text: string): string {
  return /^\d{4}$/.test(text) ? `in ${text}` : text;
}

/** "and products?": the same of other rows. */
function changeRelation(
  edited: EditedText,
  piece: Extract<Piece, { readonly kind: 'relation' }>,
  isFirst: boolean,
): string | null {
  const head = headOf(edited);
  if (head?.mark.type !== 'element' || head.mark.element.relations.length !== 1) return null;
  if (head.mark.element.relations[0] === piece.relation) return edited.text;
  return isFirst ? replacePart(edited, head, piece.text) : null;
}
