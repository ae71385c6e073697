import type { Dialect } from '../domain/dialect.js';
import { refuseConstruct, refuseSyntax } from './refusals.js';

type NumberToken = { kind: 'integer' | 'decimal' | 'float' | 'hex' | 'bit'; text: string; end: number };

/** Beyond this an exponent means nothing to any server; canonical text stays short. */
const LONGEST_EXPONENT = 4;

/** Whether a UTF-16 unit is one of A–Z, a–z and `_`. */
export function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

/** The first place from `at` on where no letter of A–Z, a–z and `_` stands. */
export function skipLetters(text: string, at: number): number {
  let end = at;
  while (isLetter(text.charCodeAt(end))) end++;
  return end;
}

/** True where an unquoted name may begin. On the MySQL family a digit may begin one; numbers are tried first. */
export function isNameStart(text: string, at: number, dialect: Dialect): boolean {
  const code = text.charCodeAt(at);
  if (code >= 0x80) return code !== 0xfeff;
  if (isLetter(code)) return true;
  return dialect !== 'sqlite' && (code === 0x24 || (code >= 0x30 && code <= 0x39));
}

/** True for letters, digits, `_`, `$` and everything from U+0080 on, as all three servers have it. */
export function isNameCharacter(text: string, at: number, dialect: Dialect): boolean {
  const code = text.charCodeAt(at);
  return code === 0x24 || (code >= 0x30 && code <= 0x39) || isNameStart(text, at, dialect);
}

/**
 * Reads a numeral at `at`, or finds none there.
 *
 * @returns canonical text: no leading zeros but one before a point, `e` lower case without `+`; on the MySQL family a
 *   decimal keeps its digits (`1.` and `1.50`), since they make its scale
 * @throws SwaliError `SEAL_UNSUPPORTED` where a name follows without space: servers split such text each in their own way
 */
export function readNumber(text: string, at: number, dialect: Dialect): NumberToken | null {
  const code = text.charCodeAt(at);
  const digitNext = code === 0x2e && isDigit(text, at + 1);
  if (!isDigit(text, at) && !digitNext) return null;
  const plain = code === 0x30 || digitNext ? null : readPlainInteger(text, at, dialect);
  if (plain !== null) return plain;
  if (code === 0x30 && /[xXbB]/.test(text[at + 1] ?? '')) {
    const based = readBasedNumber(text, at, dialect);
    if (based) return based;
  }
  const match = matchNumeral(text, at, dialect);
  const end = at + match[0].length;
  if (isNameCharacter(text, end, dialect) || (text[end] === '.' && match[2] !== undefined)) {
    // `1a` is a name on MySQL, as long as its digits are followed by no point.
    if (dialect !== 'sqlite' && match[2] === undefined && match[3] === undefined && text[end] !== '.') return null;
    refuseConstruct('a number that runs into a name', at);
  }
  return { ...canonicalise(match, at, dialect), end };
}

/** Most numerals: digits, the first no zero, and nothing of a longer one behind them. Null for the others. */
function readPlainInteger(text: string, at: number, dialect: Dialect): NumberToken | null {
  let end = at + 1;
  while (isDigit(text, end)) end++;
  if (text[end] === '.' || isNameCharacter(text, end, dialect)) return null;
  return { kind: 'integer', text: text.slice(at, end), end };
}

/** Groups: 1 digits before the point, 2 the point and digits behind it, 3 the exponent. */
function matchNumeral(text: string, at: number, dialect: Dialect): RegExpExecArray {
  const numeral =
    dialect === 'sqlite'
      ? /(\d+(?:_\d+)*)?(\.(?:\d+(?:_\d+)*)?)?([eE][+-]?\d+(?:_\d+)*)?/y
      : /(\d+)?(\.\d*)?([eE][+-]?\d+)?/y;
  numeral.lastIndex = at;
  return numeral.exec(text)!;
}

function canonicalise(match: RegExpExecArray, at: number, dialect: Dialect): Omit<NumberToken, 'end'> {
  const [whole, point, power] = [match[1], match[2], match[3]].map((part) => part?.replaceAll('_', ''));
  const integer = (whole ?? '').replace(/^0+(?=\d)/, '') || '0';
  if (point === undefined && power === undefined) return { kind: 'integer', text: integer };
  const fraction = point === undefined || (point === '.' && (dialect === 'sqlite' || power !== undefined)) ? '' : point;
  if (power === undefined) return { kind: 'decimal', text: integer + (fraction === '' ? '.0' : fraction) };
  const exponent = /[eE]([+-]?)0*(\d+)/.exec(power)!;
  if (exponent[2]!.length > LONGEST_EXPONENT) refuseConstruct('a number out of range', at);
  return { kind: 'float', text: `${integer}${fraction}e${exponent[1] === '-' ? '-' : ''}${exponent[2]}` };
}

/** `0x4D` and `0b101`: bytes on the MySQL family (lower case prefix only), an integer on SQLite (hexadecimal only). */
function readBasedNumber(text: string, at: number, dialect: Dialect): NumberToken | null {
  const prefix = text[at + 1]!;
  const digits = /[0-9A-Fa-f]+/y;
  digits.lastIndex = at + 2;
  const found = (prefix === 'b' ? /^[01]+/.exec(text.slice(at + 2, at + 20000)) : digits.exec(text))?.[0] ?? '';
  const end = at + 2 + found.length;
  const whole = found !== '' && !isNameCharacter(text, end, dialect);
  if (dialect === 'sqlite') {
    if (prefix.toLowerCase() !== 'x') return null;
    const value = whole && found.replace(/^0+/, '').length <= 16 ? BigInt(`0x${found}`) : -1n;
    // From 2^63 on the server reads a negative number; there is no literal for that.
    if (value < 0n || value >= 2n ** 63n) refuseConstruct('a hexadecimal number out of range', at);
    return { kind: 'integer', text: value.toString(), end };
  }
  if (!whole || prefix === 'X' || prefix === 'B') refuseConstruct('a number that runs into a name', at);
  return { ...bytesToken(prefix === 'x' ? 'hex' : 'bit', found), end };
}

/**
 * Reads `x'4D'` or `b'101'`, which begins at `at` with its prefix.
 *
 * @throws SwaliError `SEAL_SYNTAX` where it does not end, holds other characters, or an odd number of hexadecimal digits
 */
export function readBytes(text: string, at: number, prefix: 'x' | 'b'): NumberToken {
  const end = text.indexOf("'", at + 2);
  const digits = end < 0 ? null : text.slice(at + 2, end);
  const shape = prefix === 'x' ? /^(?:[0-9A-Fa-f]{2})*$/ : /^[01]*$/;
  if (digits === null || !shape.test(digits)) refuseSyntax(at);
  return { ...bytesToken(prefix === 'x' ? 'hex' : 'bit', digits), end: end + 1 };
}

function bytesToken(kind: 'hex' | 'bit', digits: string): Omit<NumberToken, 'end'> {
  if (kind === 'bit') return { kind, text: digits };
  return { kind, text: (digits.length % 2 === 0 ? digits : `0${digits}`).toUpperCase() };
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}
