import type { Dialect } from '../domain/dialect.js';
import { functionRule } from './functions.js';
import type { BinaryOperator, Expression, Query } from './nodes.js';
import { rewriteQuery, visitExpression, visitQuery } from './rewrite.js';

const LEAKPROOF_OPERATORS: ReadonlySet<BinaryOperator> = new Set([
  'OR',
  'XOR',
  'AND',
  '=',
  '<=>',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'IS',
  'IS NOT',
]);

/** SQLite's arithmetic turns into floating point where it would overflow and into NULL where it divides by zero. */
const LEAKPROOF_ON_SQLITE: ReadonlySet<BinaryOperator> = new Set(['+', '-', '*', '/', '%', '||', '|', '&', '<<', '>>']);

/**
 * Whether one node, its children aside, may fail on some stored value. What is not known to be safe counts as fallible.
 */
export function isFallibleNode(node: Expression, dialect: Dialect): boolean {
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'bytes':
    case 'boolean':
    case 'null':
    case 'parameter':
    case 'column':
    case 'output':
    case 'is':
    case 'between':
    case 'in-list':
    case 'in-query':
    case 'exists':
    case 'case':
    case 'row':
    case 'trim':
      return false;
    case 'unary':
      // -x overflows for the smallest BIGINT and for unsigned ones on the MySQL family.
      return node.operator === '-' && dialect !== 'sqlite' && node.operand.kind !== 'number';
    case 'binary':
      return !(
        LEAKPROOF_OPERATORS.has(node.operator) ||
        (dialect === 'sqlite' && LEAKPROOF_ON_SQLITE.has(node.operator))
      );
    case 'match':
      return node.operator !== 'LIKE' || node.escape !== null;
    case 'cast':
      return dialect !== 'sqlite' && node.type.name === 'JSON';
    case 'scalar-query':
      // More than one row is an error on the MySQL family; SQLite takes the first.
      return dialect !== 'sqlite';
    case 'call':
      return functionRule(dialect, node.name)?.class !== 'leakproof';
    case 'temporal':
    case 'quantified':
    case 'transcode':
    case 'collate':
    case 'interval':
    case 'extract':
    case 'timestamp-arithmetic':
      return true;
  }
}

/** Whether an expression holds a node that may fail on some stored value. */
export function isFallible(expression: Expression, dialect: Dialect): boolean {
  let found = false;
  visitExpression(expression, (node) => {
    found ||= isFallibleNode(node, dialect);
  });
  return found;
}

/** Whether a query holds, at any level, a node that may fail on some stored value. */
export function hasFallible(query: Query, dialect: Dialect): boolean {
  let found = false;
  rewriteQuery(query, {
    table: (table) => {
      // A document that is no JSON is an error.
      found ||= table.kind === 'json-rows';
      return table;
    },
  });
  visitQuery(query, (node) => {
    found ||= isFallibleNode(node, dialect);
  });
  return found;
}
