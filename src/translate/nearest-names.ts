import { foldName } from '../sql/fold-name.js';
import { splitIdentifier } from './words.js';

/** Longest name that is compared; longer ones are compared by their beginning. */
const MAX_CHARACTERS = 64;

/** Shortest beginning by which a word is taken for a longer one: `cust` for `customer`. */
const SHORTEST_STEM = 3;

/**
 * The names most like a name that is none.
 *
 * @param wanted as somebody wrote it
 * @param names to choose from; what is not among them is never returned
 * @param options.most how many at most
 * @param options.least likeness that a name must have, 0 to 1; 0 takes the nearest whatever they are
 * @returns the likest first, equals in the order of `names`
 */
export function nearestNames(
  wanted: string,
  names: Iterable<string>,
  { most, least }: { readonly most: number; readonly least: number },
): readonly string[] {
  const scored = [...new Set(names)].map((name) => ({ name, likeness: likenessOf(wanted, name) }));
  return scored
    .filter(({ likeness }) => likeness >= least)
    .sort((one, other) => other.likeness - one.likeness)
    .slice(0, most)
    .map(({ name }) => name);
}

/** How alike two names are, 0 to 1: by their letters, or by their words (`cust_no`, `customerNumber`), whichever says more. */
function likenessOf(wanted: string, name: string): number {
  const one = foldName(wanted).slice(0, MAX_CHARACTERS);
  const other = foldName(name).slice(0, MAX_CHARACTERS);
  return Math.max(lettersInCommon(one, other), wordsInCommon(splitIdentifier(wanted), splitIdentifier(name)));
}

function lettersInCommon(one: string, other: string): number {
  const longest = Math.max(one.length, other.length);
  return longest === 0 ? 0 : 1 - editDistance(one, other) / longest;
}

/** Dice's coefficient over the words, where a word may stand for one that begins with it. */
function wordsInCommon(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) return 0;
  const covered = (words: readonly string[], by: readonly string[]) =>
    words.reduce((sum, word) => sum + Math.max(...by.map((each) => wordLikeness(word, each))), 0);
  return (covered(one, other) + covered(other, one)) / (one.length + other.length);
}

function wordLikeness(one: string, other: string): number {
  if (one === other) return 1;
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.length >= SHORTEST_STEM && long.startsWith(short) ? 0.8 : 0;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours between two texts: the optimal string alignment distance.
 *
 * @remarks Three rows of the table are kept. See Damerau, CACM 7 (1964) 171–176.
 */
export function editDistance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const change = one[row - 1] === other[column - 1] ? 0 : 1;
      let steps = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + change);
      const isSwap = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (isSwap) steps = Math.min(steps, beforeLast[column - 2]! + 1);
      current.push(steps);
    }
    [beforeLast, last] = [last, current];
  }
  return last[other.length]!;
}
