import { findCollation } from './character-sets.js';
import type { BinaryOperator, Expression } from './nodes.js';
import type { TokenStream } from './token-stream.js';

/** Operators of SQLite, by the precedence of its parse.y: one table, climbed; all but ESCAPE group from the left. */

const OR = 1;
const AND = 2;
const NOT = 3;
const EQUALITY = 4;
const COMPARISON = 5;
const COLLATE = 11;
const PREFIX = 12;

const BINARIES: ReadonlyMap<string, readonly [BinaryOperator, number]> = new Map([
  ['OR', ['OR', OR]],
  ['AND', ['AND', AND]],
  ['=', ['=', EQUALITY]],
  ['==', ['=', EQUALITY]],
  ['<>', ['<>', EQUALITY]],
  ['!=', ['<>', EQUALITY]],
  ['<', ['<', COMPARISON]],
  ['<=', ['<=', COMPARISON]],
  ['>', ['>', COMPARISON]],
  ['>=', ['>=', COMPARISON]],
  ['&', ['&', 7]],
  ['|', ['|', 7]],
  ['<<', ['<<', 7]],
  ['>>', ['>>', 7]],
  ['+', ['+', 8]],
  ['-', ['-', 8]],
  ['*', ['*', 9]],
  ['/', ['/', 9]],
  ['%', ['%', 9]],
  ['||', ['||', 10]],
  ['->', ['->', 10]],
  ['->>', ['->>', 10]],
]);

/** Operators of the level of equality that are more than two operands with a sign between. */
const TESTS: ReadonlySet<string> = new Set([
  'IS',
  'IN',
  'LIKE',
  'GLOB',
  'REGEXP',
  'MATCH',
  'BETWEEN',
  'ISNULL',
  'NOTNULL',
  'NOT',
]);

export function readSqliteExpression(stream: TokenStream): Expression {
  return read(stream, OR);
}

/** Everything but AND, OR and a leading NOT. */
export function readSqliteOperand(stream: TokenStream): Expression {
  return read(stream, EQUALITY);
}

function read(stream: TokenStream, lowest: number): Expression {
  let left = readPrefix(stream);
  for (;;) {
    const { key } = stream.current;
    const binary = BINARIES.get(key);
    if (binary) {
      if (binary[1] < lowest) return left;
      stream.next();
      left = { kind: 'binary', operator: binary[0], left, right: read(stream, binary[1] + 1) };
    } else if (key === 'COLLATE') {
      if (COLLATE < lowest) return left;
      stream.next();
      const collation = findCollation(stream.current.text, 'sqlite');
      if (collation === null) stream.unsupported('this collation');
      stream.next();
      left = { kind: 'collate', operand: left, collation };
    } else if (TESTS.has(key) && EQUALITY >= lowest) left = readTest(stream, left);
    else return left;
  }
}

function readPrefix(stream: TokenStream): Expression {
  if (stream.injected !== null) return stream.grammar.primary(stream);
  const { key } = stream.current;
  if (key !== 'NOT' && key !== '-' && key !== '+' && key !== '~') return stream.grammar.primary(stream);
  stream.enter();
  stream.next();
  const operand = read(stream, key === 'NOT' ? NOT : PREFIX);
  stream.leave();
  return { kind: 'unary', operator: key, operand };
}

function readTest(stream: TokenStream, operand: Expression): Expression {
  const negated = stream.accept('NOT');
  const { key } = stream.next();
  switch (key) {
    case 'ISNULL':
    case 'NOTNULL':
      if (negated) stream.fail();
      return { kind: 'is', operand, test: 'NULL', negated: key === 'NOTNULL' };
    case 'NULL':
      if (!negated) stream.fail();
      return { kind: 'is', operand, test: 'NULL', negated: true };
    case 'IS':
      if (negated) stream.fail();
      return readIs(stream, operand);
    case 'BETWEEN': {
      const low = read(stream, EQUALITY);
      stream.expect('AND');
      return { kind: 'between', negated, operand, low, high: read(stream, COMPARISON) };
    }
    case 'LIKE':
    case 'GLOB':
    case 'REGEXP': {
      const pattern = read(stream, COMPARISON);
      if (key !== 'LIKE' && stream.at('ESCAPE')) stream.unsupported(`${key} with ESCAPE`);
      const escaped = stream.accept('ESCAPE') ? read(stream, COMPARISON) : null;
      return { kind: 'match', operator: key, negated, operand, pattern, escape: escaped };
    }
    case 'IN':
      return readMembership(stream, operand, negated);
    case 'MATCH':
      return stream.unsupported('MATCH');
    default:
      return stream.fail();
  }
}

/** `IS [NOT] x`, `IS [NOT] DISTINCT FROM x`; a literal NULL, TRUE or FALSE makes it a test. */
function readIs(stream: TokenStream, operand: Expression): Expression {
  let negated = stream.accept('NOT');
  if (stream.acceptSequence('DISTINCT', 'FROM')) negated = !negated;
  const right = read(stream, COMPARISON);
  if (right.kind === 'null') return { kind: 'is', operand, test: 'NULL', negated };
  if (right.kind === 'boolean') return { kind: 'is', operand, test: right.value ? 'TRUE' : 'FALSE', negated };
  return { kind: 'binary', operator: negated ? 'IS NOT' : 'IS', left: operand, right };
}

function readMembership(stream: TokenStream, operand: Expression, negated: boolean): Expression {
  if (!stream.at('(')) stream.unsupported('IN with a table name');
  stream.enter();
  stream.next();
  let expression: Expression;
  if (stream.atQuery()) expression = { kind: 'in-query', negated, operand, query: stream.grammar.query(stream) };
  else {
    const items = stream.at(')') ? [] : stream.list(() => stream.grammar.expression(stream));
    expression = { kind: 'in-list', negated, operand, items };
  }
  stream.expect(')');
  stream.leave();
  return expression;
}
