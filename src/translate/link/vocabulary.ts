import { LRUCache } from 'lru-cache';
import { singular } from '../words.js';
import type { Term } from './read-terms.js';
import { stemWord } from './stem-word.js';

/** Where a word of a schema stands. */
export interface Posting {
  /** Place of the relation in the index. */
  readonly relation: number;
  /** Place of the column in the index; -1 where the word is the relation's own. */
  readonly column: number;
  /** 0 to 1: what the place says, and how much of the name the word is. */
  readonly weight: number;
}

/** A word of the schema that a word of the question may mean. */
export interface Match {
  readonly postings: readonly Posting[];
  /** Likeness of the words times how rare the word is in this schema. */
  readonly weight: number;
}

/** The words of a schema, with where each stands. */
export interface Vocabulary {
  match(term: Term): readonly Match[];
}

/** Terms whose matches are kept; questions are about the same things again and again. */
const MAX_KEPT = 4000;

const LIKENESS = { stem: 0.9, synonym: 0.6, synonymStem: 0.5, abbreviated: 0.35, spelled: 0.8 } as const;
/** Least share of trigrams (Dice) that two spellings of a word have in common. */
const LEAST_DICE = 0.6;
/** A match that is this much worse than the best one of its word is an accident of spelling. */
const WORSE = 0.35;
/** Words shorter than this are not compared letter by letter. */
const SHORTEST_LOOSE = 4;

/**
 * Prepares the words of a schema for look-ups that forgive: by stem, by synonym, by trigrams (Dice's coefficient), by
 * beginning, and by the letters that an abbreviation keeps (`dept` for department, `qty` for quantity).
 *
 * @param postings word → places, the words folded and in the singular
 * @param relations how many there are: a word that few of them have says more (inverse document frequency, Spärck Jones 1972)
 */
export function createVocabulary(postings: ReadonlyMap<string, readonly Posting[]>, relations: number): Vocabulary {
  const stems = new Map<string, string[]>();
  const trigrams = new Map<string, string[]>();
  const byFirst = new Map<string, string[]>();
  const rarity = new Map<string, number>();
  for (const [word, places] of postings) {
    rarity.set(word, Math.log(1 + relations / (1 + new Set(places.map((place) => place.relation)).size)));
    put(stems, stemWord(word), word);
    for (const gram of new Set(gramsOf(word))) put(trigrams, gram, word);
    if (word.length >= 3 && word.length <= 5) put(byFirst, word[0]!, word);
  }
  const kept = new LRUCache<string, readonly Match[]>({ max: MAX_KEPT });

  function look(term: Term): readonly Match[] {
    const likeness = new Map<string, number>();
    const add = (word: string, value: number) => {
      if ((likeness.get(word) ?? 0) < value) likeness.set(word, value);
    };
    if (postings.has(term.text)) add(term.text, 1);
    for (const synonym of term.synonyms) {
      if (postings.has(synonym)) add(synonym, LIKENESS.synonym);
      else for (const word of stems.get(stemWord(synonym)) ?? []) add(word, LIKENESS.synonymStem);
    }
    if (term.isLoose) {
      for (const word of stems.get(stemWord(term.text)) ?? []) add(word, LIKENESS.stem);
      if (term.text.length >= SHORTEST_LOOSE) addSpellings(term.text, add);
    }
    const best = Math.max(0, ...likeness.values());
    return [...likeness]
      .filter(([, value]) => value >= best - WORSE)
      .map(([word, value]) => ({ postings: postings.get(word)!, weight: value * rarity.get(word)! }));
  }

  function addSpellings(text: string, add: (word: string, value: number) => void): void {
    const own = gramsOf(text);
    const shared = new Map<string, number>();
    for (const gram of own) for (const word of trigrams.get(gram) ?? []) shared.set(word, (shared.get(word) ?? 0) + 1);
    for (const [word, count] of shared) {
      const dice = (2 * count) / (own.length + word.length);
      if (dice >= LEAST_DICE) add(word, dice * LIKENESS.spelled);
      else if (word.length >= 3 && text.startsWith(word)) add(word, 0.5 + (0.3 * word.length) / text.length);
      else if (word.startsWith(text)) add(word, 0.4 + (0.4 * text.length) / word.length);
    }
    for (const word of byFirst.get(text[0]!) ?? []) {
      if (word.length < text.length && word.length >= text.length * 0.4 && keepsLetters(word, text)) {
        add(word, LIKENESS.abbreviated);
      }
    }
  }

  return {
    match(term) {
      const key = `${term.isLoose ? '~' : '='}${term.text}`;
      const known = kept.get(key) ?? look(term);
      kept.set(key, known);
      return known;
    },
  };
}

function put(index: Map<string, string[]>, key: string, word: string): void {
  const found = index.get(key);
  if (found) found.push(word);
  else index.set(key, [word]);
}

/** As many as the word has letters. */
function gramsOf(word: string): readonly string[] {
  const padded = `^${word}$`;
  return Array.from({ length: word.length }, (_, at) => padded.slice(at, at + 3));
}

/** Whether the letters of a short form stand in the long one, in order. */
function keepsLetters(short: string, long: string): boolean {
  let at = 0;
  for (const letter of long) if (letter === short[at]) at += 1;
  return at === short.length;
}

/** Short words that names are often glued together with: `stuid`, `fname`, `phoneno`. */
const GLUED = new Set([
  'id',
  'no',
  'nr',
  'name',
  'num',
  'number',
  'code',
  'date',
  'time',
  'year',
  'type',
  'first',
  'last',
]);
const SHORTEST_GLUED = 5;

/**
 * The two words that a name without any border is made of, where both occur by themselves in the same schema
 * (`hiredate`, `stuid`); null where it is one word.
 *
 * @param isKnown whether a word of at least three letters occurs by itself in other names
 */
export function splitGlued(word: string, isKnown: (word: string) => boolean): readonly [string, string] | null {
  if (word.length < SHORTEST_GLUED) return null;
  const isWord = (part: string) => GLUED.has(part) || (part.length >= 3 && isKnown(part));
  for (let at = word.length - 2; at >= 2; at -= 1) {
    const [first, second] = [word.slice(0, at), word.slice(at)];
    if (isWord(first) && isWord(second)) return [singular(first), singular(second)];
  }
  return null;
}
