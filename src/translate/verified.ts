import type { SlotValue, Translation } from '../domain/candidate.js';
import type { Day } from './dates.js';
import { relativeValue, slotValues } from './verified/slot-values.js';
import type { SlotType, VerifiedQuestion } from './verified/verified-question.js';
import { foldWord, splitWords, type Word } from './words.js';

/** @see {@link VerifiedQuestion} in its own file: the matchers stand on it. */
export type { SlotType, VerifiedQuestion } from './verified/verified-question.js';

type Part = { readonly word: string } | { readonly slot: string; readonly type: SlotType };

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
