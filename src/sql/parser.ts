import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { firstWord } from './lexer.js';
import type { Expression, Query } from './nodes.js';
import { readCall } from './parse-call.js';
import { readExpression, readOperand } from './parse-expression.js';
import { readParenthesised, readPrimary } from './parse-primary.js';
import { readQuery, readQueryFrom } from './parse-query.js';
import { readTables } from './parse-table.js';
import { readOrderItems, readOver, readWindow } from './parse-window.js';
import { assertLength, type Grammar, type ReadOptions, TokenStream } from './token-stream.js';
import { assertTreeDepth } from './tree-depth.js';

export type { ReadOptions } from './token-stream.js';

const GRAMMAR: Grammar = {
  expression: readExpression,
  operand: readOperand,
  parenthesised: readParenthesised,
  primary: readPrimary,
  call: readCall,
  over: readOver,
  window: readWindow,
  orderItems: readOrderItems,
  query: readQuery,
  queryFrom: readQueryFrom,
  tables: readTables,
};

const STATEMENT_STARTS: ReadonlySet<string> = new Set(['SELECT', 'WITH', 'VALUES']);

/**
 * Reads one statement of the SELECT language into the query algebra, grouped as the dialect's server groups it.
 * Linear time; the tree is at most twice `maxDepth` deep, so that recursive walks over it are safe.
 *
 * Hints without an effect on the rows (SQL_NO_CACHE, HIGH_PRIORITY …) are read and dropped. A space between a built-in's
 * name and its `(`, which the MySQL family takes for a stored function, is read as the built-in.
 *
 * @throws SwaliError
 *   - `SEAL_NOT_SELECT` for any other statement, INTO and locking reads
 *   - `SEAL_SEVERAL_STATEMENTS` where anything but space and comments follows a `;`
 *   - `SEAL_SYNTAX` with the place · `SEAL_UNSUPPORTED` with the construct and the place
 *   - `SEAL_TOO_LONG` · `SEAL_TOO_DEEP`
 */
export function parseQuery(text: string, dialect: Dialect, options: ReadOptions = {}): Query {
  assertLength(text, options.maxLength);
  const word = firstWord(text, dialect);
  if (word !== '' && !STATEMENT_STARTS.has(word)) throw new SwaliError('SEAL_NOT_SELECT');
  const stream = new TokenStream(text, dialect, GRAMMAR, options);
  const query = readStatement(stream);
  if (stream.accept(';') && stream.current.kind !== 'end') throw new SwaliError('SEAL_SEVERAL_STATEMENTS');
  if (stream.current.kind !== 'end') stream.fail();
  assertTreeDepth(query, stream.length, options.maxDepth);
  return query;
}

/** A statement may begin with a parenthesis on the MySQL family; SQLite has no parenthesised operands. */
function readStatement(stream: TokenStream): Query {
  if (!stream.at('(')) return readQuery(stream);
  if (stream.dialect === 'sqlite') stream.fail();
  const first = readParenthesised(stream);
  if (first.kind !== 'query') throw new SwaliError('SEAL_NOT_SELECT');
  return readQueryFrom(stream, first);
}

/**
 * Reads one expression, as a policy file writes it.
 *
 * @throws SwaliError as {@link parseQuery}; `SEAL_SYNTAX` where anything follows the expression
 */
export function parseExpression(text: string, dialect: Dialect, options: ReadOptions = {}): Expression {
  const stream = new TokenStream(text, dialect, GRAMMAR, options);
  const expression = readExpression(stream);
  if (stream.current.kind !== 'end') stream.fail();
  assertTreeDepth(expression, stream.length, options.maxDepth);
  return expression;
}
