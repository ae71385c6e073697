import type { Dialect } from '../domain/dialect.js';
import type { Expression, Parameter, Query } from './nodes.js';
import { PrintContext, type Printers, type PrintOptions } from './print-context.js';
import { printExpressionNode } from './print-expression.js';
import { printQueryNode } from './print-query.js';
import { printTable } from './print-table.js';

export type { PrintOptions } from './print-context.js';

/** Text for a server, and what belongs to its `?`, in their order. */
export interface Printed {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

const PRINTERS: Printers = { expression: printExpressionNode, query: printQueryNode, table: printTable };

/**
 * Prints a query for a dialect: every identifier quoted, parentheses where the dialect's precedence needs them, one case
 * per kind of node. No string literal is left in the text (see {@link PrintOptions}): the MySQL family has
 * `_utf8mb4 0x…`, and `LEFT(_utf8mb4 0x20, 0)` for the empty string, which no hexadecimal literal can be.
 *
 * @throws SwaliError `SEAL_UNSUPPORTED` for a node that the dialect has no form for; `INTERNAL` for a tree that no
 *   reader makes (a numeral that is none, a name with control characters)
 */
export function printQuery(query: Query, dialect: Dialect, options: PrintOptions = {}): Printed {
  const print = new PrintContext(dialect, PRINTERS, options);
  const sql = print.query(query);
  return { sql, parameters: print.parameters };
}

/** Prints one expression; see {@link printQuery}. */
export function printExpression(expression: Expression, dialect: Dialect, options: PrintOptions = {}): Printed {
  const print = new PrintContext(dialect, PRINTERS, options);
  const sql = print.expression(expression);
  return { sql, parameters: print.parameters };
}
