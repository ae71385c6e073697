import type { Dialect } from '../domain/dialect.js';
import { isLetter, isNameCharacter, isNameStart, readBytes, readNumber, skipLetters } from './lex-number.js';
import { readQuotedName, readString } from './lex-string.js';
import { refuseConstruct, refuseSyntax } from './refusals.js';

/**
 * One token.
 * - `word`: unquoted; may be a keyword, so `key` is its upper case (ASCII only, else empty)
 * - `name`: an identifier that can be no keyword: quoted, or after a point
 * - `string`: `text` is the value, unescaped
 * - `integer`, `decimal`, `float`: `text` is the canonical numeral
 * - `hex`, `bit`: `text` holds the digits
 * - `parameter`: `:name`, `text` is the name
 * - `symbol`: `key` is the operator or punctuation
 */
export interface Token {
  readonly kind:
    | 'word'
    | 'name'
    | 'string'
    | 'integer'
    | 'decimal'
    | 'float'
    | 'hex'
    | 'bit'
    | 'parameter'
    | 'symbol'
    | 'end';
  readonly key: string;
  readonly text: string;
  /** Offsets in the text, in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** `x'…'` (true) rather than `0x…`: MariaDB gives them different types. */
  readonly quoted: boolean;
}

const MYSQL_SYMBOLS = ['<=>', '->>', '<<', '>>', '<=', '>=', '<>', '!=', '&&', '||', '->', ...'()+-*/%,.;=<>!~^&|'];
const SQLITE_SYMBOLS = ['->>', '<<', '>>', '<=', '>=', '<>', '!=', '==', '||', '->', ...'()+-*/%,.;=<>~&|'];

const COMPARISON_SIGNS: ReadonlySet<string> = new Set(['<', '>', '=', '!']);

/** Symbols by their first character, longest first. */
function indexSymbols(symbols: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>();
  for (const symbol of symbols) index.set(symbol[0]!, [...(index.get(symbol[0]!) ?? []), symbol]);
  return index;
}
const SYMBOLS: Readonly<Record<Dialect, ReadonlyMap<string, readonly string[]>>> = {
  mysql: indexSymbols(MYSQL_SYMBOLS),
  mariadb: indexSymbols(MYSQL_SYMBOLS.filter((symbol) => symbol !== '->' && symbol !== '->>')),
  sqlite: indexSymbols(SQLITE_SYMBOLS),
};

/**
 * Splits a statement into tokens as the server does: MySQL and MariaDB with the pinned sql_mode (no ANSI_QUOTES, no
 * PIPES_AS_CONCAT, no NO_BACKSLASH_ESCAPES) and utf8mb4, SQLite with double-quoted strings off. Linear time.
 *
 * @returns the tokens, comments left out; the last one is `end`
 * @throws SwaliError `SEAL_SYNTAX` for what the server would not take, `SEAL_UNSUPPORTED` for executable comments, hints,
 *   variables, unknown escapes, control characters and whatever the servers read each in their own way
 */
export function readTokens(text: string, dialect: Dialect): readonly Token[] {
  if (!text.isWellFormed()) refuseSyntax(firstLoneSurrogate(text));
  const tokens: Token[] = [];
  let previous: Token | undefined;
  for (let at = skipBlank(text, 0, dialect); at < text.length; at = skipBlank(text, previous.end, dialect)) {
    previous = readToken(text, at, dialect, previous);
    tokens.push(previous);
  }
  tokens.push({ kind: 'end', key: '', text: '', start: text.length, end: text.length, quoted: false });
  return tokens;
}

function firstLoneSurrogate(text: string): number {
  return /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.exec(text)?.index ?? 0;
}

/** The word that a statement begins with, upper case; empty where it begins with anything else. */
export function firstWord(text: string, dialect: Dialect): string {
  return /^[A-Za-z]+/.exec(text.slice(skipBlank(text, 0, dialect)))?.[0].toUpperCase() ?? '';
}

/** The first place from `at` on that is neither white space nor in a comment. */
function skipBlank(text: string, from: number, dialect: Dialect): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    // Space, tab, line feed, form feed and carriage return: not the vertical tab between them.
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0b)) at++;
    else if (code === 0x2f && text[at + 1] === '*') at = skipBlockComment(text, at);
    else if (startsLineComment(text, at, dialect)) {
      const end = text.indexOf('\n', at);
      const comment = text.slice(at, end < 0 ? text.length : end);
      if (comment.includes('\0')) refuseConstruct('a control character', at + comment.indexOf('\0'));
      if (end < 0) return text.length;
      at = end + 1;
    } else return at;
  }
}

/** `-- ` needs white space (or the end) behind it on the MySQL family only; `#` is MySQL's. Both end at a line feed alone. */
function startsLineComment(text: string, at: number, dialect: Dialect): boolean {
  const code = text.charCodeAt(at);
  if (code === 0x23) return dialect !== 'sqlite';
  if (code !== 0x2d || text[at + 1] !== '-') return false;
  return dialect === 'sqlite' || at + 2 >= text.length || text.charCodeAt(at + 2) <= 0x20 || text[at + 2] === '\x7f';
}

