import type { RelationObligation } from '../../policy/view.js';
import type { Mark, PlacedMark } from '../offline/mark-words.js';
import { foldWord, splitWords } from '../words.js';
import { isRelative, readBareYear } from './periods.js';
import { isRole, type Marker } from './text-edit.js';

/** One thing that a follow-up says of the question before. Texts are as they were typed. */
export type Piece =
  | { readonly kind: 'period'; readonly text: string; readonly isRelative: boolean; readonly isBare: boolean }
  | { readonly kind: 'group'; readonly text: string; readonly of: string }
  | { readonly kind: 'order'; readonly text: string }
  | { readonly kind: 'compare'; readonly text: string }
  | {
      readonly kind: 'value';
      /** With the words that lead to it: `in Kenya`. */
      readonly text: string;
      /** Without them. */
      readonly bare: string;
      readonly negated: boolean;
      readonly mark: Mark;
      /** True for a word that nothing is known of, and that may be a state: `open`. */
      readonly isWord: boolean;
      /** "in", "from": a place. */
      readonly isPlace: boolean;
      /** The words that lead to it, where there are any. */
      readonly isLed: boolean;
    }
  | { readonly kind: 'top'; readonly count: string }
  | { readonly kind: 'count' }
  | { readonly kind: 'list' }
  | { readonly kind: 'aggregate'; readonly text: string; readonly of: string | null }
  | { readonly kind: 'relation'; readonly text: string; readonly relation: RelationObligation };

/** A follow-up taken apart. */
export interface Fragment {
  readonly pieces: readonly Piece[];
  /** "and …", "what about …", "only …": it says itself that it goes on from something. */
  readonly isLinked: boolean;
  /** "only …", "just …": what was asked before still holds. */
  readonly isNarrowing: boolean;
  /** "also …": something beside what was asked before. */
  readonly isAdding: boolean;
}

const LEAD =
  /^(?:(?:and|but|now|then|ok|okay|so|also|the same|same|please|again|no|yes|hmm|thanks|great|what about|how about|only|just)\b[\s,.!…-]*)+/iu;
const TAIL = /(?:[\s,]+(?:instead|please|too|only|then|as well|now|this time|again))*[\s?.!…]*$/iu;
/** So that the first word of a fragment is read as one within a sentence. */
const BEFORE = '"x" ';
/** Longest follow-up, in words: what is longer is a question of its own. */
const MOST_WORDS = 14;

/** @returns null where the text is no follow-up that is understood */
export function readFragment(question: string, marker: Marker): Fragment | null {
  const normal = question.normalize('NFKC').trim();
  const tail = TAIL.exec(normal)?.[0] ?? '';
  const ended = normal.slice(0, normal.length - tail.length);
  const lead = LEAD.exec(`${ended} `)?.[0] ?? '';
  const text = ended.slice(lead.length).trim();
  const { words } = splitWords(text);
  if (text === '' || words.length > MOST_WORDS) return null;
  const said = `${lead} ${tail}`;
  const isNarrowing = /\b(?:only|just)\b/iu.test(said);
  const flags = { isLinked: /\p{L}/u.test(said), isNarrowing, isAdding: /\b(?:also|too|as well)\b/iu.test(said) };
  const folded = words.map((word) => foldWord(word.text)).join(' ');
  const year = readBareYear(folded);
  const period = (stated: string) =>
    ({
      kind: 'period',
      text: stated,
      isRelative: isRelative(folded),
      isBare: !/^(?:in|on|since|before|after|until|till|between|from|during|for)\b/iu.test(text),
    }) as const;
  if (year !== null) return { pieces: [{ ...period(year), isBare: true }], ...flags };
  if (isRelative(folded)) return { pieces: [period(folded)], ...flags };
  const pieces = readPieces(BEFORE + text, marker, isNarrowing);
  return pieces === null ? null : { pieces, ...flags };
}

/** Cuts the marks into pieces; null where one has no place. */
function readPieces(text: string, marker: Marker, isNarrowing: boolean): readonly Piece[] | null {
  const all = marker(text).slice(1);
  // "the paid ones", "what is …", "them": words that stand for what the question before was about.
  const hasOnes = all.some(isOnes);
  const marks = all.filter((each) => !isRole(each, 'noise') && !isOnes(each));
  const asks = marks.filter((each) => !isRole(each, 'is', 'list', 'and'));
  if (asks.length === 0) return marks.some((each) => isRole(each, 'list')) ? [{ kind: 'list' }] : null;
  if (asks.length === 1 && isRole(asks[0], 'count')) return [{ kind: 'count' }];
  const lists = isRole(marks[0], 'list');
  const pieces: Piece[] = [];
  for (let at = marks.indexOf(asks[0]!); at < marks.length; ) {
    if (isRole(marks[at], 'and')) {
      at += 1;
      continue;
    }
    const found = readPiece(text, marks, at, { isFirst: pieces.length === 0, hasOnes, isNarrowing, marker });
    if (!found) return null;
    pieces.push(found.piece);
    at += found.length;
  }
  if (!lists || pieces[0]?.kind === 'aggregate') return pieces;
  // "list customers" is a question of its own; "which are paid?" lists what the one before was about.
  return pieces.some((each) => each.kind === 'relation' || each.kind === 'top') ? null : [{ kind: 'list' }, ...pieces];
}

interface Found {
  readonly piece: Piece;
  readonly length: number;
}

interface Around {
  readonly isFirst: boolean;
  readonly hasOnes: boolean;
  readonly isNarrowing: boolean;
  readonly marker: Marker;
}

