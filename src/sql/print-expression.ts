import type { Binary, Expression, ExpressionKind, PatternMatch, Trim, Unary } from './nodes.js';
import { printCall } from './print-call.js';
import type { PrintContext } from './print-context.js';
import { binaryLevels, FAMILY_LEVELS as F, SQLITE_LEVELS as S } from './print-level.js';
import { printBytes, printCastType, printNumber, printParameter, printString, printTemporal } from './print-literal.js';

type PrinterOf<K extends ExpressionKind> = (print: PrintContext, node: Extract<Expression, { kind: K }>) => string;

/** One printer per kind: a kind without one does not compile. Each prints its parts in the order of the text. */
const PRINTERS: { readonly [K in ExpressionKind]: PrinterOf<K> } = {
  number: printNumber,
  string: (print, { value }) => printString(print, value),
  bytes: printBytes,
  temporal: printTemporal,
  boolean: (_, { value }) => (value ? 'TRUE' : 'FALSE'),
  null: () => 'NULL',
  parameter: printParameter,
  column: (print, { qualifier, name }) =>
    qualifier.length === 0 ? print.name(name) : `${print.path(qualifier)}.${print.name(name)}`,
  output: (print, { name }) => print.name(name),
  unary: printUnary,
  binary: printBinary,
  is: (print, { operand, test, negated }) => {
    if (print.sqlite && test === 'UNKNOWN') return print.unsupported('IS UNKNOWN');
    return `${print.expression(operand, testOperand(print))} IS ${negated ? 'NOT ' : ''}${test}`;
  },
  match: printMatch,
  between: (print, { operand, negated, low, high }) => {
    const lowest = predicateOperand(print);
    const [value, from, to] = [operand, low, high].map((part) => print.expression(part, lowest));
    return `${value}${not(negated)} BETWEEN ${from} AND ${to}`;
  },
  'in-list': (print, { operand, negated, items }) => {
    if (items.length === 0 && !print.sqlite) print.unsupported('an empty IN list');
    return `${print.expression(operand, predicateOperand(print))}${not(negated)} IN (${printItems(print, items)})`;
  },
  'in-query': (print, { operand, negated, query }) =>
    `${print.expression(operand, predicateOperand(print))}${not(negated)} IN (${print.query(query)})`,
  exists: (print, { query }) => `EXISTS (${print.query(query)})`,
  quantified: (print, { operator, quantifier, operand, query }) => {
    if (print.sqlite) print.unsupported(quantifier);
    return `${print.expression(operand, F.predicate)} ${operator} ${quantifier} (${print.query(query)})`;
  },
  'scalar-query': (print, { query }) => `(${print.query(query)})`,
  row: (print, { items }) => `(${print.expressions(items)})`,
  case: (print, { operand, branches, otherwise }) => {
    const head = operand === null ? 'CASE' : `CASE ${print.expression(operand)}`;
    const arms = branches.map(({ when, then }) => ` WHEN ${print.expression(when)} THEN ${print.expression(then)}`);
    return `${head}${arms.join('')}${otherwise === null ? '' : ` ELSE ${print.expression(otherwise)}`} END`;
  },
  cast: (print, { operand, type }) => `CAST(${print.expression(operand)} AS ${printCastType(print, type)})`,
  transcode: (print, { operand, characterSet }) => {
    if (print.sqlite) print.unsupported('CONVERT');
    return `CONVERT(${print.expression(operand)} USING ${print.shaped(characterSet, /^[a-z0-9]+$/)})`;
  },
  collate: (print, { operand, collation }) =>
    `${print.expression(operand, print.sqlite ? S.collate : F.collate)} COLLATE ${print.shaped(collation, /^[A-Za-z0-9_]+$/)}`,
  interval: (print, { value, unit }) => {
    if (print.sqlite) print.unsupported('INTERVAL');
    return `INTERVAL ${print.expression(value, F.arithmetic)} ${unit}`;
  },
  extract: (print, { unit, operand }) => {
    if (print.sqlite) print.unsupported('EXTRACT');
    return `EXTRACT(${unit} FROM ${print.expression(operand)})`;
  },
  trim: printTrim,
  'timestamp-arithmetic': (print, { name, unit, left, right }) => {
    if (print.sqlite) print.unsupported(name);
    return `${name}(${unit}, ${print.expression(left)}, ${print.expression(right)})`;
  },
  call: printCall,
};

