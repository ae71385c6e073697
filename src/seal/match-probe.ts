import type { PrintedToken } from './printed-tokens.js';
import { isWord } from './printed-words.js';

/** Whether these texts stand at `at`, one token each. */
export function standsAt(tokens: readonly PrintedToken[], at: number, sequence: readonly string[]): boolean {
  // From the end: what columns of one relation differ by is their name.
  for (let index = sequence.length - 1; index >= 0; index -= 1)
    if (tokens[at + index]?.text !== sequence[index]) return false;
  return true;
}

/** Whether a token is a quoted name of this form. */
export const isName = (token: PrintedToken | undefined, pattern: RegExp): boolean =>
  token?.kind === 'quoted' && pattern.test(token.name);

/** `alias`.`column`, both ours. */
interface Path {
  readonly alias: string;
  readonly column: string;
}

/** Reads `` `t1`.`c1` `` at `at`. */
export function readPath(tokens: readonly PrintedToken[], at: number): Path | null {
  const [left, point, right] = [tokens[at], tokens[at + 1], tokens[at + 2]];
  if (!isName(left, /^t\d+$/) || point?.text !== '.' || !isName(right, /^c\d+$/)) return null;
  return { alias: (left as PrintedToken).name, column: (right as PrintedToken).name };
}

const isSame = (left: Path | null, right: Path): boolean =>
  left !== null && left.alias === right.alias && left.column === right.column;

/** A copied `` `b`.`column` = `t1`.`c1` ``: what it is called outside, and what it is compared with. */
export interface CopiedLink {
  readonly inner: Path;
  readonly outer: Path;
}

/** Whether the parenthesis that closes at `at` opened a query. */
function opensQuery(tokens: readonly PrintedToken[], at: number): boolean {
  let depth = 0;
  for (let open = at; open >= 0; open -= 1) {
    if (tokens[open]?.text === ')') depth += 1;
    if (tokens[open]?.text === '(') depth -= 1;
    if (depth === 0) return isWord(tokens[open + 1], 'SELECT', 'WITH', 'VALUES');
  }
  return true;
}

/**
 * Whether the condition that was copied into an enclosure also stands outside of it, in the query that the enclosure is
 * of, and that query is a subquery: the alias that it names is of a query around.
 *
 * @param end index after the enclosure's alias
 */
export function standsOutside(tokens: readonly PrintedToken[], end: number, { inner, outer }: CopiedLink): boolean {
  let [depth, found] = [0, false];
  for (let at = end; at < tokens.length; at += 1) {
    const { text } = tokens[at] as PrintedToken;
    if (text === '(') depth += 1;
    if (text === ')') depth -= 1;
    // Parentheses around a join end no query.
    if (depth < 0 && opensQuery(tokens, at)) return found;
    if (depth < 0) depth = 0;
    if (depth > 0 || text !== '=') continue;
    const [left, right] = [readPath(tokens, at - 3), readPath(tokens, at + 1)];
    found ||= (isSame(left, inner) && isSame(right, outer)) || (isSame(left, outer) && isSame(right, inner));
  }
  return false;
}

/** Whether the one output of a query whose FROM stands at `from` is a column of `alias`, or its COUNT, MIN or MAX. */
function hasBareOutput(tokens: readonly PrintedToken[], from: number, alias: string): boolean {
  if (!isWord(tokens[from], 'FROM') || !isName(tokens[from - 1], /^c\d+$/) || !isWord(tokens[from - 2], 'AS'))
    return false;
  const end = from - 2;
  const beginsAt = (at: number) => isWord(tokens[at], 'SELECT') && tokens[at - 1]?.text === '(';
  if (readPath(tokens, end - 3)?.alias === alias && beginsAt(end - 4)) return true;
  if (standsAt(tokens, end - 4, ['COUNT', '(', '*', ')'])) return beginsAt(end - 5);
  const isCall =
    isWord(tokens[end - 6], 'COUNT', 'MIN', 'MAX') && tokens[end - 5]?.text === '(' && tokens[end - 1]?.text === ')';
  return isCall && readPath(tokens, end - 4)?.alias === alias && beginsAt(end - 7);
}

/**
 * Matches a subquery that is nothing but the probe of one enclosure, around that enclosure: `(SELECT output FROM … WHERE
 * `t2`.`c1` = `t1`.`c2` [AND …])`. Only there an enclosure with a row rule may stand without its fence.
 *
 * @param start index of the enclosure's parenthesis
 * @param end index after its alias
 */
export function isBareProbe(tokens: readonly PrintedToken[], start: number, end: number): boolean {
  const alias = tokens[end - 1]?.name ?? '';
  if (!hasBareOutput(tokens, start - 1, alias) || !isWord(tokens[end], 'WHERE')) return false;
  for (let at = end + 1; ; at += 8) {
    const [left, right] = [readPath(tokens, at), readPath(tokens, at + 4)];
    if (!left || !right || tokens[at + 3]?.text !== '=') return false;
    // One side is the enclosure's, the other is of a query around.
    if ((left.alias === alias) === (right.alias === alias)) return false;
    if (tokens[at + 7]?.text === ')') return true;
    if (!isWord(tokens[at + 7], 'AND')) return false;
  }
}
