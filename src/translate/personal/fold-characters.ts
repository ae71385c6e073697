/** First digits of scripts that people type numbers in: Arabic, Persian, Devanagari, Bengali, full width. */
const ZEROS = [0x660, 0x6f0, 0x966, 0x9e6, 0xff10];

const DASHES = /[\u2010-\u2015\u2212\uff0d]/g;
const BLANKS = /[\u00a0\u2000-\u200a\u202f\u3000]/g;
const OTHER_DIGITS = /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\uff10-\uff19]/g;

/** The text with other scripts' digits, dashes, blanks, `@` and `+` as ASCII has them; every offset stays where it is. */
export function foldCharacters(text: string): string {
  return text
    .replace(DASHES, '-')
    .replace(BLANKS, ' ')
    .replaceAll('\uff20', '@')
    .replaceAll('\uff0b', '+')
    .replace(OTHER_DIGITS, (digit) => {
      const code = digit.charCodeAt(0);
      return String(code - ZEROS.findLast((zero) => zero <= code)!);
    });
}
