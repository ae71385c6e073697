import type { Dialect } from '../domain/dialect.js';

/** One token of printed text. `text` is exactly what stands there. */
export interface PrintedToken {
  readonly kind: 'quoted' | 'word' | 'number' | 'hex' | 'path' | 'empty' | 'parameter' | 'sign';
  readonly text: string;
  /** The identifier between the quotes, unescaped; empty for other kinds. */
  readonly name: string;
  /** True where no space stands before it. */
  readonly glued: boolean;
}

const SIGNS = [
  '<=>',
  '->>',
  '<<',
  '>>',
  '<=',
  '>=',
  '<>',
  '->',
  '||',
  '(',
  ')',
  ',',
  '.',
  '=',
  '<',
  '>',
  '+',
  '-',
  '*',
  '/',
  '%',
  '&',
  '|',
  '^',
  '~',
];

/** Signs by their first character, longest first. */
const SIGNS_BY_FIRST: ReadonlyMap<string, readonly string[]> = new Map(
  SIGNS.map((sign) => [sign[0] as string, SIGNS.filter((other) => other[0] === sign[0])]),
);

const QUOTE: Readonly<Record<Dialect, string>> = { mysql: '`', mariadb: '`', sqlite: '"' };
const QUOTED: Readonly<Record<Dialect, RegExp>> = {
  mysql: /`(?:[^`\p{Cc}]|``)+`/uy,
  mariadb: /`(?:[^`\p{Cc}]|``)+`/uy,
  sqlite: /"(?:[^"\p{Cc}]|"")+"/uy,
};
const HEX = /(?:0x[0-9A-Fa-f]+|0b[01]+)(?![0-9A-Za-z_])/y;
const NUMBER = /\d+(?:\.\d*)?(?:e[+-]?\d+)?(?![0-9A-Za-z_.])/y;
/** A JSON path between quotes: nothing in it can end the quotes early. */
const PATH = /'\$(?:\.[A-Za-z_][A-Za-z0-9_]*|\.\*|\[(?:\d+|\*)\])*'/y;
/** The empty string, and no quote behind it. */
const EMPTY = /''(?!')/y;

function readAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isLetter = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;

const isWordCode = (code: number): boolean => isLetter(code) || isDigit(code);

/** Index behind the word characters from `at` on. */
function skipWord(text: string, at: number): number {
  let end = at;
  while (isWordCode(text.charCodeAt(end))) end += 1;
  return end;
}

function readQuoted(text: string, at: number, glued: boolean, dialect: Dialect): PrintedToken | null {
  const quote = QUOTE[dialect];
  // Nearly every name is of word characters, and ends at the next quote.
  const end = skipWord(text, at + 1);
  if (end > at + 1 && text[end] === quote && text[end + 1] !== quote)
    return { kind: 'quoted', text: text.slice(at, end + 1), name: text.slice(at + 1, end), glued };
  const found = readAt(QUOTED[dialect], text, at);
  if (found === null) return null;
  return { kind: 'quoted', text: found, name: found.slice(1, -1).replaceAll(quote + quote, quote), glued };
}

/** Reads what begins neither a word nor a name. */
function readOther(text: string, at: number, glued: boolean, dialect: Dialect): PrintedToken | null {
  const make = (kind: PrintedToken['kind'], found: string | null): PrintedToken | null =>
    found === null ? null : { kind, text: found, name: '', glued };
  const first = text[at] as string;
  if (first === '?') return make('parameter', '?');
  if (first === "'" && dialect === 'sqlite') return null;
  if (first === "'") return make('path', readAt(PATH, text, at)) ?? make('empty', readAt(EMPTY, text, at));
  if (isDigit(text.charCodeAt(at)))
    return make('hex', readAt(HEX, text, at)) ?? make('number', readAt(NUMBER, text, at));
  return make('sign', SIGNS_BY_FIRST.get(first)?.find((sign) => text.startsWith(sign, at)) ?? null);
}

function readToken(text: string, at: number, dialect: Dialect): PrintedToken | null {
  const glued = at > 0 && text[at - 1] !== ' ';
  if (isLetter(text.charCodeAt(at))) return { kind: 'word', text: text.slice(at, skipWord(text, at)), name: '', glued };
  if (text[at] === QUOTE[dialect]) return readQuoted(text, at, glued, dialect);
  // The most frequent signs, none of which begins another one.
  switch (text[at]) {
    case '(':
    case ')':
    case ',':
    case '.':
      return { kind: 'sign', text: text[at] as string, name: '', glued };
    default:
      return readOther(text, at, glued, dialect);
  }
}

/**
 * Splits text that the printers made into tokens. The alphabet is closed: quoted identifiers, words, numbers, hexadecimal,
 * `?`, JSON paths of a closed form, an empty string, and fixed signs between single spaces. Any other string quote, a comment, `;`,
 * `@`, a backslash, a control character, or a character outside ASCII that is not inside a quoted identifier, has no token.
 *
 * @returns null where anything stands that has none
 * @remarks Shares no code with the lexer of `sql/`: it is there to catch that code's faults and the printers'.
 */
export function readPrinted(text: string, dialect: Dialect): readonly PrintedToken[] | null {
  const tokens: PrintedToken[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === ' ') {
      at += 1;
      continue;
    }
    const token = readToken(text, at, dialect);
    if (!token) return null;
    // `--`, `/*` and `#` open comments whatever stands beside them; two signs of ours never touch to make one.
    if (token.kind === 'sign' && (text.startsWith('--', at) || text.startsWith('/*', at))) return null;
    at += token.text.length;
    tokens.push(token);
  }
  return tokens;
}
