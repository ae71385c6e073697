import type { SlotValue, Translation } from '../../domain/candidate.js';
import { type Day, monthNumber } from '../dates.js';
import { splitWords, type Word } from '../words.js';
import type { Names } from './names.js';
import { readMeaning } from './read-meaning.js';
import { type Unit, unitsOf } from './read-units.js';
import { slotValues, type Taken } from './slot-values.js';
import type { SlotType, VerifiedQuestion } from './verified-question.js';
import { AUXILIARIES, EMPTY_WORDS, OPERATORS, SAME } from './wording.js';

/** Longer questions are no paraphrases of a sentence. */
const MAX_WORDS = 60;
/** Ways to take values for the slots of one template that are tried. */
const MAX_WAYS = 200;

interface Place {
  readonly name: string;
  readonly type: SlotType;
}
/** A value of a slot where it stands in the question. */
interface Found extends Taken {
  readonly at: number;
}
interface Template {
  readonly places: readonly Place[];
  readonly meaning: string | null;
}

const known = new WeakMap<Names, WeakMap<VerifiedQuestion, Template>>();

/**
 * Finds the one verified question that a question asks in other words. Precision goes first: both must mean the same word
 * for word once what says nothing is dropped (see `readMeaning`), each slot needs a value of its type, and where two verified
 * questions fit, or one fits with two readings, none is taken.
 *
 * @param question checked by `checkQuestion`
 * @param verified only those open to the principal
 * @param today in the configured time zone; decides what "last year" is
 * @param names what the names that this principal sees are called too
 * @returns the candidate, in `answeredAs` the verified question that was taken, with its values; null where none or several fit
 */
export function matchParaphrase(
  question: string,
  verified: readonly VerifiedQuestion[],
  today: Day,
  names: Names,
): Translation | null {
  const { text, words } = splitWords(question);
  if (words.length > MAX_WORDS) return null;
  const found = new Map<
    string,
    { readonly verified: VerifiedQuestion; readonly slots: ReadonlyMap<string, SlotValue> }
  >();
  const readings = new Map<string, ReadonlyMap<string, readonly ReadonlyMap<string, SlotValue>[]>>();
  for (const each of verified) {
    const { places, meaning } = templateOf(each, names);
    if (meaning === null) continue;
    const kind = JSON.stringify(places);
    const read = readings.get(kind) ?? readAllWays(places, words, text, today, names);
    readings.set(kind, read);
    for (const slots of read.get(meaning) ?? [])
      found.set(JSON.stringify([each.sql, [...slots]]), { verified: each, slots });
  }
  const [only, another] = [...found.values()];
  if (!only || another) return null;
  const { sql } = only.verified;
  const answeredAs = only.verified.question.replace(/\{\s*([^{}]*?)\s*\}/gu, (_, name) => String(only.slots.get(name)));
  const usage = { promptTokens: 0, completionTokens: 0 };
  return { kind: 'sql', candidate: { sql, translator: 'verified', slots: only.slots, usage, answeredAs } };
}

function templateOf(verified: VerifiedQuestion, names: Names): Template {
  const ofNames = known.get(names) ?? new WeakMap<VerifiedQuestion, Template>();
  known.set(names, ofNames);
  const kept = ofNames.get(verified);
  if (kept) return kept;
  const units = verified.question.split(/(\{[^{}]*\})/u).flatMap((piece): readonly Unit[] => {
    const name = /^\{\s*([^{}]*?)\s*\}$/u.exec(piece)?.[1];
    if (name === undefined) return splitWords(piece).words.flatMap(unitsOf);
    const type = verified.slots.get(name);
    // What the file does not declare can hold nothing.
    return [type ? { kind: 'slot', name, type } : { kind: 'quoted', text: '\u0000' }];
  });
  const places = units.flatMap((unit) => (unit.kind === 'slot' ? [{ name: unit.name, type: unit.type }] : []));
  places.sort((left, right) => (left.name < right.name ? -1 : 1));
  const made = { places, meaning: readMeaning(units, names) };
  ofNames.set(verified, made);
  return made;
}

