import { type DateRange, type Day, parseDateCondition, SMALL_NUMBERS } from '../dates.js';
import type { Word } from '../words.js';
import { isNumeric } from './describe-relation.js';
import type { ColumnOf, Element, Lexicon } from './lexicon.js';
import { LONGEST_ROLE, ROLES, type Role } from './phrases.js';

/** A value that a data owner shares, met in a question. */
export interface SharedMeaning {
  readonly of: ColumnOf;
  readonly value: string;
}

/** One piece of a question with what it may be. Every word of the question ends in exactly one mark, but commas that end lists. */
export type Mark = { readonly text: string } & (
  | { readonly type: 'element'; readonly element: Element }
  | { readonly type: 'number'; readonly value: string }
  | { readonly type: 'quoted'; readonly value: string }
  /** Capitalised words that name nothing in the schema. */
  | { readonly type: 'proper'; readonly value: string }
  | { readonly type: 'unknown'; readonly value: string }
  | { readonly type: 'shared'; readonly value: string; readonly meanings: readonly SharedMeaning[] }
  | { readonly type: 'date'; readonly range: DateRange }
  /** `element`: what the word names besides, e.g. "total" where a column is called so. */
  | { readonly type: 'role'; readonly role: Role; readonly element?: Element }
);

/** A mark that names something. */
export type ElementMark = Extract<Mark, { type: 'element' }>;

/** "Of", in the words of a mark that leads like it. */
export const ofMark = (text = 'of'): Mark => ({ text, type: 'role', role: { role: 'of', place: false } });

/** Shared values by their folded words. */
export type SharedIndex = ReadonlyMap<string, readonly SharedMeaning[]>;

const LONGEST_SHARED = 4;

/** A mark, and where it stands in the text that was cut into words: from `start` on, before `end`. */
export interface PlacedMark {
  readonly mark: Mark;
  readonly start: number;
  readonly end: number;
}

/**
 * Gives every piece of a question its meaning, longest first: names of several words, shared values, dates, phrases,
 * names of one word. What is none of these is a proper name (capitalised, not first) or unknown.
 */
export function markWords(typed: readonly Word[], lexicon: Lexicon, shared: SharedIndex, today: Day): readonly Mark[] {
  return placeMarks(typed, lexicon, shared, today).map(({ mark }) => mark);
}

/** The same, with their places; that of a comma is empty. */
export function placeMarks(
  typed: readonly Word[],
  lexicon: Lexicon,
  shared: SharedIndex,
  today: Day,
): readonly PlacedMark[] {
  const words = spellOut(typed, lexicon);
  const marks: Mark[] = [];
  const placed: PlacedMark[] = [];
  const push = (mark: Mark, start: number, end: number) => {
    marks.push(mark);
    placed.push({ mark, start, end });
  };
  for (let at = 0; at < words.length; ) {
    const word = words[at]!;
    if (word.afterComma && !isAnd(marks.at(-1)) && !isAndWord(word))
      push({ text: ',', type: 'role', role: { role: 'and' } }, word.start, word.start);
    const { mark, length } = markAt(words, at, lexicon, shared, today, marks);
    push(mark, word.start, words[at + length - 1]!.end);
    at += length;
  }
  return placed;
}

/** "first and last names" → "first names and last names"; "full names" the same, where nothing is called so. */
function spellOut(words: readonly Word[], lexicon: Lexicon): readonly Word[] {
  return words.flatMap((word, at) => {
    const next = words[at + 1];
    if (word.folded === 'full' && /^names?$/.test(next?.folded ?? '') && !lexicon.find(words, at)) {
      const make = (folded: string, afterComma = false): Word => ({
        ...word,
        text: folded,
        folded,
        capital: false,
        afterComma,
      });
      return [make('first', word.afterComma), { ...next!, afterComma: false }, make('and'), make('last')];
    }
    const [and, last, name] = words.slice(at + 1, at + 4);
    const shortened =
      /^(?:first|last)$/.test(word.folded) &&
      and?.folded === 'and' &&
      /^(?:first|last)$/.test(last?.folded ?? '') &&
      /^names?$/.test(name?.folded ?? '');
    return shortened ? [word, { ...name!, afterComma: false }] : [word];
  });
}

const isAnd = (mark: Mark | undefined) => mark?.type === 'role' && mark.role.role === 'and';
const isAndWord = (word: Word) => word.folded === 'and' || word.folded === 'or';

