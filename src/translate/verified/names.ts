import type { CompiledMetric } from '../../policy/compile-metric.js';
import type { PrincipalView } from '../../policy/view.js';
import { foldWord, singular, splitIdentifier, splitWords } from '../words.js';
import { EMPTY_WORDS, EVERYDAY, OPERATORS, SAME, VERB_FORMS } from './wording.js';

/** What the visible names are called too: words in the singular, joined by blanks → the words of the one name that is meant. */
export type Names = ReadonlyMap<string, readonly string[]>;

/** Longest synonym that is looked for, in words. */
export const MAX_NAME_WORDS = 4;

const known = new WeakMap<PrincipalView['relations'], Names>();

/**
 * The synonyms of relations and metrics as this principal sees them, and everyday words for relations that are there. A
 * synonym that two names share, that is itself the name of something visible, or that is a word of another meaning
 * (total, paid, not) stands for nothing: it would make two questions one.
 *
 * @param metrics those that the principal of the view may use
 */
export function collectNames(view: PrincipalView, metrics: readonly CompiledMetric[]): Names {
  const kept = known.get(view.relations);
  if (kept) return kept;
  const relations = [...view.relations.values()];
  const taken = new Set(
    [
      ...relations.flatMap(({ relation, columns }) => [
        relation.name,
        ...[...columns.values()].map(({ column }) => column.name),
      ]),
      ...metrics.map(({ name }) => name),
    ].map((name) => splitIdentifier(name).join(' ')),
  );
  const meant = new Map<string, Set<string>>();
  const add = (synonym: string, name: string) => {
    if (!taken.has(synonym) && isPlain(synonym) && isPlain(name))
      meant.set(synonym, (meant.get(synonym) ?? new Set()).add(name));
  };
  for (const { relation, synonyms } of relations)
    for (const synonym of synonyms) add(phraseOf(synonym), splitIdentifier(relation.name).join(' '));
  for (const { name, synonyms } of metrics)
    for (const synonym of synonyms) add(phraseOf(synonym), splitIdentifier(name).join(' '));
  for (const [word, name] of EVERYDAY)
    if (!meant.has(word) && relations.some(({ relation }) => splitIdentifier(relation.name).join(' ') === name))
      add(word, name);
  const names: Names = new Map(
    [...meant].flatMap(([synonym, all]) => (all.size === 1 ? [[synonym, [...all].join('').split(' ')] as const] : [])),
  );
  known.set(view.relations, names);
  return names;
}

function phraseOf(synonym: string): string {
  return splitWords(synonym)
    .words.map((word) => singular(foldWord(word.text)))
    .join(' ');
}

function isPlain(phrase: string): boolean {
  const parts = phrase.split(' ');
  return (
    phrase !== '' &&
    parts.length <= MAX_NAME_WORDS &&
    parts.every((word) => !(EMPTY_WORDS.has(word) || OPERATORS.has(word) || SAME.has(word) || VERB_FORMS.has(word)))
  );
}
