import { singular } from '../words.js';
import { MAX_NAME_WORDS, type Names } from './names.js';
import type { Unit } from './read-units.js';
import { standsAt, wordAt } from './strip-request.js';
import {
  BE,
  COMPUTING,
  COUNT_SENSITIVE,
  EMPTY_WORDS,
  OPERATORS,
  PHRASES,
  PLACED_NOUNS,
  PLACING,
  SAME,
  SUBJECTS,
  VERB_FORMS,
} from './wording.js';

/** One part of what a question means. Slots and values keep their unit. */
export interface Token {
  /** In one form for all ways to say it; operators in capitals. */
  readonly text: string;
  /** `noun`: may be part of a compound with its neighbours. */
  readonly kind: 'noun' | 'bound' | 'value';
  readonly unit: Unit | null;
}

const ADVERBS = new Set(['not', 'also', 'already', 'ever', 'never', 'i', 'we', 'you', 'they', 'he', 'she', 'it']);

/** Words and phrases in their one form each; what says nothing is dropped. */
export function foldWords(given: readonly Unit[], names: Names): readonly Token[] {
  const units = foldPhrases(given);
  const hasPlaced = units.some((_, at) => namesPlaced(units, at, names));
  const tokens: Token[] = [];
  const push = (text: string, kind: Token['kind'] = OPERATORS.has(text) ? 'bound' : 'noun') =>
    tokens.push({ text, kind, unit: null });
  for (let at = 0; at < units.length; at += 1) {
    const unit = units[at]!;
    if (unit.kind !== 'word') {
      const text = unit.kind === 'slot' ? `{${unit.name}}` : unit.text;
      tokens.push({ text, kind: 'value', unit });
      continue;
    }
    const word = unit.text;
    const afterSubject = SUBJECTS.has(wordAt(units, at - 1));
    const named = nameAt(units, at, names);
    const base = VERB_FORMS.get(word) ?? word;
    if (BE.has(word)) {
      if (isPassive(units, at, hasPlaced)) push('be', 'bound');
    } else if (['have', 'has', 'had'].includes(word) && isAuxiliary(units, at)) {
    } else if (['who', 'that', 'which'].includes(word)) {
      if (isParticiple(wordAt(units, at + 1))) push('rel', 'bound');
    } else if (word === 'all') {
      const before = wordAt(units, at - 1);
      const isOfAll = before === 'of' || before === 'for';
      if (!isOfAll && tokens.some((token) => token.text !== 'COUNT')) push('all');
    } else if (PLACING.has(base) && (base !== word || afterSubject)) {
      push(hasPlaced ? 'PLACE' : base, 'bound');
    } else if (word === 'purchase' && afterSubject) {
      push('buy', 'bound');
    } else if (VERB_FORMS.has(word)) {
      push(base, 'bound');
    } else if (named) {
      for (const [index, each] of named.words.entries())
        push(index === named.words.length - 1 ? counted(each, wordAt(units, at + named.length - 1), tokens) : each);
      at += named.length - 1;
    } else if (!EMPTY_WORDS.has(word)) {
      const same = SAME.get(word) ?? (OPERATORS.has(word) ? word : null);
      push(same ?? counted(singular(word), word, tokens));
    }
  }
  return settle(tokens);
}

/** What depends on the whole: "in total" of a count, "the name of each" where nothing is computed for each, "for" between nouns. */
function settle(tokens: readonly Token[]): readonly Token[] {
  const isCounted = tokens.some((token) => token.text === 'COUNT');
  const isComputed = tokens.some((token) => COMPUTING.has(token.text));
  return tokens.flatMap((token, at): readonly Token[] => {
    if (token.text === 'TOTALLY' && isCounted) return [];
    if (token.text === 'PER' && !isComputed && at > 0) return [{ ...token, text: 'of' }];
    const joins = tokens[at - 1]?.kind === 'noun' && tokens[at + 1]?.kind === 'noun';
    if (token.text === 'for' && joins) return [{ ...token, text: 'of' }];
    return [token];
  });
}

/** A noun, told apart from its plural where that makes another question. */
function counted(noun: string, typed: string, before: readonly Token[]): string {
  const isPlural = singular(typed) !== typed;
  return isPlural && COUNT_SENSITIVE.has(before.at(-1)?.text ?? '') ? `${noun}+s` : noun;
}

