import type { Turn } from '../../domain/conversation.js';
import { foldWord, splitIdentifier, splitWords, type Word } from '../words.js';
import { LONGEST_SYNONYM, SYNONYMS } from './thesaurus.js';

/** One word of a question, or two written as one, to be looked for in a schema. */
export interface Term {
  /** Folded, in the singular. */
  readonly text: string;
  /** How much it says, 0 to 1. */
  readonly weight: number;
  /** False for compounds: only a name that is spelled so is meant. */
  readonly isLoose: boolean;
  /** What else the same thing may be called. */
  readonly synonyms: readonly string[];
}

/** What a question says, ready to be looked up. */
export interface QuestionTerms {
  readonly terms: readonly Term[];
  /** Runs of words, folded, that may be values; the strength is lower for a single common word. */
  readonly phrases: ReadonlyMap<string, number>;
}

/** Words that only hold a sentence together. */
const EMPTY = new Set(
  `a an the of for in on at to from by with and or is are was were be been being do does did has have had having that which who
  whom whose what when where how why many much there it its their them they this these those each every all any some not no if
  then than as into per also both but so such between over under can could would will shall may please you your i we us our my me
  mine he she his her him about during while either only just one's s t`.split(/\s+/u),
);

/** Words of the asking rather than of the asked; a schema may hold them still. */
const WEAK = new Set(
  `list show find give return display get tell name number count different distinct unique total average mean highest lowest
  maximum minimum largest smallest biggest most least more less fewer greater top first last order sort rank descending ascending
  alphabetical group value information detail id one two three four five same other whose use using include least record database
  correspond respective`.split(/\s+/u),
);
const WEAK_WEIGHT = 0.35;

/** Question words that say nothing by themselves but lead to a kind of column. */
const LEADING = new Set(['when', 'where', 'who', 'whose']);
const LEADING_WEIGHT = 0.3;

/** How much the questions before count in a follow-up. */
const EARLIER_WEIGHT = 0.5;

/** What asks for an order: the noun in it is no order that was placed. */
const ORDERING =
  /\b(?:order|sort|rank|list|arrange)(?:ed|s)?\s+(?:\w+\s+){0,2}?by\b|\b(?:ascending|descending|alphabetic(?:al)?|lexicographic(?:al)?|increasing|decreasing|chronological|reverse)\s+order\b|\bin\s+(?:the\s+)?order\s+of\b/giu;

/** Longest value looked for, in words. */
const LONGEST_VALUE = 5;

/** Cuts a question, and the turns before it, into what can be looked up in a schema. */
export function readTerms(question: string, turns: readonly Turn[] = []): QuestionTerms {
  const terms = new Map<string, Term>();
  const phrases = new Map<string, number>();
  addText(question, 1, terms, phrases);
  for (const turn of turns) {
    addText(turn.question, EARLIER_WEIGHT, terms, phrases);
    if (turn.sql !== null) addText(turn.sql, EARLIER_WEIGHT, terms, new Map());
  }
  return { terms: [...terms.values()], phrases };
}

function addText(text: string, factor: number, terms: Map<string, Term>, phrases: Map<string, number>): void {
  const put = (term: Term) => {
    if ((terms.get(term.text)?.weight ?? 0) < term.weight * factor) {
      terms.set(term.text, { ...term, weight: term.weight * factor });
    }
  };
  const { words } = splitWords(text.replace(ORDERING, ' , '));
  const parts = words.flatMap((word) => (word.kind === 'number' ? [] : splitIdentifier(word.text)));
  for (const part of parts) {
    if (LEADING.has(part)) put({ ...makeTerm(part, LEADING_WEIGHT), isLoose: false });
    else if (!EMPTY.has(part)) put(makeTerm(part, WEAK.has(part) ? WEAK_WEIGHT : 1));
  }
  for (let length = 2; length <= LONGEST_SYNONYM; length += 1) {
    for (let at = 0; at + length <= parts.length; at += 1) {
      const run = parts.slice(at, at + length);
      if (EMPTY.has(run[0]!) || EMPTY.has(run.at(-1)!)) continue;
      const synonyms = SYNONYMS.get(run.join(' ')) ?? [];
      if (length === 2 || synonyms.length > 0) put({ text: run.join(''), weight: 1, isLoose: false, synonyms });
    }
  }
  addPhrases(words, factor, phrases);
}

function makeTerm(text: string, weight: number): Term {
  return { text, weight, isLoose: true, synonyms: SYNONYMS.get(text) ?? [] };
}

function addPhrases(words: readonly Word[], factor: number, phrases: Map<string, number>): void {
  const folded = words.map((word) => (word.kind === 'quoted' ? foldPhrase(word.text) : word.folded));
  for (let at = 0; at < words.length; at += 1) {
    for (let length = 1; length <= LONGEST_VALUE && at + length <= words.length; length += 1) {
      const first = words[at]!;
      const phrase = folded.slice(at, at + length).join(' ');
      if (length === 1 && first.kind !== 'quoted' && (phrase.length < 2 || EMPTY.has(phrase) || WEAK.has(phrase)))
        continue;
      const isSure = first.kind === 'quoted' || length > 1 || (first.capital && at > 0);
      const strength = factor * (isSure ? 1 : 0.6);
      if ((phrases.get(phrase) ?? 0) < strength) phrases.set(phrase, strength);
    }
  }
}

/** A value, or a run of words, as they are compared: words folded, one blank between. */
export function foldPhrase(text: string): string {
  return splitWords(text.replaceAll('_', ' '))
    .words.map((word) => (word.kind === 'quoted' ? foldWord(word.text) : word.folded))
    .join(' ');
}

/** The words of a description or a synonym that say something. */
export function wordsOf(text: string): readonly string[] {
  return splitWords(text)
    .words.filter((word) => word.kind === 'word')
    .flatMap((word) => splitIdentifier(word.text))
    .filter((word) => !EMPTY.has(word));
}
