import type { Dialect } from '../domain/dialect.js';
import { functionRule } from './functions.js';
import type { BinaryOperator, CastType, Expression, PatternMatch, Query, TableExpression } from './nodes.js';
import { type Visitor, visitExpression, visitQuery } from './visit.js';

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

/**
 * SQLite's arithmetic turns into floating point where it would overflow and into NULL where it divides by zero. Not `||`:
 * joined texts may be longer than SQLite can hold.
 */
const LEAKPROOF_ON_SQLITE: ReadonlySet<BinaryOperator> = new Set(['+', '-', '*', '/', '%', '|', '&', '<<', '>>']);

/** Text that every character set holds, so that converting it cannot fail. */
function isAsciiString(expression: Expression): boolean {
  return expression.kind === 'string' && /^[\x20-\x7e]*$/.test(expression.value);
}

function isAsciiBytes(form: 'hex' | 'bit', digits: string): boolean {
  return form === 'hex' && /^(?:[0-7][0-9A-F])*$/.test(digits);
}

/** SQLite refuses a pattern of more than 50 000 bytes; one that is written in the statement is shorter. */
function isFallibleMatch(node: PatternMatch, dialect: Dialect): boolean {
  if (node.operator !== 'LIKE' || node.escape !== null) return true;
  return dialect === 'sqlite' && node.pattern.kind !== 'string' && node.pattern.kind !== 'parameter';
}

/** MySQL fails on doubles beyond FLOAT (1690) and on bytes that are no text of a named character set (3854). */
function isFallibleCast(type: CastType, dialect: Dialect): boolean {
  if (dialect === 'sqlite') return false;
  return type.name === 'JSON' || (dialect === 'mysql' && (type.name === 'FLOAT' || type.characterSet !== null));
}

/**
 * Whether one node, its children aside, may fail on some stored value. What is not known to be safe counts as fallible.
 *
 * @remarks test/engine/leakproof.test.ts drives everything that this and the function tables call safe over the edges of
 *   every type on the real engines.
 */
export function isFallibleNode(node: Expression, dialect: Dialect): boolean {
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'boolean':
    case 'null':
    case 'parameter':
    case 'column':
    case 'output':
    case 'is':
    case 'between':
    case 'in-query':
    case 'exists':
    case 'case':
    case 'row':
      return false;
    // MySQL converts text between character sets when it meets a row, and fails (3854) where a character has no equal.
    case 'bytes':
      return dialect === 'mysql' && !isAsciiBytes(node.form, node.digits);
    case 'in-list':
      return dialect === 'mysql' && node.operand.kind === 'row';
    case 'trim':
      return dialect === 'mysql' && node.remove !== null && !isAsciiString(node.remove);
    case 'unary':
      // -x overflows for the smallest BIGINT and for unsigned ones on the MySQL family.
      return node.operator === '-' && dialect !== 'sqlite' && node.operand.kind !== 'number';
    case 'binary':
      return !(
        LEAKPROOF_OPERATORS.has(node.operator) ||
        (dialect === 'sqlite' && LEAKPROOF_ON_SQLITE.has(node.operator))
      );
    case 'match':
      return isFallibleMatch(node, dialect);
    case 'cast':
      return isFallibleCast(node.type, dialect);
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

/** MySQL fails when a recursion takes too many rounds; whether it is run at all is the plan's choice. */
export function isFallibleQuery(node: Query, dialect: Dialect): boolean {
  return dialect === 'mysql' && node.with?.recursive === true;
}

/** A document that is no JSON is an error. */
export function isFallibleTable(table: TableExpression): boolean {
  return table.kind === 'json-rows';
}

/**
 * Whether an expression or a query holds, at any level, a node that may fail on some stored value.
 *
 * @param isFallible what counts among expressions: by their form alone, or by a caller who knows their columns' types
 */
export function hasFallible(
  root: Expression | Query,
  dialect: Dialect,
  isFallible: (node: Expression) => boolean = (node) => isFallibleNode(node, dialect),
): boolean {
  let found = false;
  const visitor: Visitor = {
    query: (node) => {
      found ||= isFallibleQuery(node, dialect);
    },
    table: (table) => {
      found ||= isFallibleTable(table);
    },
    expression: (node) => {
      found ||= isFallible(node);
    },
  };
  if (root.kind === 'query') visitQuery(root, visitor);
  else visitExpression(root, visitor);
  return found;
}
