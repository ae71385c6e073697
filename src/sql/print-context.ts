import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Expression, Parameter, Query, TableExpression } from './nodes.js';
import { levelOf } from './print-level.js';

export interface PrintOptions {
  /**
   * `bound` (default): no quote in the text: hexadecimal on the MySQL family, a parameter on SQLite.
   * `quoted`: readable literals, for people and for reading the text again; never for a server.
   */
  readonly strings?: 'bound' | 'quoted';
}

/** Names without anything to double or to refuse. */
const PLAIN_NAME = /^\w+$/;

/** The parts of the printer, which print each other; each gives text and adds its parameters in the order of the text. */
export interface Printers {
  expression(print: PrintContext, expression: Expression): string;
  query(print: PrintContext, query: Query): string;
  table(print: PrintContext, table: TableExpression): string;
}

/** One printing: the dialect, and the parameters so far. */
export class PrintContext {
  readonly parameters: Parameter[] = [];
  readonly dialect: Dialect;
  readonly sqlite: boolean;
  readonly quoted: boolean;
  private readonly printers: Printers;

  constructor(dialect: Dialect, printers: Printers, options: PrintOptions) {
    this.dialect = dialect;
    this.sqlite = dialect === 'sqlite';
    this.quoted = options.strings === 'quoted';
    this.printers = printers;
  }

  /** An expression in a place that asks for at least this level; parenthesised where it binds looser. */
  expression(expression: Expression, lowest = 0): string {
    const text = this.printers.expression(this, expression);
    return levelOf(expression, this.dialect) < lowest ? `(${text})` : text;
  }

  expressions(expressions: readonly Expression[]): string {
    return expressions.map((expression) => this.expression(expression)).join(', ');
  }

  query(query: Query): string {
    return this.printers.query(this, query);
  }

  table(table: TableExpression): string {
    return this.printers.table(this, table);
  }

  /** A quoted identifier. */
  name(name: string): string {
    if (PLAIN_NAME.test(name)) return this.sqlite ? `"${name}"` : `\`${name}\``;
    if (name === '' || /[\u0000-\u001f\u007f]/.test(name))
      throw new SwaliError('INTERNAL', { cause: 'a name with control characters' });
    return this.sqlite ? `"${name.replaceAll('"', '""')}"` : `\`${name.replaceAll('`', '``')}\``;
  }

  /** A name with what qualifies it. */
  path(parts: readonly string[]): string {
    if (parts.length === 1) return this.name(parts[0] as string);
    return parts.map((part) => this.name(part)).join('.');
  }

  names(names: readonly string[]): string {
    return names.map((name) => this.name(name)).join(', ');
  }

  /** Text that must be of a shape, since it is printed as it is. */
  shaped(text: string, shape: RegExp): string {
    if (!shape.test(text)) throw new SwaliError('INTERNAL', { cause: `a node holds text that is none of ${shape}` });
    return text;
  }

  /** @throws SwaliError `SEAL_UNSUPPORTED`, always: the dialect has no such thing */
  unsupported(construct: string): never {
    throw new SwaliError('SEAL_UNSUPPORTED', { detail: `${construct} on ${this.dialect}` });
  }
}