/** What a question means for every way to take values for the places, each with the values that were taken. */
function readAllWays(
  places: readonly Place[],
  words: readonly Word[],
  text: string,
  today: Day,
  names: Names,
): ReadonlyMap<string, readonly ReadonlyMap<string, SlotValue>[]> {
  const read = new Map<string, ReadonlyMap<string, SlotValue>[]>();
  const options = places.map(({ name, type }) => valuesOf(name, type, words, text, today));
  let ways = 0;
  const take = (at: number, taken: ReadonlyMap<number, Found & Place>): void => {
    if (ways > MAX_WAYS) return;
    const place = places[at];
    if (place) {
      for (const option of options[at]!)
        if (isFree(option, place, taken)) take(at + 1, new Map(taken).set(option.at, { ...option, ...place }));
      return;
    }
    ways += 1;
    const meaning = readMeaning(unitsWith(words, taken), names);
    if (meaning === null) return;
    const slots = new Map([...taken.values()].map(({ name, value }): [string, SlotValue] => [name, value]));
    read.set(meaning, [...(read.get(meaning) ?? []), slots]);
  };
  take(0, new Map());
  // Not every way was seen, so nobody knows whether another one fits too.
  return ways > MAX_WAYS ? new Map() : read;
}

/** No word stands for two values, and no slot for two values. */
function isFree(option: Found, place: Place, taken: ReadonlyMap<number, Found & Place>): boolean {
  return [...taken.values()].every(
    (other) =>
      (other.at + other.length <= option.at || option.at + option.length <= other.at) &&
      (other.name !== place.name || other.value === option.value),
  );
}

function unitsWith(words: readonly Word[], taken: ReadonlyMap<number, Found & Place>): readonly Unit[] {
  const units: Unit[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const value = taken.get(at);
    if (value) {
      units.push({ kind: 'slot', name: value.name, type: value.type });
      at += value.length - 1;
    } else units.push(...unitsOf(words[at]!));
  }
  return units;
}

function valuesOf(name: string, type: SlotType, words: readonly Word[], text: string, today: Day): readonly Found[] {
  if (type === 'text') return namesIn(words, text);
  return words.flatMap((_, at) => slotValues(name, type, words, at, text, today).map((taken) => ({ ...taken, at })));
}

/**
 * Texts that can only be values: quoted ones, and whole runs of words with capital letters that are no words of the
 * sentence. A plain word might be a condition ("paid orders"), so it is no value here.
 */
function namesIn(words: readonly Word[], text: string): readonly Found[] {
  const isLoud = words.every((word) => word.kind !== 'word' || word.text === word.text.toUpperCase());
  const isName = (word: Word | undefined) => word?.kind === 'word' && word.capital && !isOfSentence(word) && !isLoud;
  const found: Found[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word.kind === 'quoted') found.push({ at, value: word.text, length: 1 });
    if (!isName(word)) continue;
    let length = 1;
    while (isName(words[at + length]) || words[at + length]?.kind === 'number') length += 1;
    const value = text.slice(word.start, words[at + length - 1]!.end);
    found.push({ at, value, length });
    at += length - 1;
  }
  return found;
}

function isOfSentence(word: Word): boolean {
  const { folded } = word;
  return (
    monthNumber(word) !== null ||
    /^(?:q[1-4]|(?:mon|tues|wednes|thurs|fri|satur|sun)day)$/.test(folded) ||
    EMPTY_WORDS.has(folded) ||
    OPERATORS.has(folded) ||
    SAME.has(folded) ||
    AUXILIARIES.has(folded) ||
    ['show', 'list', 'give', 'find', 'tell', 'display', 'count', 'get', 'please', 'me', 'of', 'last', 'this'].includes(
      folded,
    )
  );
}
