import { monthNumber, SMALL_NUMBERS } from '../dates.js';
import { foldWord, type Word } from '../words.js';
import type { SlotType } from './verified-question.js';

/** A word of a question, or the place of a slot's value in it. */
export type Unit =
  | {
      readonly kind: 'word' | 'number' | 'quoted' | 'month';
      /** Folded; quoted text between its quotes. */
      readonly text: string;
    }
  | { readonly kind: 'slot'; readonly name: string; readonly type: SlotType };

/** A slot that holds a time by its type or its name: its preposition says nothing. */
export function isTimeSlot(name: string, type: SlotType): boolean {
  return type === 'date' || (type === 'integer' && /(?:year|month|quarter)$/iu.test(name));
}

const NEGATED = /^(?:do|does|did|is|are|was|were|have|has|had|ca|could|wo|would|should)n't$/;

/** The units of one word: contractions are taken apart, small numbers are written as digits. */
export function unitsOf(word: Word): readonly Unit[] {
  if (word.kind === 'quoted') return [{ kind: 'quoted', text: `"${word.text}"` }];
  if (word.kind === 'number') return [{ kind: 'number', text: String(Number(word.folded)) }];
  const text = foldWord(word.text);
  if (monthNumber(word) !== null) return [{ kind: 'month', text: String(monthNumber(word)) }];
  const count = SMALL_NUMBERS.get(text);
  if (count !== undefined && count > 1) return [{ kind: 'number', text: String(count) }];
  const plain = (each: string): Unit => ({ kind: 'word', text: each });
  if (NEGATED.test(text)) return [plain('not')];
  const cut = /^(i|we|you|they|he|she|it)'(m|ve|d|re|ll)$/.exec(text);
  if (cut) return [plain(cut[1]!), plain({ m: 'am', ve: 'have', d: 'would', re: 'are', ll: 'will' }[cut[2]!]!)];
  if (word.possessive && (text === 'what' || text === 'who')) return [plain(text), plain('is')];
  return [plain(text)];
}
