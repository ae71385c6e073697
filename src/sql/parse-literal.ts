import type { Expression, TemporalLiteral } from './nodes.js';
import { isTemporalText } from './temporal-text.js';
import type { TokenStream } from './token-stream.js';

/** Introducers of the MySQL family whose strings are Unicode; `_utf8` holds three bytes at most. */
const INTRODUCERS: ReadonlySet<string> = new Set(['_UTF8MB4', '_UTF8', '_UTF8MB3']);

/** Reads a literal or a named parameter, or finds none here. */
export function readLiteral(stream: TokenStream): Expression | null {
  const token = stream.current;
  switch (token.kind) {
    case 'integer':
    case 'decimal':
    case 'float':
      stream.next();
      return { kind: 'number', form: token.kind, text: token.text };
    case 'string':
      return { kind: 'string', value: readText(stream) };
    case 'hex':
    case 'bit':
      stream.next();
      return readBytesLiteral(stream, token.kind, token.text, token.quoted);
    case 'parameter':
      if (!stream.allowNamedParameters) stream.unsupported('a parameter');
      stream.next();
      return { kind: 'parameter', origin: 'named', name: token.text, value: null };
    case 'word':
      return readWordLiteral(stream);
    default:
      return null;
  }
}

/** One string token, and on the MySQL family those that follow it. */
function readText(stream: TokenStream): string {
  let text = stream.next().text;
  while (stream.dialect !== 'sqlite' && stream.current.kind === 'string') text += stream.next().text;
  return text;
}

/** MariaDB reads `0x31` as a number where one is wanted, and `x'31'` never. */
function readBytesLiteral(stream: TokenStream, form: 'hex' | 'bit', digits: string, quoted: boolean): Expression {
  const bytes: Expression = { kind: 'bytes', form, digits };
  if (stream.dialect !== 'mariadb' || form !== 'hex' || !quoted || digits === '') return bytes;
  return { kind: 'cast', operand: bytes, type: { name: 'BINARY', length: null, scale: null, characterSet: null } };
}

function readWordLiteral(stream: TokenStream): Expression | null {
  const { key } = stream.current;
  switch (key) {
    case 'NULL':
      stream.next();
      return { kind: 'null' };
    case 'TRUE':
    case 'FALSE':
      if (stream.peek().key === '.' || stream.peek().key === '(') return null;
      stream.next();
      return { kind: 'boolean', value: key === 'TRUE' };
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      return stream.dialect !== 'sqlite' && stream.peek().kind === 'string' ? readTemporal(stream, key) : null;
    default:
      return key.startsWith('_') && stream.dialect !== 'sqlite' ? readIntroduced(stream) : null;
  }
}

function readTemporal(stream: TokenStream, type: TemporalLiteral['type']): TemporalLiteral {
  stream.next();
  const token = stream.next();
  if (!isTemporalText(type, token.text)) stream.unsupported(`this form of ${type} literal`, token);
  return { kind: 'temporal', type, value: token.text };
}

/** `_utf8mb4'…'`, or the same text as bytes, `_utf8mb4 0x…`, as the printer writes it. */
function readIntroduced(stream: TokenStream): Expression | null {
  const { key } = stream.current;
  const { kind, text } = stream.peek();
  if (kind !== 'string' && kind !== 'hex' && kind !== 'bit') return null;
  if (!INTRODUCERS.has(key) || kind === 'bit') stream.unsupported('this character set introducer');
  stream.next();
  if (kind === 'string') return { kind: 'string', value: readText(stream) };
  const token = stream.next();
  try {
    return {
      kind: 'string',
      value: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, 'hex')),
    };
  } catch {
    return stream.unsupported('bytes that are no text', token);
  }
}
