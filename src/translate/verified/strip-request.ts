import type { Unit } from './read-units.js';
import { AFTER_IMPERATIVE, AUXILIARIES, BE, IMPERATIVES, POLITE } from './wording.js';

/** What is asked for, without the words that only ask for it. */
export interface Stripped {
  readonly units: readonly Unit[];
  /** True for a question that yes or no would answer: another one than for what it asks about. */
  readonly isYesNo: boolean;
}

/** Nouns as well: "list price", "return rate". */
const NOUNS_TOO = new Set(['return', 'print', 'get']);

/** The text of a plain word; empty for values, slots and where there is none. */
export function wordAt(units: readonly Unit[], at: number): string {
  const unit = units[at];
  return unit?.kind === 'word' ? unit.text : '';
}

/** Whether these words stand at a place. */
export function standsAt(units: readonly Unit[], at: number, said: readonly string[]): boolean {
  return said.every((word, index) => wordAt(units, at + index) === word);
}

/** Cuts "please show me all the", "what are", "give me a list of" and their like from the front. */
export function stripRequest(units: readonly Unit[]): Stripped {
  let at = 0;
  const skip = (said: readonly string[]): boolean => {
    if (!standsAt(units, at, said)) return false;
    at += said.length;
    return true;
  };
  while (POLITE.some(skip));
  const asked = isImperative(units, at) && IMPERATIVES.some(skip);
  const isYesNo = !asked && AUXILIARIES.has(wordAt(units, at));
  const first = wordAt(units, at);
  if (first === 'what' || first === 'which' || first === 'whats') {
    at += 1;
    if (BE.has(wordAt(units, at))) at += 1;
  } else if (first === 'who' && BE.has(wordAt(units, at + 1)) && wordAt(units, at + 2) === 'the') {
    at += 2;
  }
  while (['the', 'all', 'a list of', 'list of'].some((text) => skip(text.split(' '))) || (at > 0 && isOfAll(units, at)))
    if (isOfAll(units, at)) at += 1;
  return { units: units.slice(at), isYesNo };
}

/** "All of my orders" are all my orders. */
function isOfAll(units: readonly Unit[], at: number): boolean {
  return wordAt(units, at) === 'of' && wordAt(units, at - 1) === 'all';
}

function isImperative(units: readonly Unit[], at: number): boolean {
  const next = wordAt(units, at + 1);
  if (NOUNS_TOO.has(wordAt(units, at))) return AFTER_IMPERATIVE.has(next);
  return !(wordAt(units, at) === 'list' && (next === 'price' || next === 'prices'));
}
