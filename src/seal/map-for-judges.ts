import type { Dialect } from '../domain/dialect.js';
import { type PrintedToken, readPrinted } from './printed-tokens.js';

const SIMPLER_SIGNS: Readonly<Record<string, string>> = {
  '<=>': '=',
  '<<': '+',
  '>>': '+',
  '^': '+',
  '&': '+',
  '|': '+',
};

/** Words that one of the parsers does not know, and the nearest that both know. */
const SIMPLER_WORDS: Readonly<Record<string, string>> = {
  GLOB: 'LIKE',
  REGEXP: 'LIKE',
  XOR: 'OR',
  DIV: '+',
  RANGE: 'ROWS',
  GROUPS: 'ROWS',
  YEAR_MONTH: 'MONTH',
  DAY_HOUR: 'HOUR',
  DAY_MINUTE: 'HOUR',
  DAY_SECOND: 'HOUR',
  DAY_MICROSECOND: 'HOUR',
  HOUR_MINUTE: 'HOUR',
  HOUR_SECOND: 'HOUR',
  HOUR_MICROSECOND: 'HOUR',
  MINUTE_SECOND: 'HOUR',
  MINUTE_MICROSECOND: 'HOUR',
  SECOND_MICROSECOND: 'HOUR',
  MICROSECOND: 'SECOND',
};

const isWord = (token: PrintedToken | undefined, ...words: readonly string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text);
const isLiteral = (token: PrintedToken | undefined): boolean =>
  token !== undefined && (token.kind === 'number' || token.kind === 'hex' || token.kind === 'parameter');

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<=>', '<>', '<', '<=', '>', '>=']);

const IS_TESTS = ['NULL', 'TRUE', 'FALSE', 'UNKNOWN'];

/** How many tokens from `at` on to leave out; 0 for none. Never a parenthesis, and a quoted name only in a column list. */
function countLeftOut(tokens: readonly PrintedToken[], at: number): number {
  const [token, next, third] = [tokens[at], tokens[at + 1], tokens[at + 2]];
  const before = tokens[at - 1];
  // `x <= ALL (…)` is read as `x IN (…)`: sqlparser-rs takes no set operation of queries in parentheses behind ALL and ANY.
  if (COMPARISONS.has(token?.text ?? '') && isWord(next, 'ALL', 'ANY') && third?.text === '(') return 1;
  if (token?.kind !== 'word') return 0;
  if (/^_[a-z]/.test(token.text) && next?.kind === 'hex') return 1;
  if (isWord(token, 'COLLATE') && next?.kind === 'word') return 2;
  if (isWord(token, 'CHARACTER') && isWord(next, 'SET') && third?.kind === 'word') return 3;
  if (isWord(token, 'FROM') && isWord(next, 'DUAL')) return 2;
  if (isWord(token, 'NOT') && isWord(before, 'IS') && !isWord(next, ...IS_TESTS)) return 1;
  if (isWord(token, 'ESCAPE'))
    return isLiteral(next) ? 2 : /^_[a-z]/.test(next?.text ?? '') && isLiteral(third) ? 3 : 0;
  if (isWord(token, 'NULLS') && isWord(next, 'FIRST', 'LAST')) return 2;
  if (isWord(token, 'WITH') && isWord(next, 'ROLLUP')) return 2;
  if (isWord(token, 'BINARY') && !isWord(before, 'AS')) return 1;
  if (isWord(token, 'BOTH', 'LEADING', 'TRAILING') && isWord(next, 'FROM')) return 2;
  if (isWord(token, 'EXCLUDE')) return isWord(next, 'CURRENT', 'NO') ? 3 : 2;
  if (isWord(token, 'ALL') && isWord(before, 'EXCEPT', 'INTERSECT')) return 1;
  if (isWord(token, 'MATERIALIZED')) return 1;
  if (isWord(token, 'NOT') && isWord(next, 'MATERIALIZED')) return 2;
  if (isWord(token, 'LATERAL')) return 1;
  if (isWord(token, 'STRAIGHT_JOIN') && isWord(before, 'SELECT', 'DISTINCT')) return 1;
  if (isWord(token, 'LIMIT') && isWord(tokens[at - 2], 'SEPARATOR') && (isLiteral(before) || before?.kind === 'empty'))
    return isWord(third, 'OFFSET') ? 4 : 2;
  return 0;
}

/** Index after the column list of a derived table, `AS t3 (c5, c6)`, that opens at `at`; `at` where none does. */
function skipColumnList(tokens: readonly PrintedToken[], at: number): number {
  const follows =
    tokens[at]?.text === '(' &&
    tokens[at - 1]?.kind === 'quoted' &&
    isWord(tokens[at - 2], 'AS') &&
    tokens[at - 3]?.text === ')';
  if (!follows) return at;
  let end = at + 1;
  while (tokens[end]?.kind === 'quoted' && tokens[end + 1]?.text === ',') end += 2;
  return tokens[end]?.kind === 'quoted' && tokens[end + 1]?.text === ')' ? end + 2 : at;
}

const STAND_IN: readonly PrintedToken[] = readPrinted('(SELECT 1)', 'mysql') as readonly PrintedToken[];

