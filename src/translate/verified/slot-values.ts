import type { SlotValue } from '../../domain/candidate.js';
import {
  addTo,
  type Day,
  isoDay,
  monthNumber,
  parseDateCondition,
  parseDay,
  parseIsoDay,
  SMALL_NUMBERS,
} from '../dates.js';
import type { Word } from '../words.js';
import type { SlotType } from './verified-question.js';

/** A value of a slot, and how many words it takes. */
export interface Taken {
  readonly value: SlotValue;
  readonly length: number;
}

/** Longest value of a text slot, in words and characters. */
const MAX_TEXT_WORDS = 8;
const MAX_TEXT_CHARACTERS = 200;

/**
 * Values of a slot that may start at `words[at]`, the shortest first: by type, or by the clock ("last year" for `{year}`).
 *
 * @param text the question as `splitWords` gives it: values of type text are cut from it as they were typed
 */
export function slotValues(
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
    case 'integer': {
      const value = /^-?\d{1,15}$/.test(word.folded) ? Number(word.folded) : countOf(word);
      return value !== null && isPlausible(name, value) ? [{ value, length: 1 }] : [];
    }
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
      // "Orders of last year" are of no customer; whoever is called so stands in quotes.
      if (!word.possessive && parseDateCondition(words, at, today) !== null) return [];
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

/**
 * "last year" for `{year}`, "March" for `{month}`, "last month" for a date `{from}`: a value by the clock.
 *
 * @returns null where the words are none
 */
export function relativeValue(
  name: string,
  type: SlotType,
  words: readonly Word[],
  at: number,
  today: Day,
): Taken | null {
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

/** "Five" as a number; not "one", which is a pronoun as often. */
function countOf({ kind, folded }: Word): number | null {
  const count = kind === 'word' ? SMALL_NUMBERS.get(folded) : undefined;
  return count !== undefined && count > 1 ? count : null;
}

/** "In 5" names no year, though a number. */
function isPlausible(name: string, value: number): boolean {
  if (/year$/iu.test(name)) return value >= 1000 && value <= 2999;
  if (/month$/iu.test(name)) return value >= 1 && value <= 12;
  return !/quarter$/iu.test(name) || (value >= 1 && value <= 4);
}
