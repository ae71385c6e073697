import type { SlotValue, Translation } from '../domain/candidate.js';
import { addTo, type Day, isoDay, monthNumber, parseDay, parseIsoDay } from './dates.js';
import { foldWord, splitWords, type Word } from './words.js';

/** What a slot holds. */
export type SlotType = 'integer' | 'decimal' | 'text' | 'date';

/** A question that the data owner has answered already, open to the asking principal, its SQL in the source's dialect. */
export interface VerifiedQuestion {
  /** With slots in braces: `How many orders did I place in {year}?` */
  readonly question: string;
  readonly slots: ReadonlyMap<string, SlotType>;
  /** With `:name` where a slot's value goes. */
  readonly sql: string;
}

type Part = { readonly word: string } | { readonly slot: string; readonly type: SlotType };
interface Taken {
  readonly value: SlotValue;
  readonly length: number;
}

/** Longest value of a text slot, in words and characters. */
const MAX_TEXT_WORDS = 8;
const MAX_TEXT_CHARACTERS = 200;
/** A template and a question allow few ways to match; this stops the rest (several text slots side by side). */
const MAX_STEPS = 5000;
/** May be left out before a phrase such as "last year": "in {year}" matches "last year". */
const DROPPABLE = new Set(['in', 'during', 'for', 'of', 'on', 'at', 'the']);

/**
 * Finds the verified question that a question is, word for word after folding (Unicode NFKC, case, accents,
 * punctuation, white space), with values in its slots.
 *
 * @param question checked by `checkQuestion`
 * @param verified only those open to the principal
 * @param today in the configured time zone; decides what "last year" is
 * @returns the candidate, its values in `slots` and never in the text; null where none matches. Where several match, the
 *   one with the most fixed words wins, and the earlier of equals.
 */
export function matchVerified(question: string, verified: readonly VerifiedQuestion[], today: Day): Translation | null {
  const { text, words } = splitWords(question);
  let best: { fixed: number; sql: string; slots: ReadonlyMap<string, SlotValue> } | null = null;
  for (const each of verified) {
    const parts = parseTemplate(each);
    const fixed = parts.filter((part) => 'word' in part).length;
    if (best && best.fixed >= fixed) continue;
    const slots = matchParts(parts, words, text, today);
    if (slots) best = { fixed, sql: each.sql, slots };
  }
  if (!best) return null;
  const usage = { promptTokens: 0, completionTokens: 0 };
  return { kind: 'sql', candidate: { sql: best.sql, translator: 'verified', slots: best.slots, usage } };
}

function parseTemplate(verified: VerifiedQuestion): readonly Part[] {
  return verified.question.split(/(\{[^{}]*\})/u).flatMap((piece): Part[] => {
    const name = /^\{\s*([^{}]*?)\s*\}$/u.exec(piece)?.[1];
    if (name === undefined) return splitWords(piece).words.map((word) => ({ word: fixedWord(word) }));
    // A slot that the file does not declare can match nothing: better no answer than an unbound name.
    const type = verified.slots.get(name);
    return type ? [{ slot: name, type }] : [{ word: '\u0000' }];
  });
}

/** Quoted words of a template or question stand for themselves where they are not values. */
function fixedWord(word: Word): string {
  return foldWord(word.text) + (word.possessive ? "'s" : '');
}

function matchParts(
  parts: readonly Part[],
  words: readonly Word[],
  text: string,
  today: Day,
): ReadonlyMap<string, SlotValue> | null {
  let steps = 0;
  const walk = (
    part: number,
    at: number,
    slots: ReadonlyMap<string, SlotValue>,
  ): ReadonlyMap<string, SlotValue> | null => {
    steps += 1;
    if (steps > MAX_STEPS) return null;
    const expected = parts[part];
    if (!expected) return at === words.length ? slots : null;
    if ('word' in expected) {
      const word = words[at];
      if (word && fixedWord(word) === expected.word) return walk(part + 1, at + 1, slots);
      const next = parts[part + 1];
      if (next && 'slot' in next && DROPPABLE.has(expected.word)) {
        const relative = relativeValue(next.slot, next.type, words, at, today);
        if (relative) return walk(part + 2, at + relative.length, new Map(slots).set(next.slot, relative.value));
      }
      return null;
    }
    for (const taken of slotValues(expected.slot, expected.type, words, at, text, today)) {
      const known = slots.get(expected.slot);
      if (known !== undefined && known !== taken.value) continue;
      const found = walk(part + 1, at + taken.length, new Map(slots).set(expected.slot, taken.value));
      if (found) return found;
    }
    return null;
  };
  return walk(0, 0, new Map());
}

function slotValues(
  name: string,
  type: SlotType,
  words: readonly Word[],
  at: number,
  text: string,
  today: Day,
): readonly Taken[] {
  const word = words[at];
  if (!word) return [];
  const relative = relativeValue(name, type, words, at, today);
  if (relative) return [relative];
  switch (type) {
    case 'integer':
      return /^-?\d{1,15}$/.test(word.folded) ? [{ value: Number(word.folded), length: 1 }] : [];
    case 'decimal':
      return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(word.folded) ? [{ value: Number(word.folded), length: 1 }] : [];
    case 'date': {
      const quoted = word.kind === 'quoted' ? parseIsoDay(word.text) : null;
      const found = quoted ? { day: quoted, length: 1 } : parseDay(words, at, today);
      return found ? [{ value: isoDay(found.day), length: found.length }] : [];
    }
    case 'text': {
      if (word.kind === 'quoted')
        return word.text.length <= MAX_TEXT_CHARACTERS ? [{ value: word.text, length: 1 }] : [];
      const values: Taken[] = [];
      for (let length = 1; length <= MAX_TEXT_WORDS && at + length <= words.length; length += 1) {
        if (words[at + length - 1]!.kind === 'quoted') break;
        const value = text.slice(word.start, words[at + length - 1]!.end);
        if (value.length <= MAX_TEXT_CHARACTERS) values.push({ value, length });
      }
      return values;
    }
  }
}

/** "last year" for `{year}`, "March" for `{month}`, "last month" for a date `{from}`: a value by the clock. Null where the words are none. */
function relativeValue(name: string, type: SlotType, words: readonly Word[], at: number, today: Day): Taken | null {
  const first = words[at]?.folded;
  const second = words[at + 1]?.folded;
  if (first === undefined) return null;
  const skip = first === 'the' ? 1 : 0;
  if (skip === 1) {
    const rest = relativeValue(name, type, words, at + 1, today);
    return rest && { ...rest, length: rest.length + 1 };
  }
  if (type === 'integer' && /year$/iu.test(name)) {
    const step = second === 'year' ? { this: 0, current: 0, last: -1, previous: -1, next: 1 }[first] : undefined;
    if (step !== undefined) return { value: today.year + step, length: 2 };
    if (first === 'year' && /^\d{4}$/.test(second ?? '')) return { value: Number(second), length: 2 };
  }
  if (type === 'integer' && /month$/iu.test(name)) {
    const month = monthNumber(words[at]!);
    if (month !== null) return { value: month, length: 1 };
  }
  if (type === 'integer' && /quarter$/iu.test(name)) {
    const quarter = /^q([1-4])$/.exec(first);
    if (quarter) return { value: Number(quarter[1]), length: 1 };
  }
  if (type === 'date' && (first === 'tomorrow' || first === 'yesterday' || first === 'today')) {
    return { value: isoDay(addTo(today, { tomorrow: 1, yesterday: -1, today: 0 }[first], 'day')), length: 1 };
  }
  return null;
}