/** Index after a function that makes rows, `JSON_TABLE(…)`; `at` where none stands there, -1 where it holds a query. */
function skipTableFunction(tokens: readonly PrintedToken[], at: number): number {
  if (!isWord(tokens[at], 'JSON_TABLE', 'JSON_EACH', 'JSON_TREE') || tokens[at + 1]?.text !== '(') return at;
  let depth = 0;
  for (let end = at + 1; end < tokens.length; end += 1) {
    if (isWord(tokens[end], 'SELECT', 'WITH', 'VALUES', 'FROM', 'JOIN')) return -1;
    if (tokens[end]?.text === '(') depth += 1;
    if (tokens[end]?.text === ')') depth -= 1;
    if (depth === 0) return end + 1;
  }
  return -1;
}

/** `INTERVAL(x, a, b)` is a function, `INTERVAL (x) DAY` is not. */
function isIntervalFunction(tokens: readonly PrintedToken[], at: number): boolean {
  if (!isWord(tokens[at], 'INTERVAL') || tokens[at + 1]?.text !== '(') return false;
  let depth = 0;
  for (let end = at + 1; end < tokens.length; end += 1) {
    if (tokens[end]?.text === '(') depth += 1;
    if (tokens[end]?.text === ')') depth -= 1;
    if (depth === 0)
      return (
        tokens[end + 1]?.kind !== 'word' ||
        !/^(?:[A-Z]+_)?(?:MICROSECOND|SECOND|MINUTE|HOUR|DAY|WEEK|MONTH|QUARTER|YEAR)$/.test(
          tokens[end + 1]?.text ?? '',
        )
      );
  }
  return false;
}

function simplify(
  token: PrintedToken,
  before: PrintedToken | undefined,
  after: PrintedToken | undefined,
  dialect: Dialect,
): string {
  if (token.kind === 'parameter') return '1';
  // `1.` and `1e3` are read as something else by one of them.
  if (token.kind === 'number') return /^\d+(?:\.\d+)?$/.test(token.text) ? token.text : '1';
  if (token.kind === 'sign') return SIMPLER_SIGNS[token.text] ?? token.text;
  if (token.kind !== 'word') return token.text;
  if (token.text === 'STRAIGHT_JOIN') return 'JOIN';
  const isQuantifier = isWord(token, 'ALL', 'ANY') && after?.text === '(';
  if (isQuantifier && !isWord(before, 'UNION', 'INTERSECT', 'EXCEPT', 'SELECT')) return 'IN';
  if (isWord(token, 'RIGHT', 'FULL') && isWord(after, 'JOIN')) return 'LEFT';
  if (isWord(token, 'CROSS') && isWord(after, 'JOIN')) return 'INNER';
  if (dialect === 'sqlite' && isWord(token, 'EXCEPT', 'INTERSECT')) return 'UNION';
  if (token.text === 'IS' && !isWord(after, 'NOT', ...IS_TESTS)) return '=';
  // MICROSECOND(x) is a function.
  if (after?.text === '(' && token.text === 'MICROSECOND') return token.text;
  return SIMPLER_WORDS[token.text] ?? token.text;
}

/** A token of mapped text. */
export interface MappedToken {
  readonly text: string;
  /** True for a word, which no quoted name is. */
  readonly isWord: boolean;
  /** True where no space stands before it. */
  readonly glued: boolean;
}

/** Writes mapped tokens as text. */
export function writeMapped(tokens: readonly MappedToken[]): string {
  let text = '';
  for (const token of tokens) text += text === '' || token.glued ? token.text : ` ${token.text}`;
  return text;
}

/**
 * Rewrites printed text into what both foreign parsers can read, token by token: unknown operators become known ones of the
 * same shape, decorations (collations, introducers, frames' units, column lists of derived tables) go, parameters become 1.
 * Meaning is lost, structure is not: no SELECT, FROM, JOIN, comma, parenthesis or relation is added or taken away (DUAL is none), so the
 * relations that a parser finds in the result are those of the printed text.
 *
 * @returns null where the text holds something that the printers never write
 */
export function mapForJudges(sql: string, dialect: Dialect): readonly MappedToken[] | null {
  const tokens = readPrinted(sql, dialect);
  if (!tokens) return null;
  const kept: PrintedToken[] = [];
  for (let at = 0; at < tokens.length; ) {
    const end = skipTableFunction(tokens, at);
    if (end === -1) return null;
    if (end > at) {
      // Neither parser knows every table function; this one holds no query, so a query without relations stands for it.
      kept.push(...STAND_IN);
      at = end;
      continue;
    }
    const skipped = skipColumnList(tokens, at) - at || countLeftOut(tokens, at);
    if (skipped === 0) kept.push(tokens[at] as PrintedToken);
    at += Math.max(skipped, 1);
  }
  return kept.map((token, at) => ({
    text: isIntervalFunction(kept, at) ? 'COALESCE' : simplify(token, kept[at - 1], kept[at + 1], dialect),
    isWord: token.kind === 'word',
    glued: token.glued,
  }));
}