function skipBlockComment(text: string, at: number): number {
  if (text[at + 2] === '!' || text.startsWith('M!', at + 2)) refuseConstruct('an executable comment', at);
  if (text[at + 2] === '+') refuseConstruct('an optimizer hint', at);
  const end = text.indexOf('*/', at + 2);
  if (end < 0) refuseSyntax(at);
  const control = text.slice(at, end).indexOf('\0');
  if (control >= 0) refuseConstruct('a control character', at + control);
  return end + 2;
}

function readToken(text: string, at: number, dialect: Dialect, previous: Token | undefined): Token {
  const afterPoint = previous?.key === '.' && previous.end === at;
  // Most tokens: a letter begins a word, whatever it is, unless it is the prefix of a string.
  if (isLetter(text.charCodeAt(at)) && text.charCodeAt(at + 1) !== 0x27) return readWord(text, at, dialect, afterPoint);
  const character = text[at]!;
  if (character === "'" || (character === '"' && dialect !== 'sqlite')) {
    const { value, end } = readString(text, at, dialect);
    return { kind: 'string', key: '', text: value, start: at, end, quoted: false };
  }
  if (character === '`' || (dialect === 'sqlite' && (character === '"' || character === '['))) {
    const { value, end } = readQuotedName(text, at);
    return { kind: 'name', key: '', text: value, start: at, end, quoted: true };
  }
  if (text[at + 1] === "'") {
    const prefixed = readPrefixedString(text, at, dialect);
    if (prefixed) return prefixed;
  }
  // A point right behind a name belongs to the name, whatever follows it.
  const behindName =
    character === '.' && previous?.end === at && (previous.kind === 'word' || previous.kind === 'name');
  const number = afterPoint || behindName ? null : readNumber(text, at, dialect);
  if (number) return { kind: number.kind, key: '', text: number.text, start: at, end: number.end, quoted: false };
  if (isNameStart(text, at, dialect)) return readWord(text, at, dialect, afterPoint);
  if (character === ':' && isNameStart(text, at + 1, 'sqlite')) {
    const word = readWord(text, at + 1, dialect, true);
    return { ...word, kind: 'parameter', start: at };
  }
  return readSymbol(text, at, dialect);
}

/** `x'4D'`, and on the MySQL family `b'101'` and `N'text'`. */
function readPrefixedString(text: string, at: number, dialect: Dialect): Token | null {
  const prefix = text[at]!.toLowerCase();
  if (prefix === 'x' || (prefix === 'b' && dialect !== 'sqlite')) {
    const bytes = readBytes(text, at, prefix);
    return { key: '', start: at, quoted: true, ...bytes };
  }
  if (prefix === 'n' && dialect !== 'sqlite') {
    const { value, end } = readString(text, at + 1, dialect);
    return { kind: 'string', key: '', text: value, start: at, end, quoted: false };
  }
  return null;
}

function readWord(text: string, at: number, dialect: Dialect, afterPoint: boolean): Token {
  let end = skipLetters(text, at);
  let ascii = true;
  while (end < text.length && isNameCharacter(text, end, dialect)) {
    ascii &&= text.charCodeAt(end) < 0x80;
    end++;
  }
  const word = text.slice(at, end);
  const astral = ascii ? null : /[\uD800-\uDFFF\uFEFF]/.exec(word);
  if (astral) refuseConstruct('an unquoted name outside the basic plane', at + astral.index);
  // MySQL looks no keyword up on either side of a point.
  const plain = dialect !== 'sqlite' && (afterPoint || (text[end] === '.' && isNameCharacter(text, end + 1, dialect)));
  const key = plain || !ascii ? '' : word.toUpperCase();
  return { kind: key === '' ? 'name' : 'word', key, text: word, start: at, end, quoted: false };
}

function readSymbol(text: string, at: number, dialect: Dialect): Token {
  const character = text[at]!;
  const symbol = SYMBOLS[dialect].get(character)?.find((candidate) => text.startsWith(candidate, at));
  if (symbol === undefined) {
    if (character === '@' || character === '$' || (character === ':' && text[at + 1] === '='))
      refuseConstruct('a variable', at);
    if (character === '?' || character === ':') refuseConstruct('a parameter', at);
    if (character < ' ' || character === '\x7f' || character === '\ufeff') refuseConstruct('a control character', at);
    refuseSyntax(at);
  }
  const end = at + symbol.length;
  // MySQL swallows the second of two comparison signs that make no operator (`=!`): nobody means that.
  if (COMPARISON_SIGNS.has(character) && COMPARISON_SIGNS.has(text[end]!)) refuseSyntax(end);
  return { kind: 'symbol', key: symbol, text: symbol, start: at, end, quoted: false };
}
