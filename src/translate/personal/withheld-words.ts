import { findPersonalData } from './find-personal-data.js';
import { PERSONAL_KINDS } from './found.js';

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

/** How the words of one question look. */
interface Form {
  readonly prefix: string;
  readonly anywhere: RegExp;
  readonly alone: RegExp;
}

function chooseForm(isTaken: (lowerCase: string) => boolean): Form {
  let prefix = 'Withheld';
  while (isTaken(prefix.toLowerCase())) prefix += 'x';
  const form = `${prefix}(?:${PERSONAL_KINDS.join('|')})\\d+`;
  return { prefix, anywhere: new RegExp(form, 'gi'), alone: new RegExp(`^${form}$`, 'i') };
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
  let form: Form | null = null;
  const readForm = (): Form => {
    form ??= chooseForm(isTaken);
    return form;
  };

  function wordFor(value: string, kind: string): string {
    const known = words.get(value);
    if (known !== undefined) return known;
    const word = `${readForm().prefix}${kind}${words.size + 1}`;
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
    isWord: (text) => readForm().alone.test(text),
    restore(text, print) {
      let isWhole = true;
      const restored = text.replace(readForm().anywhere, (word) => {
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
