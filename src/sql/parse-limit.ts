import type { Limit, LimitValue } from './nodes.js';
import type { TokenStream } from './token-stream.js';

/**
 * Reads `LIMIT n [OFFSET m]` or `LIMIT m, n`, or finds none here. Both are integer literals or named parameters; SQLite's
 * other expressions are refused.
 */
export function readLimit(stream: TokenStream): Limit | null {
  if (!stream.accept('LIMIT')) return null;
  const first = readValue(stream);
  if (stream.accept(',')) return { count: readValue(stream), offset: first };
  const limit = { count: first, offset: stream.accept('OFFSET') ? readValue(stream) : null };
  if (stream.dialect === 'mariadb' && stream.at('ROWS')) stream.unsupported('LIMIT … ROWS EXAMINED');
  return limit;
}

function readValue(stream: TokenStream): LimitValue {
  const negative = stream.dialect === 'sqlite' && stream.accept('-');
  const token = stream.next();
  if (token.kind === 'integer') {
    const value = BigInt(token.text);
    if (value >= 2n ** 63n && !(stream.dialect !== 'sqlite' && value < 2n ** 64n))
      stream.unsupported('a LIMIT out of range', token);
    return { kind: 'integer', value: negative ? -value : value };
  }
  if (token.kind === 'parameter' && !negative && stream.allowNamedParameters)
    return { kind: 'parameter', origin: 'named', name: token.text, value: null };
  return stream.unsupported('LIMIT with anything but a whole number', token);
}