/** Puts phrases into their one form: counting, comparing, sorting. */
function foldPhrases(units: readonly Unit[]): readonly Unit[] {
  const folded: Unit[] = [];
  const put = (...texts: readonly string[]) => {
    for (const text of texts) folded.push({ kind: 'word', text });
  };
  for (let at = 0; at < units.length; at += 1) {
    const unit = units[at]!;
    const counts = countLength(units, at);
    if (counts > 0) {
      put('COUNT');
      at += counts - 1;
      continue;
    }
    const phrase = PHRASES.find(({ said }) => standsAt(units, at, said) && !isDuty(units, at + said.length, said));
    if (phrase) {
      put(...phrase.means);
      at += phrase.said.length - 1;
      continue;
    }
    const compared = compareWith(units, at);
    if (compared) put(compared);
    else folded.push(unit);
    const bound = unit.kind === 'number' && wordAt(units, at + 1) === 'or' ? boundAfter(wordAt(units, at + 2)) : null;
    if (bound) {
      folded.splice(-1, 0, { kind: 'word', text: bound });
      at += 2;
    }
  }
  return folded;
}

/** "Do I have to pay" is about a duty, not about what is mine. */
function isDuty(units: readonly Unit[], after: number, said: readonly string[]): boolean {
  return said.at(-1) === 'have' && (wordAt(units, after) === 'to' || isParticiple(wordAt(units, after)));
}

/** How many words count something at a place; 0 where none do. "The number of orders", but not "the number of the flight". */
function countLength(units: readonly Unit[], at: number): number {
  if (standsAt(units, at, ['how', 'many'])) return 2;
  const before = wordAt(units, at - 1);
  if (at === 0 && wordAt(units, 0) === 'count' && units.length > 1) return wordAt(units, 1) === 'of' ? 2 : 1;
  const start = wordAt(units, at) === 'total' ? at + 1 : at;
  const what = wordAt(units, start);
  if ((what !== 'number' && what !== 'count') || wordAt(units, start + 1) !== 'of') return 0;
  const isFirst = at === 0 || ['the', 'and', 'with', 'by', 'their', 'its', 'COUNT'].includes(before);
  const follows = [2, 3, 4].map((step) => wordAt(units, start + step));
  const isOfMany = follows.some((word) => word !== '' && singular(word) !== word && !EMPTY_WORDS.has(word));
  return isFirst && isOfMany ? start - at + 2 : 0;
}

/** "Over 50" is more than that; "over the year" is not. */
function compareWith(units: readonly Unit[], at: number): string | null {
  const next = units[at + 1];
  const isAmount =
    next?.kind === 'number' || (next?.kind === 'slot' && (next.type === 'integer' || next.type === 'decimal'));
  if (!isAmount) return null;
  return { over: 'GT', above: 'GT', under: 'LT', below: 'LT' }[wordAt(units, at)] ?? null;
}

function boundAfter(word: string): string | null {
  return { more: 'GE', less: 'LE', fewer: 'LE' }[word] ?? null;
}

function isParticiple(word: string): boolean {
  return (VERB_FORMS.has(word) && !word.endsWith('ing')) || /[^e]ed$/.test(word);
}

/** Whether what "to be" is about had something done to it, or stands beside "I": then it may not be dropped. */
function isPassive(units: readonly Unit[], at: number, hasPlaced: boolean): boolean {
  if (wordAt(units, at + 1) === 'i' || wordAt(units, at - 1) === 'i') return true;
  let next = at + 1;
  while (ADVERBS.has(wordAt(units, next)) || BE.has(wordAt(units, next))) next += 1;
  const word = wordAt(units, next);
  return isParticiple(word) && !(hasPlaced && PLACING.has(VERB_FORMS.get(word) ?? ''));
}

/** "Have I placed", "has been paid"; but not "customers who have orders". */
function isAuxiliary(units: readonly Unit[], at: number): boolean {
  let next = at + 1;
  while (ADVERBS.has(wordAt(units, next))) next += 1;
  return isParticiple(wordAt(units, next)) || wordAt(units, next) === 'been';
}

function namesPlaced(units: readonly Unit[], at: number, names: Names): boolean {
  const named = nameAt(units, at, names);
  return (
    PLACED_NOUNS.has(singular(wordAt(units, at))) || (named?.words.some((word) => PLACED_NOUNS.has(word)) ?? false)
  );
}

/** The longest name at a place, and how many words it takes. */
function nameAt(units: readonly Unit[], at: number, names: Names) {
  if (names.size === 0) return null;
  for (let length = MAX_NAME_WORDS; length > 0; length -= 1) {
    const said = Array.from({ length }, (_, index) => singular(wordAt(units, at + index)));
    const words = said.includes('') ? undefined : names.get(said.join(' '));
    if (words) return { words, length };
  }
  return null;
}
