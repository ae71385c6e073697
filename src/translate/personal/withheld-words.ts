import { findPersonalData } from './find-personal-data.js';

/** Words that stand for the personal data of one question, and what they stand for. */
export interface WithheldWords {
  /** The text with a word in the place of every piece of personal data; the same piece has the same word. */
  withhold(text: string): string;
  /** The word of a piece that is known by now; null where it is not. */
  wordOf(value: string): string | null;
  /** Whether a text is one of the words, or looks like one. */
  isWord(text: string): boolean;
  /**
   * The text with what the words stand for.
   *
   * @param print says how a value is written
   * @returns `isWhole` is false where something that looks like a word stands for nothing, and was left
   */
  restore(text: string, print: (value: string) => string): { readonly text: string; readonly isWhole: boolean };
  /** How many pieces are known. */
  count(): number;
  /** Every piece that is known. */
  values(): Iterable<string>;
}

/** A word, of this question or of another: its prefix first. */
const ANYWHERE = /(withheldx{0,64})(?:Email|Card|Iban|Id|Phone)\d{1,6}/giu;
const ALONE = /^(withheldx{0,64})(?:Email|Card|Iban|Id|Phone)\d{1,6}$/iu;

function choosePrefix(isTaken: (lowerCase: string) => boolean): string {
  let prefix = 'Withheld';
  while (isTaken(prefix.toLowerCase())) prefix += 'x';
  return prefix;
}

/**
 * Makes the words of one question. A word is of letters and digits only, so that it is one piece in every quoting, pattern
 * and comparison, and is read whatever case it comes back in. The same question gets the same words each time.
 *
 * @param isTaken whether a text stands somewhere in what is sent; no word begins with such a text; asked only where there is something to withhold
 */
export function createWithheldWords(isTaken: (lowerCase: string) => boolean): WithheldWords {
  const words = new Map<string, string>();
  const values = new Map<string, string>();
  let chosen: string | null = null;
  const readPrefix = (): string => {
    chosen ??= choosePrefix(isTaken);
    return chosen;
  };
  const isOurs = (prefix: string | undefined): boolean => prefix?.toLowerCase() === readPrefix().toLowerCase();

  function wordFor(value: string, kind: string): string {
    const known = words.get(value);
    if (known !== undefined) return known;
    const word = `${readPrefix()}${kind}${words.size + 1}`;
    words.set(value, word);
    values.set(word.toLowerCase(), value);
    return word;
  }

  return {
    withhold(text) {
      const parts: string[] = [];
      let from = 0;
      for (const { kind, start, end } of findPersonalData(text)) {
        parts.push(text.slice(from, start), wordFor(text.slice(start, end), kind));
        from = end;
      }
      return parts.join('') + text.slice(from);
    },
    wordOf: (value) => words.get(value) ?? null,
    isWord: (text) => isOurs(ALONE.exec(text)?.[1]),
    restore(text, print) {
      let isWhole = true;
      const restored = text.replace(ANYWHERE, (word: string, prefix: string) => {
        if (!isOurs(prefix)) return word;
        const value = values.get(word.toLowerCase());
        if (value === undefined) isWhole = false;
        return value === undefined ? word : print(value);
      });
      return { text: restored, isWhole };
    },
    count: () => words.size,
    values: () => words.keys(),
  };
}
