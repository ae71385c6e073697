import type { Dialect } from '../domain/dialect.js';

/**
 * What the printers write, and what an engine may write about it: a quoted name, a text, a number in any form (so also the
 * `0x…` that texts are printed as), a word. Names and words stay.
 */
const SQLITE_TOKEN =
  /`(?:[^`]|``)*`|"(?:[^"]|"")*"|([xX]?'(?:[^']|'')*'?)|(0[xXbB][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\w*)|[\p{L}_$][\p{L}\p{N}_$]*/gu;
const SERVER_TOKEN =
  /`(?:[^`]|``)*`|([xXbBnN]?'(?:[^'\\]|''|\\[\s\S])*'?|"(?:[^"\\]|""|\\[\s\S])*"?)|(0[xXbB][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\w*)|[\p{L}_$][\p{L}\p{N}_$]*/gu;

/**
 * A statement, or an engine's words about it, with a `?` for every value: what the caller wrote there is theirs.
 *
 * @param text sealed SQL, or a cell of its plan
 * @remarks Numbers that are no value, as in `LIMIT 1001` or `DECIMAL(10,2)`, go too.
 */
export function withholdLiterals(text: string, dialect: Dialect): string {
  const token = dialect === 'sqlite' ? SQLITE_TOKEN : SERVER_TOKEN;
  return text.replace(token, (whole, quoted?: string, number?: string) =>
    quoted === undefined && number === undefined ? whole : '?',
  );
}
