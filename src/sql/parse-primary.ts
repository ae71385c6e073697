import type { Case, Expression, Query } from './nodes.js';
import { readLiteral } from './parse-literal.js';
import { CALLABLE_WORDS } from './reserved-words.js';
import type { TokenStream } from './token-stream.js';

/** Keywords that are a call without parentheses; on the MySQL family they may take a precision in parentheses. */
const BARE_CALLS: ReadonlySet<string> = new Set([
  'CURRENT_DATE',
  'CURRENT_TIME',
  'CURRENT_TIMESTAMP',
  'CURRENT_USER',
  'CURRENT_ROLE',
  'LOCALTIME',
  'LOCALTIMESTAMP',
  'UTC_DATE',
  'UTC_TIME',
  'UTC_TIMESTAMP',
]);
const SQLITE_BARE_CALLS: ReadonlySet<string> = new Set(['CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP']);

/** Reads what stands alone between operators: a literal, a column, a call, CASE, EXISTS, or something in parentheses. */
export function readPrimary(stream: TokenStream): Expression {
  if (stream.injected !== null) {
    const { injected } = stream;
    stream.injected = null;
    return injected;
  }
  const literal = readLiteral(stream);
  if (literal !== null) return literal;
  const token = stream.current;
  switch (token.key) {
    case '(': {
      const inner = readParenthesised(stream);
      return inner.kind === 'query' ? { kind: 'scalar-query', query: inner } : inner;
    }
    case 'CASE':
      return readCase(stream);
    case 'EXISTS':
      return readExists(stream);
    case 'ROW':
      if (stream.dialect !== 'sqlite' && stream.peek().key === '(') return readRow(stream);
      break;
    case 'MATCH':
      if (stream.dialect !== 'sqlite') stream.unsupported('MATCH … AGAINST');
      break;
    case 'DEFAULT':
    case 'VALUES':
      stream.unsupported(token.key);
  }
  const bareCalls = stream.dialect === 'sqlite' ? SQLITE_BARE_CALLS : BARE_CALLS;
  if (bareCalls.has(token.key)) {
    const call = stream.next();
    if (stream.dialect === 'sqlite' && stream.at('(')) stream.fail();
    return stream.grammar.call(stream, call);
  }
  const callable =
    stream.atName() || CALLABLE_WORDS[stream.dialect].has(token.key) || token.key === 'CAST' || token.key === 'CONVERT';
  if (callable && stream.peek().key === '(') {
    if (token.kind === 'name' && token.quoted && stream.dialect !== 'sqlite')
      stream.unsupported('a quoted function name');
    return stream.grammar.call(stream, stream.next());
  }
  return readColumn(stream);
}

function readColumn(stream: TokenStream): Expression {
  const at = stream.current.start;
  const parts = [stream.name()];
  while (stream.at('.')) {
    if (parts.length === 3) stream.fail();
    stream.next();
    parts.push(stream.name());
  }
  if (stream.at('(') && parts.length > 1) stream.unsupported('a qualified function name');
  const name = parts.pop()!;
  const column: Expression = { kind: 'column', qualifier: parts, name, at };
  const arrow = stream.current.key;
  if (stream.dialect !== 'mysql' || (arrow !== '->' && arrow !== '->>')) return column;
  // MySQL's grammar has the arrows between a column and a string literal, and nowhere else.
  stream.next();
  const path = stream.current.kind === 'string' ? readLiteral(stream) : null;
  if (path === null) stream.fail();
  return { kind: 'binary', operator: arrow, left: column, right: path };
}

/**
 * Reads `( … )`.
 *
 * @returns a query where the parentheses hold nothing else, also through several of them on the MySQL family; else an
 *   expression, the parentheses of a single one dropped since the tree holds the grouping
 */
export function readParenthesised(stream: TokenStream): Expression | Query {
  stream.enter();
  stream.expect('(');
  const inner = readInside(stream);
  stream.expect(')');
  stream.leave();
  return inner;
}

function readInside(stream: TokenStream): Expression | Query {
  if (stream.atQuery()) return stream.grammar.query(stream);
  if (stream.at('(') && stream.atParenthesisedQuery()) {
    const first = readParenthesised(stream);
    if (first.kind === 'query') {
      if (stream.dialect !== 'sqlite' && continuesQuery(stream)) return stream.grammar.queryFrom(stream, first);
      const scalar: Expression = { kind: 'scalar-query', query: first };
      if (stream.at(')')) return stream.dialect === 'sqlite' ? scalar : first;
      stream.injected = scalar;
    } else stream.injected = first;
  }
  const items = stream.list(() => stream.grammar.expression(stream));
  return items.length === 1 ? items[0]! : { kind: 'row', items };
}

function continuesQuery(stream: TokenStream): boolean {
  return ['UNION', 'INTERSECT', 'EXCEPT', 'ORDER', 'LIMIT'].includes(stream.current.key);
}

function readRow(stream: TokenStream): Expression {
  const start = stream.expect('ROW');
  const inner = readParenthesised(stream);
  if (inner.kind !== 'row') stream.unsupported('ROW of one value', start);
  return inner;
}

function readExists(stream: TokenStream): Expression {
  stream.expect('EXISTS');
  if (!stream.at('(')) stream.fail();
  const query = readParenthesised(stream);
  if (query.kind !== 'query') stream.fail();
  return { kind: 'exists', query };
}

function readCase(stream: TokenStream): Case {
  stream.enter();
  stream.expect('CASE');
  const operand = stream.at('WHEN') ? null : stream.grammar.expression(stream);
  const branches: Case['branches'][number][] = [];
  while (stream.accept('WHEN')) {
    const when = stream.grammar.expression(stream);
    stream.expect('THEN');
    // biome-ignore lint/suspicious/noThenProperty: the node's own word; nobody awaits a branch.
    branches.push({ when, then: stream.grammar.expression(stream) });
  }
  if (branches.length === 0) stream.fail();
  const otherwise = stream.accept('ELSE') ? stream.grammar.expression(stream) : null;
  stream.expect('END');
  stream.leave();
  return { kind: 'case', operand, branches, otherwise };
}
