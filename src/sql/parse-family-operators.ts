import { findCollation } from './character-sets.js';
import type { Binary, BinaryOperator, Expression, Quantified } from './nodes.js';
import { readUnit } from './parse-interval.js';
import type { TokenStream } from './token-stream.js';

/**
 * Operators of MySQL and MariaDB, level by level as their grammars (sql_yacc.yy) have them: expr, bool_pri, predicate,
 * bit_expr, simple_expr. The right sides of LIKE, IN, BETWEEN and REGEXP are narrower than their levels would say.
 * Where the two servers group a chain of predicates (`a LIKE b LIKE c`) each in its own way, it is refused.
 */

const LOGICAL: ReadonlyMap<string, readonly [BinaryOperator, number]> = new Map<
  string,
  readonly [BinaryOperator, number]
>([
  ['OR', ['OR', 1]],
  ['||', ['OR', 1]],
  ['XOR', ['XOR', 2]],
  ['AND', ['AND', 3]],
  ['&&', ['AND', 3]],
]);

const COMPARISONS: ReadonlyMap<string, BinaryOperator> = new Map<string, BinaryOperator>([
  ['=', '='],
  ['<=>', '<=>'],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

const ARITHMETIC: ReadonlyMap<string, readonly [BinaryOperator, number]> = new Map<
  string,
  readonly [BinaryOperator, number]
>([
  ['|', ['|', 1]],
  ['&', ['&', 2]],
  ['<<', ['<<', 3]],
  ['>>', ['>>', 3]],
  ['+', ['+', 4]],
  ['-', ['-', 4]],
  ['*', ['*', 5]],
  ['/', ['/', 5]],
  ['DIV', ['DIV', 5]],
  ['%', ['%', 5]],
  ['MOD', ['%', 5]],
  ['^', ['^', 6]],
]);

const PREFIXES = ['-', '+', '~', 'BINARY'] as const;
const PREDICATES: ReadonlySet<string> = new Set([
  'NOT',
  'IN',
  'BETWEEN',
  'LIKE',
  'REGEXP',
  'RLIKE',
  'MEMBER',
  'SOUNDS',
]);

export function readFamilyExpression(stream: TokenStream): Expression {
  return readLogical(stream, 1);
}

/** bit_expr */
export function readFamilyOperand(stream: TokenStream): Expression {
  return readArithmetic(stream, 1);
}

function readLogical(stream: TokenStream, lowest: number): Expression {
  let left = readNegation(stream);
  for (;;) {
    const found = LOGICAL.get(stream.current.key);
    if (found === undefined || found[1] < lowest) return left;
    stream.next();
    left = { kind: 'binary', operator: found[0], left, right: readLogical(stream, found[1] + 1) };
  }
}

/** NOT binds looser than comparisons, and stands only where a whole condition may. */
function readNegation(stream: TokenStream): Expression {
  if (!stream.atPrefix('NOT')) return readTest(stream);
  stream.enter();
  stream.next();
  const operand = readNegation(stream);
  stream.leave();
  return { kind: 'unary', operator: 'NOT', operand };
}

/** bool_pri: comparisons and IS, from left to right. */
function readTest(stream: TokenStream): Expression {
  let left = readPredicate(stream);
  for (;;) {
    const comparison = COMPARISONS.get(stream.current.key);
    if (comparison !== undefined) {
      stream.next();
      left = readComparison(stream, left, comparison);
    } else if (stream.accept('IS')) {
      const negated = stream.accept('NOT');
      const test = stream.next().key;
      if (test !== 'NULL' && test !== 'TRUE' && test !== 'FALSE' && test !== 'UNKNOWN') stream.fail();
      left = { kind: 'is', operand: left, test, negated };
      // On MySQL `IS TRUE` ends a condition: nothing compares with it unless in parentheses.
      const ended = stream.dialect === 'mysql' && test !== 'NULL';
      if (ended && (stream.at('IS') || COMPARISONS.get(stream.current.key) !== undefined)) stream.fail();
    } else return left;
  }
}

function readComparison(stream: TokenStream, operand: Expression, operator: BinaryOperator): Expression {
  const word = stream.current.key;
  if ((word === 'ANY' || word === 'SOME' || word === 'ALL') && stream.peek().key === '(') {
    if (operator === '<=>') stream.fail();
    stream.next();
    const query = stream.grammar.parenthesised(stream);
    if (query.kind !== 'query') stream.fail();
    const quantifier = word === 'ALL' ? 'ALL' : 'ANY';
    return { kind: 'quantified', operator: operator as Quantified['operator'], quantifier, operand, query };
  }
  return { kind: 'binary', operator, left: operand, right: readPredicate(stream) };
}

/** predicate: at most one of IN, BETWEEN, LIKE, REGEXP after an arithmetic operand. */
function readPredicate(stream: TokenStream): Expression {
  const operand = readArithmetic(stream, 1);
  const predicate = readPredicateAfter(stream, operand);
  if (predicate !== operand && PREDICATES.has(stream.current.key))
    stream.unsupported('a predicate of a predicate without parentheses');
  return predicate;
}

function readPredicateAfter(stream: TokenStream, operand: Expression): Expression {
  const word = stream.at('NOT') ? stream.peek().key : stream.current.key;
  if (word === 'NOT' || !PREDICATES.has(word)) return operand;
  if (word === 'MEMBER' || word === 'SOUNDS') {
    // Either may be an alias; the server takes it for the operator too.
    return stream.unsupported(word === 'MEMBER' ? 'MEMBER OF' : 'SOUNDS LIKE');
  }
  const negated = stream.accept('NOT');
  stream.next();
  switch (word) {
    case 'IN':
      return readMembership(stream, operand, negated);
    case 'BETWEEN': {
      const low = readArithmetic(stream, 1);
      stream.expect('AND');
      return { kind: 'between', negated, operand, low, high: readArithmetic(stream, 1) };
    }
    case 'LIKE': {
      // MySQL takes a simple expression here, MariaDB arithmetic: what MySQL refuses is then left over.
      const read = stream.dialect === 'mysql' ? readSimple : readFamilyOperand;
      const pattern = read(stream);
      const escaped = stream.accept('ESCAPE') ? read(stream) : null;
      return { kind: 'match', operator: 'LIKE', negated, operand, pattern, escape: escaped };
    }
    default:
      return { kind: 'match', operator: 'REGEXP', negated, operand, pattern: readArithmetic(stream, 1), escape: null };
  }
}

function readMembership(stream: TokenStream, operand: Expression, negated: boolean): Expression {
  if (!stream.at('(')) stream.fail();
  if (stream.atParenthesisedQuery()) {
    const first = stream.grammar.parenthesised(stream);
    if (first.kind === 'query') return { kind: 'in-query', negated, operand, query: first };
    return { kind: 'in-list', negated, operand, items: first.kind === 'row' ? first.items : [first] };
  }
  stream.enter();
  stream.next();
  const items = stream.list(() => stream.grammar.expression(stream));
  stream.expect(')');
  stream.leave();
  return { kind: 'in-list', negated, operand, items };
}

/** bit_expr */
function readArithmetic(stream: TokenStream, lowest: number): Expression {
  let left = readSimple(stream);
  for (;;) {
    const found = ARITHMETIC.get(stream.current.key);
    if (found === undefined || found[1] < lowest) return left;
    const [operator, level] = found;
    stream.next();
    const interval = level === 4 && stream.at('INTERVAL');
    left = {
      kind: 'binary',
      operator,
      left,
      right: interval ? readInterval(stream) : readArithmetic(stream, level + 1),
    };
  }
}

/** `INTERVAL n unit`, as the right side of + or -. */
function readInterval(stream: TokenStream): Expression {
  stream.enter();
  const start = stream.expect('INTERVAL');
  const value = stream.grammar.expression(stream);
  if (value.kind === 'row') stream.unsupported('the function INTERVAL()', start);
  const unit = readUnit(stream);
  stream.leave();
  return { kind: 'interval', value, unit };
}

/** simple_expr, with the prefixes, and COLLATE, which binds tighter than they do. */
function readSimple(stream: TokenStream): Expression {
  if (stream.injected === null) {
    const { key } = stream.current;
    const prefix = key === '!' ? 'NOT' : PREFIXES.find((candidate) => candidate === key);
    if (prefix !== undefined) {
      stream.enter();
      stream.next();
      const operand = readSimple(stream);
      stream.leave();
      return { kind: 'unary', operator: prefix, operand };
    }
    if (key === 'INTERVAL') return readLeadingInterval(stream);
  }
  let expression = stream.grammar.primary(stream);
  while (stream.accept('COLLATE')) {
    const token = stream.next();
    const isName = token.kind === 'word' || token.kind === 'name' || token.kind === 'string';
    const collation = isName ? findCollation(token.text, stream.dialect) : null;
    if (collation === null) stream.unsupported('this collation', token);
    expression = { kind: 'collate', operand: expression, collation };
  }
  return expression;
}

/** `INTERVAL 1 DAY + x`: x is everything up to the next AND, XOR or OR, and the sum stands as one operand. */
function readLeadingInterval(stream: TokenStream): Expression {
  const right = readInterval(stream);
  stream.expect('+');
  stream.enter();
  const left = readNegation(stream);
  stream.leave();
  return { kind: 'binary', operator: '+', left, right } satisfies Binary;
}