/** Prints one expression without parentheses of its own. */
export function printExpressionNode(print: PrintContext, expression: Expression): string {
  return (PRINTERS[expression.kind] as (print: PrintContext, node: Expression) => string)(print, expression);
}

function not(negated: boolean): string {
  return negated ? ' NOT' : '';
}

function predicateOperand(print: PrintContext): number {
  return print.sqlite ? S.comparison : F.arithmetic;
}

function testOperand(print: PrintContext): number {
  return print.sqlite ? S.comparison : F.predicate;
}

/** MySQL reads `IN ((SELECT …))` as IN with a subquery; a lone scalar subquery is kept a value by an operator around it. */
function printItems(print: PrintContext, items: readonly Expression[]): string {
  const [only] = items;
  if (items.length === 1 && only?.kind === 'scalar-query' && !print.sqlite)
    return print.unsupported('IN with one scalar subquery');
  return print.expressions(items);
}

function printUnary(print: PrintContext, { operator, operand }: Unary): string {
  if (operator === 'NOT') return `NOT ${print.expression(operand, print.sqlite ? S.not : F.not)}`;
  if (operator === 'BINARY') {
    if (print.sqlite) print.unsupported('BINARY');
    return `BINARY ${print.expression(operand, F.prefix)}`;
  }
  // Two signs in a row could begin a comment.
  const signed = operand.kind === 'unary' && operand.operator !== 'NOT';
  const text = print.expression(operand, signed ? Number.POSITIVE_INFINITY : print.sqlite ? S.prefix : F.prefix);
  return operator + text;
}

function printBinary(print: PrintContext, { operator, left, right }: Binary): string {
  const levels = binaryLevels(operator, print.dialect);
  if (levels === null) return printForeignBinary(print, { kind: 'binary', operator, left, right });
  const symbol = operator === '<=>' && print.sqlite ? 'IS' : operator === 'IS' && !print.sqlite ? '<=>' : operator;
  const first = print.expression(left, levels.left);
  return `${first} ${symbol} ${print.expression(right, right.kind === 'interval' ? 0 : levels.right)}`;
}

/** Operators that the dialect writes as something else. */
function printForeignBinary(print: PrintContext, { operator, left, right }: Binary): string {
  if (print.sqlite) return print.unsupported(operator);
  const operand = operator === 'IS NOT' ? F.predicate : F.any;
  const first = print.expression(left, operand);
  const second = print.expression(right, operand);
  switch (operator) {
    case 'IS NOT':
      return `NOT ${first} <=> ${second}`;
    case '||':
      return `CONCAT(${first}, ${second})`;
    case '->':
      return `JSON_EXTRACT(${first}, ${second})`;
    case '->>':
      return `JSON_UNQUOTE(JSON_EXTRACT(${first}, ${second}))`;
    default:
      return print.unsupported(operator);
  }
}

function printMatch(
  print: PrintContext,
  { operator, negated, operand, pattern, escape: escaped }: PatternMatch,
): string {
  if (operator === 'REGEXP' && print.sqlite) print.unsupported('REGEXP');
  if (operator === 'GLOB' && !print.sqlite) print.unsupported('GLOB');
  const narrow = print.sqlite ? S.comparison : operator === 'LIKE' ? F.prefix : F.arithmetic;
  const value = print.expression(operand, predicateOperand(print));
  const like = print.expression(pattern, narrow);
  const tail = escaped === null ? '' : ` ESCAPE ${print.expression(escaped, narrow)}`;
  return `${value}${not(negated)} ${operator} ${like}${tail}`;
}

/** SQLite's functions remove a set of characters, so only a single one, or blanks, can be removed alike. */
function printTrim(print: PrintContext, { side, remove, operand }: Trim): string {
  if (print.sqlite) {
    const name = { BOTH: 'TRIM', LEADING: 'LTRIM', TRAILING: 'RTRIM' }[side];
    if (remove === null) return `${name}(${print.expression(operand)})`;
    if (remove.kind !== 'string' || [...remove.value].length !== 1)
      return print.unsupported('TRIM of more than one character');
    const value = print.expression(operand);
    return `${name}(${value}, ${print.expression(remove)})`;
  }
  if (remove === null && side === 'BOTH') return `TRIM(${print.expression(operand)})`;
  const removed = remove === null ? '' : `${print.expression(remove)} `;
  return `TRIM(${side} ${removed}FROM ${print.expression(operand)})`;
}