function markAt(
  words: readonly Word[],
  at: number,
  lexicon: Lexicon,
  shared: SharedIndex,
  today: Day,
  before: readonly Mark[],
): { readonly mark: Mark; readonly length: number } {
  const word = words[at]!;
  const text = (length: number) =>
    words
      .slice(at, at + length)
      .map((each) => each.text)
      .join(' ');
  const last = before.at(-1);
  // "containing the letter a": the letter is a value, whatever else it may be.
  if (last?.type === 'role' && last.role.role === 'match' && /\bletters?$/iu.test(last.text) && word.text.length === 1)
    return { mark: { text: word.text, type: 'quoted', value: word.text }, length: 1 };
  if (word.kind === 'quoted') return { mark: { text: word.text, type: 'quoted', value: word.text }, length: 1 };
  // "got an A", "in the US": no article and no pronoun.
  const isLoud = (each: Word | undefined) => each !== undefined && each.text === each.text.toUpperCase();
  if (/^(?:A|US|IT)$/.test(word.text) && at > 0 && !isLoud(words[at - 1]) && !isLoud(words[at + 1]))
    return { mark: { text: word.text, type: 'proper', value: word.text }, length: 1 };
  const phrase = findRole(words, at);
  const found = lexicon.find(words, at);
  // "Show names …": they are shown, though a column may be called "show name".
  const named =
    (at === 0 && phrase?.role.role === 'list') ||
    (phrase && found?.element.partial && phrase.role.role !== 'noise' && phrase.length >= found.length)
      ? null
      : found;
  const value = findShared(words, at, shared);
  const period = parseDateCondition(words, at, today);
  // "salary between 1500 and 2000" and "capacity of 2000" are about numbers, not years.
  const bare =
    period !== null &&
    words.slice(at, at + period.length).every((each) => /^(?:of|for|between|and|from|to|\d{4})$/.test(each.folded));
  const date = bare && followsNumericColumn(before) ? null : period;
  if (named && named.length > 1 && named.length >= (phrase?.length ?? 0)) {
    return { mark: { text: text(named.length), type: 'element', element: named.element }, length: named.length };
  }
  if (
    value &&
    value.length >= (named?.length ?? 0) &&
    (phrase === null || phrase.role.role === 'verb' || value.length > phrase.length)
  ) {
    return {
      mark: { text: text(value.length), type: 'shared', value: text(value.length), meanings: value.meanings },
      length: value.length,
    };
  }
  if (date) {
    return { mark: { text: text(date.length), type: 'date', range: date.range }, length: date.length };
  }
  // "the average total of orders": behind one aggregate, a word that could be another is a name.
  const follows = last?.type === 'role' && last.role.role === 'aggregate' && phrase?.role.role === 'aggregate';
  if (named && (follows || ((phrase === null || phrase.length <= named.length) && prefersName(phrase?.role)))) {
    return { mark: { text: text(named.length), type: 'element', element: named.element }, length: named.length };
  }
  // "details of the visitors", where a column holds details.
  if (named && phrase?.role.role === 'noise' && / of$/.test(text(phrase.length)) && named.element.columns.length > 0)
    return { mark: { text: text(named.length), type: 'element', element: named.element }, length: named.length };
  // "… and in which countries": asks for more.
  if (phrase?.role.role === 'with' && / which$/iu.test(text(phrase.length)) && isAnd(last))
    return { mark: { text: text(phrase.length), type: 'role', role: { role: 'noise' } }, length: phrase.length };
  if (phrase) {
    const also = named && named.length === phrase.length ? { element: named.element } : {};
    return { mark: { text: text(phrase.length), type: 'role', role: phrase.role, ...also }, length: phrase.length };
  }
  if (word.kind === 'number') return { mark: { text: word.text, type: 'number', value: word.folded }, length: 1 };
  const small = SMALL_NUMBERS.get(word.folded);
  if (small !== undefined) return { mark: { text: word.text, type: 'number', value: String(small) }, length: 1 };
  if (word.capital && at > 0) return properName(words, at, lexicon);
  return { mark: { text: word.text, type: 'unknown', value: word.text }, length: 1 };
}

function followsNumericColumn(before: readonly Mark[]): boolean {
  const last = before
    .filter((mark) => !(mark.type === 'role' && ['is', 'noise', 'of'].includes(mark.role.role)))
    .at(-1);
  if (last?.type !== 'element' || last.element.relations.length > 0) return false;
  return last.element.columns.some(
    ({ column: { column } }) => isNumeric(column) && column.family !== 'year' && !/year/iu.test(column.name),
  );
}

/** A name in the schema wins over these roles of a single word; the others are grammar that a column may happen to be called. */
function prefersName(role: Role | undefined): boolean {
  return role === undefined || ['time', 'verb', 'top', 'write', 'order', 'periodic', 'superlative'].includes(role.role);
}

function properName(
  words: readonly Word[],
  at: number,
  lexicon: Lexicon,
): { readonly mark: Mark; readonly length: number } {
  let end = at + 1;
  while (
    end < words.length &&
    words[end]!.capital &&
    words[end]!.kind === 'word' &&
    !words[end]!.afterComma &&
    !lexicon.find(words, end)
  )
    end += 1;
  const value = words
    .slice(at, end)
    .map((each) => each.text)
    .join(' ');
  return { mark: { text: value, type: 'proper', value }, length: end - at };
}

function findRole(words: readonly Word[], at: number): { readonly role: Role; readonly length: number } | null {
  for (let length = Math.min(LONGEST_ROLE, words.length - at); length > 0; length -= 1) {
    const span = words.slice(at, at + length);
    if (span.some((word, index) => word.kind !== 'word' || (index > 0 && word.afterComma))) continue;
    const phrase = span.map((word) => word.folded).join(' ');
    const role = ROLES.get(phrase);
    // "In which year …?" asks; "the year in which …" tells.
    if (role && !(at === 0 && role.role === 'with' && /^where\b| which/.test(phrase))) return { role, length };
  }
  return null;
}

function findShared(
  words: readonly Word[],
  at: number,
  shared: SharedIndex,
): { readonly meanings: readonly SharedMeaning[]; readonly length: number } | null {
  for (let length = Math.min(LONGEST_SHARED, words.length - at); length > 0; length -= 1) {
    const meanings = shared.get(
      words
        .slice(at, at + length)
        .map((word) => word.folded)
        .join(' '),
    );
    if (meanings) return { meanings, length };
  }
  return null;
}
