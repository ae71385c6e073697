import type { Dialect } from '../domain/dialect.js';
import { isFallibleNode } from '../sql/fallible.js';
import { isAggregated } from '../sql/levels.js';
import type { Expression, Query } from '../sql/nodes.js';
import type { ColumnTrace } from './literals.js';

/** Bounds of an exact number: digits before and behind the point. */
interface Digits {
  readonly whole: number;
  readonly scale: number;
  /** Computed in 64 bits, not in decimal digits. */
  readonly isInteger: boolean;
}

/** A signed 64-bit number holds any of 18 digits. */
const INTEGER_DIGITS = 18;
/** The servers' decimals hold 65 digits; some are left for what a division or an average adds. */
const DECIMAL_DIGITS = 60;
/** What summing adds: more rows than 10^20 there cannot be. */
const DIGITS_OF_ROWS = 20;
/** What a division adds to the scale, by `div_precision_increment` of the pinned session. */
const DIGITS_OF_DIVISION = 4;

const INTEGER_TYPES: readonly (readonly [RegExp, number])[] = [
  [/^tinyint\b/, 3],
  [/^smallint\b/, 5],
  [/^mediumint\b/, 8],
  [/^int(?:eger)?\b/, 10],
  [/^bigint\b/, 19],
];

function digitsOfColumn(expression: Expression, trace: ColumnTrace): Digits | null {
  const column = trace(expression);
  // Computing with unsigned numbers fails where the result is below zero.
  if (!column || column.unsigned || column.generated !== 'no') return null;
  const decimal = /^decimal\((\d+),\s*(\d+)\)/.exec(column.declaredType);
  if (column.family === 'decimal' && decimal) {
    const [precision, scale] = [Number(decimal[1]), Number(decimal[2])];
    return { whole: precision - scale, scale, isInteger: false };
  }
  const found = INTEGER_TYPES.find(([type]) => type.test(column.declaredType));
  return column.family === 'integer' && found ? { whole: found[1], scale: 0, isInteger: true } : null;
}

function within(digits: Digits): Digits | null {
  const most = digits.isInteger ? INTEGER_DIGITS : DECIMAL_DIGITS;
  return digits.whole + digits.scale <= most ? digits : null;
}

function combine(operator: string, left: Digits, right: Digits): Digits | null {
  const isInteger = left.isInteger && right.isInteger;
  const scale = Math.max(left.scale, right.scale);
  switch (operator) {
    case '+':
    case '-':
      return within({ whole: Math.max(left.whole, right.whole) + 1, scale, isInteger });
    case '*':
      return within({ whole: left.whole + right.whole, scale: left.scale + right.scale, isInteger });
    case '/':
      // By zero gives NULL and a warning in a SELECT.
      return within({ whole: left.whole + right.scale, scale: left.scale + DIGITS_OF_DIVISION, isInteger: false });
    default:
      return null;
  }
}

function digitsOf(node: Expression, trace: ColumnTrace): Digits | null {
  switch (node.kind) {
    case 'number': {
      if (node.form === 'float') return null;
      const [whole = '', fraction = ''] = node.text.split('.');
      return within({ whole: whole.length, scale: fraction.length, isInteger: node.form === 'integer' });
    }
    case 'column':
    case 'output':
      return digitsOfColumn(node, trace);
    case 'binary': {
      const [left, right] = [digitsOf(node.left, trace), digitsOf(node.right, trace)];
      return left && right && combine(node.operator, left, right);
    }
    case 'call': {
      if (node.arguments.length !== 1 || (node.name !== 'SUM' && node.name !== 'AVG')) return null;
      const summed = digitsOf(node.arguments[0] as Expression, trace);
      if (!summed) return null;
      const added = node.name === 'AVG' ? DIGITS_OF_DIVISION : 0;
      return within({ whole: summed.whole + DIGITS_OF_ROWS, scale: summed.scale + added, isInteger: false });
    }
    default:
      return null;
  }
}

/** A subquery that gives one row at most, whatever is stored: an aggregate of all rows, or no more than one asked for. */
export function givesOneRow({ body, orderBy, limit }: Query, dialect: Dialect): boolean {
  if (limit?.count.kind === 'integer' && limit.count.value >= 0n && limit.count.value <= 1n) return true;
  return body.kind === 'select' && body.groupBy.length === 0 && isAggregated(body, orderBy, dialect);
}

/**
 * Whether one node, its children aside, may fail on some stored value, as `isFallibleNode` says of its form alone, and its
 * columns' types do not rule out: SUM, AVG and arithmetic of whole and decimal numbers so narrow that the result always fits.
 *
 * On SQLite a column holds what it likes, so types rule out nothing.
 */
export function mayFail(node: Expression, dialect: Dialect, trace: ColumnTrace): boolean {
  if (!isFallibleNode(node, dialect)) return false;
  if (node.kind === 'scalar-query') return !givesOneRow(node.query, dialect);
  return dialect === 'sqlite' || digitsOf(node, trace) === null;
}
