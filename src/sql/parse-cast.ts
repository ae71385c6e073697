import { findCharacterSet } from './character-sets.js';
import type { CastType, Expression } from './nodes.js';
import type { TokenStream } from './token-stream.js';

/** Types of the MySQL family by their first word, with what may follow: a length, a length and a scale. */
const FAMILY_TYPES: ReadonlyMap<string, { name: CastType['name']; numbers: 0 | 1 | 2 }> = new Map([
  ['BINARY', { name: 'BINARY', numbers: 1 }],
  ['CHAR', { name: 'CHAR', numbers: 1 }],
  ['CHARACTER', { name: 'CHAR', numbers: 1 }],
  ['DATE', { name: 'DATE', numbers: 0 }],
  ['DATETIME', { name: 'DATETIME', numbers: 1 }],
  ['TIME', { name: 'TIME', numbers: 1 }],
  ['DECIMAL', { name: 'DECIMAL', numbers: 2 }],
  ['DEC', { name: 'DECIMAL', numbers: 2 }],
  ['DOUBLE', { name: 'DOUBLE', numbers: 0 }],
  ['FLOAT', { name: 'FLOAT', numbers: 0 }],
  ['REAL', { name: 'REAL', numbers: 0 }],
  ['SIGNED', { name: 'SIGNED', numbers: 0 }],
  ['UNSIGNED', { name: 'UNSIGNED', numbers: 0 }],
  ['JSON', { name: 'JSON', numbers: 0 }],
  ['YEAR', { name: 'YEAR', numbers: 0 }],
  ['INTEGER', { name: 'SIGNED', numbers: 0 }],
  ['INT', { name: 'SIGNED', numbers: 0 }],
  ['VARCHAR', { name: 'CHAR', numbers: 1 }],
]);

/** Types that only one server's CAST takes. */
const ONLY_ON: ReadonlyMap<string, 'mysql' | 'mariadb'> = new Map([
  ['JSON', 'mysql'],
  ['YEAR', 'mysql'],
  ['REAL', 'mysql'],
  ['DEC', 'mariadb'],
  ['INTEGER', 'mariadb'],
  ['INT', 'mariadb'],
  ['VARCHAR', 'mariadb'],
]);

/** `CAST(x AS type)` */
export function readCast(stream: TokenStream): Expression {
  stream.expect('(');
  const operand = stream.grammar.expression(stream);
  stream.expect('AS');
  const type = stream.dialect === 'sqlite' ? readSqliteType(stream) : readFamilyType(stream, stream.dialect);
  stream.expect(')');
  return { kind: 'cast', operand, type };
}

/** `CONVERT(x USING set)` or `CONVERT(x, type)` */
export function readConvert(stream: TokenStream): Expression {
  stream.expect('(');
  const operand = stream.grammar.expression(stream);
  let expression: Expression;
  if (stream.accept('USING')) expression = { kind: 'transcode', operand, characterSet: readCharacterSet(stream) };
  else {
    stream.expect(',');
    const dialect = stream.dialect === 'mysql' ? 'mysql' : 'mariadb';
    expression = { kind: 'cast', operand, type: readFamilyType(stream, dialect) };
  }
  stream.expect(')');
  return expression;
}

function readCharacterSet(stream: TokenStream): string {
  const token = stream.next();
  const name = findCharacterSet(token.text);
  if (name === null) stream.unsupported('this character set', token);
  return name;
}

function readFamilyType(stream: TokenStream, dialect: 'mysql' | 'mariadb'): CastType {
  const token = stream.next();
  const type = FAMILY_TYPES.get(token.key);
  const only = ONLY_ON.get(token.key);
  if (type === undefined || (only !== undefined && only !== dialect)) stream.unsupported('this type', token);
  if (type.name === 'SIGNED' || type.name === 'UNSIGNED') {
    if (!stream.accept('INTEGER')) stream.accept('INT');
  }
  if (type.name === 'DOUBLE') stream.accept('PRECISION');
  const [length, scale] = readTypeNumbers(stream, type.numbers);
  let characterSet: string | null = null;
  if (type.name === 'CHAR' && (stream.acceptSequence('CHARACTER', 'SET') || stream.accept('CHARSET')))
    characterSet = readCharacterSet(stream);
  return { name: type.name, length, scale, characterSet };
}

/** A length, or a length and a scale, in parentheses; nulls where absent. */
export function readTypeNumbers(stream: TokenStream, most: 0 | 1 | 2): readonly [number | null, number | null] {
  if (most === 0 || !stream.accept('(')) return [null, null];
  const length = readTypeNumber(stream);
  const scale = most === 2 && stream.accept(',') ? readTypeNumber(stream) : null;
  stream.expect(')');
  return [length, scale];
}

function readTypeNumber(stream: TokenStream): number {
  const token = stream.next();
  if (token.kind !== 'integer' || token.text.length > 9) stream.unsupported('this length of a type', token);
  return Number(token.text);
}

/** SQLite's CAST knows affinities only: the type's words decide it (https://sqlite.org/datatype3.html, §3.1). */
function readSqliteType(stream: TokenStream): CastType {
  const words: string[] = [];
  while (stream.current.kind === 'word') words.push(stream.next().key);
  if (words.length === 0) stream.unsupported('this type');
  if (stream.accept('(')) {
    stream.list(() => readTypeNumber(stream));
    stream.expect(')');
  }
  return { name: findAffinity(words.join(' ')), length: null, scale: null, characterSet: null };
}

function findAffinity(type: string): CastType['name'] {
  if (type.includes('INT')) return 'INTEGER';
  if (/CHAR|CLOB|TEXT/.test(type)) return 'TEXT';
  if (type.includes('BLOB')) return 'BLOB';
  return /REAL|FLOA|DOUB/.test(type) ? 'REAL' : 'NUMERIC';
}