function readPiece(text: string, marks: readonly PlacedMark[], at: number, around: Around): Found | null {
  const first = marks[at]!;
  const cut = (length: number) => text.slice(first.start, marks[at + length - 1]!.end);
  if (first.mark.type === 'date') {
    const isBare = !/^(?:in|on|since|before|after|until|till|between|from|during|for)\b/iu.test(first.mark.text);
    return { piece: { kind: 'period', text: cut(1), isRelative: false, isBare }, length: 1 };
  }
  if (isRole(first, 'each', 'by', 'periodic')) {
    const length = groupLength(marks, at);
    if (length > 0) {
      const lead = isRole(marks[at + 1], 'each') ? 2 : 1;
      const of = isRole(first, 'periodic') ? '' : text.slice(marks[at + lead]!.start, marks[at + length - 1]!.end);
      return { piece: { kind: 'group', text: cut(length), of }, length };
    }
  }
  if (isRole(first, 'order', 'direction')) {
    const length = marks.length - at;
    const fits = marks
      .slice(at)
      .every((each) => each.mark.type === 'element' || isRole(each, 'order', 'direction', 'by', 'of', 'and'));
    return fits ? { piece: { kind: 'order', text: cut(length) }, length } : null;
  }
  const second = marks[at + 1];
  if (isRole(first, 'compare') && second?.mark.type === 'number')
    return { piece: { kind: 'compare', text: cut(2) }, length: 2 };
  if (around.isFirst && isRole(first, 'top') && second?.mark.type === 'number')
    return { piece: { kind: 'top', count: second.mark.value }, length: 2 };
  if (around.isFirst && around.isNarrowing && first.mark.type === 'number' && marks.length === 1)
    return { piece: { kind: 'top', count: first.mark.value }, length: 1 };
  if (around.isFirst && isRole(first, 'aggregate')) return readAggregate(text, marks, at);
  if (first.mark.type === 'element' && first.mark.element.relations.length === 1)
    return { piece: { kind: 'relation', text: cut(1), relation: first.mark.element.relations[0]! }, length: 1 };
  return readValue(text, marks, at, around);
}

function readAggregate(text: string, marks: readonly PlacedMark[], at: number): Found | null {
  const first = marks[at]!;
  let next = at + 1;
  while (isRole(marks[next], 'of')) next += 1;
  const named = marks[next];
  const word = text.slice(first.start, first.end).replace(/\s+of$/iu, '');
  if (named === undefined || named.mark.type !== 'element')
    return { piece: { kind: 'aggregate', text: word, of: null }, length: 1 };
  if (named.mark.element.columns.length === 0 || named.mark.element.relations.length > 0) return null;
  return { piece: { kind: 'aggregate', text: word, of: text.slice(named.start, named.end) }, length: next + 1 - at };
}

/** `paid`, `that are not paid`, `in Kenya`, `by card`, `unpaid`, `paid orders`. */
function readValue(text: string, marks: readonly PlacedMark[], at: number, around: Around): Found | null {
  let next = at;
  let [negated, isPlace] = [false, false];
  for (; isRole(marks[next], 'of', 'by', 'with', 'is', 'not', 'without'); next += 1) {
    const each = marks[next]!;
    if (isRole(each, 'not')) negated = true;
    if (isRole(each, 'without')) return null;
    if (each.mark.type === 'role' && each.mark.role.role === 'of') isPlace ||= each.mark.role.place;
  }
  const found = marks[next];
  if (!found) return null;
  const opposite = readOpposite(found, around.marker);
  if (opposite) {
    const { mark } = opposite;
    const piece = { kind: 'value', text: mark.text, bare: mark.text, negated: !negated, mark, isWord: false } as const;
    return { piece: { ...piece, isPlace: false, isLed: false }, length: next + 1 - at };
  }
  const mayBeState = found.mark.type === 'unknown' || isRole(found, 'verb');
  const isWord = mayBeState && (around.hasOnes || around.isNarrowing);
  if (!['shared', 'proper', 'quoted'].includes(found.mark.type) && !isWord) return null;
  const bare = text.slice(found.start, found.end);
  const whole = text.slice(marks[at]!.start, found.end);
  const isLed = next > at && !marks.slice(at, next).every((each) => isRole(each, 'not'));
  const piece = { kind: 'value', text: whole, bare, negated, mark: found.mark, isWord, isPlace, isLed } as const;
  return { piece, length: next + 1 - at };
}

/** "unpaid" where "paid" is a value: what is not. Null for any other word. */
function readOpposite({ mark }: PlacedMark, marker: Marker): PlacedMark | null {
  if (mark.type !== 'unknown') return null;
  const stem = /^(?:un|non-?)(\p{L}{3,})$/iu.exec(mark.text)?.[1];
  const [, value, ...rest] = stem === undefined ? [] : marker(BEFORE + stem);
  return value?.mark.type === 'shared' && rest.length === 0 ? value : null;
}

function groupLength(marks: readonly PlacedMark[], at: number): number {
  if (isRole(marks[at], 'periodic')) return 1;
  let next = at + (isRole(marks[at + 1], 'each') ? 2 : 1);
  const isKey = (each: PlacedMark | undefined) => each?.mark.type === 'element' || isRole(each, 'time');
  if (!isKey(marks[next])) return 0;
  next += 1;
  while (isRole(marks[next], 'and') && isKey(marks[next + 1])) next += 2;
  return next - at;
}

function isOnes({ mark }: PlacedMark): boolean {
  return /^ones?$/iu.test(mark.text);
}
