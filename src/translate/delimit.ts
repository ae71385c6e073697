/** What marks off, in a prompt, the parts that are data. */
export type DataTag = 'question' | 'tables' | 'figures' | 'values' | 'examples';

/** The beginning of anything that could be read as one of the marks, with blanks and in any case. */
const TAG_START = /<(?=[\s/]*(?:question|tables|figures|values|examples))/giu;

/**
 * Marks off words of a person: nothing in them can close the mark.
 *
 * @param words of a question, or a value of a row; each `<` and `>` becomes a look-alike
 */
export function delimit(tag: DataTag, words: string): string {
  return `<${tag}>${words.replace(/</g, '‹').replace(/>/g, '›')}</${tag}>`;
}

/** Marks off lines that hold SQL, where `<` must stay: only what could be read as one of the marks changes. */
export function delimitLines(tag: DataTag, lines: string): string {
  return `<${tag}>\n${withoutTags(lines)}\n</${tag}>`;
}

/** A text in which nothing can be read as one of the marks. */
export function withoutTags(text: string): string {
  return text.replace(TAG_START, '‹');
}

/** JSON in which nothing can be read as one of the marks; it parses to the same value. */
export function writeDelimitedJson(value: unknown): string {
  return JSON.stringify(value).replace(TAG_START, '\\u003c');
}

/** All white space as single blanks: a text that is one line of a prompt. */
export function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}
