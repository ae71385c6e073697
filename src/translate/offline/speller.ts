import type { PrincipalView } from '../../policy/view.js';
import { editDistance } from '../nearest-names.js';
import { splitIdentifier } from '../words.js';
import { writeOut } from './describe-relation.js';
import { ROLES } from './phrases.js';

/** Shortest word that is taken for another one of the schema. */
const SHORTEST_LIKE = 6;

/**
 * Makes what reads a word that no name has as the one word of the names that is meant: one letter off ("deparment"), or of the same
 * root ("director" of `directed_by`). Words of the language stay.
 */
export function createSpeller(view: PrincipalView): (word: string) => string {
  const words = new Set(
    [...view.relations.values()].flatMap(({ relation, columns }) =>
      [relation.name, ...[...columns.values()].map(({ column }) => column.name)].flatMap((name) => [
        ...splitIdentifier(name),
        ...writeOut(splitIdentifier(name)),
      ]),
    ),
  );
  const long = [...words].filter((word) => word.length >= SHORTEST_LIKE - 1);
  const known = new Map<string, string>();
  return (word) => {
    if (word.length < SHORTEST_LIKE || words.has(word) || ROLES.has(word)) return word;
    const kept = known.get(word);
    if (kept !== undefined) return kept;
    const like = long.filter((each) => each[0] === word[0] && isLike(word, each));
    const meant = like.length === 1 ? like[0]! : word;
    known.set(word, meant);
    return meant;
  };
}

function isLike(word: string, other: string): boolean {
  const root = rootOf(word);
  return (
    (other.length >= SHORTEST_LIKE && Math.abs(word.length - other.length) <= 1 && editDistance(word, other) <= 1) ||
    (root.length >= 5 && root === rootOf(other))
  );
}

/** What is left of a word without the endings of people, acts and states: `director`, `directed` → `direct`. */
export function rootOf(word: string): string {
  return word.replace(/(?:ations?|ments?|ings?|ions?|ors?|ers?|ed|es|e|s)$/u, '');
}
