import { foldWord, singular, splitWords } from './words.js';

/** Words that say nothing about what a question is about. */
const EMPTY_WORDS: ReadonlySet<string> = new Set(
  'a an and are at be by can did do does each for from get give had has have how i in is it list many me much my of on or our per please show tell than that the their there these they this to us was we were what when where which who with you your'
    .split(' ')
    // As the words of a question are compared: `was` is no plural, `does` is.
    .map(singular),
);

/**
 * The examples whose questions are nearest to a question, by the words that they share; a word that few examples have
 * counts more (the cosine of tf–idf vectors: Salton & Buckley 1988).
 *
 * @param examples their questions may have slots in braces, which are no words
 * @param most how many at most
 * @returns the nearest first, equals in the given order; none that shares no word
 */
export function nearestExamples<T extends { readonly question: string }>(
  question: string,
  examples: readonly T[],
  most: number,
): readonly T[] {
  const asked = wordsOf(question);
  const known = examples.map((example) => ({ example, words: wordsOf(example.question.replace(/\{[^{}]*\}/gu, ' ')) }));
  const having = new Map<string, number>();
  for (const { words } of known) for (const word of words) having.set(word, (having.get(word) ?? 0) + 1);
  const weight = (word: string) => Math.log(1 + known.length / (having.get(word) ?? 1)) ** 2;
  const square = (words: Iterable<string>) => [...words].reduce((sum, word) => sum + weight(word), 0);
  return known
    .map(({ example, words }) => {
      const shared = square([...words].filter((word) => asked.has(word)));
      return { example, nearness: shared === 0 ? 0 : shared / Math.sqrt(square(words) * square(asked)) };
    })
    .filter(({ nearness }) => nearness > 0)
    .sort((one, other) => other.nearness - one.nearness)
    .slice(0, most)
    .map(({ example }) => example);
}

function wordsOf(text: string): ReadonlySet<string> {
  const words = splitWords(text).words.flatMap(({ kind, text: typed }) =>
    kind === 'quoted' ? [] : singular(foldWord(typed)),
  );
  return new Set(words.filter((word) => !EMPTY_WORDS.has(word)));
}
