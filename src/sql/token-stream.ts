import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { readTokens, type Token } from './lexer.js';
import type { Expression, FunctionCall, OrderItem, Query, TableExpression, WindowSpecification } from './nodes.js';
import { refuseConstruct, refuseSyntax } from './refusals.js';
import { NO_BARE_ALIAS, RESERVED_WORDS } from './reserved-words.js';

/**
 * The rules of the grammar that other rules call by name. They live in one file each and meet here, so that no file
 * imports in a circle.
 */
export interface Grammar {
  /** Any expression. */
  expression(stream: TokenStream): Expression;
  /** An expression in which a bare AND ends the operand: bounds of BETWEEN and of frames. */
  operand(stream: TokenStream): Expression;
  /** `( … )` as an expression, a row or a subquery. */
  parenthesised(stream: TokenStream): Expression | Query;
  /** What stands alone between operators. */
  primary(stream: TokenStream): Expression;
  call(stream: TokenStream, name: Token): Expression;
  over(stream: TokenStream): NonNullable<FunctionCall['over']>;
  window(stream: TokenStream): WindowSpecification;
  orderItems(stream: TokenStream): OrderItem[];
  query(stream: TokenStream): Query;
  /** Goes on with a query whose first, parenthesised operand is already read. */
  queryFrom(stream: TokenStream, first: Query): Query;
  tables(stream: TokenStream): TableExpression[];
}

export interface ReadOptions {
  /** Longest text, in characters and in bytes of UTF-8; default 16384. */
  readonly maxLength?: number;
  /** Deepest nesting of constructs; default 200. The finished tree, chains of operators included, may be twice as deep. */
  readonly maxDepth?: number;
  /** Whether `:name` is read as a parameter; default false. */
  readonly allowNamedParameters?: boolean;
}

const QUERY_STARTS: ReadonlySet<string> = new Set(['SELECT', 'WITH', 'VALUES']);

/** @throws SwaliError `SEAL_TOO_LONG` where a text has more characters, or bytes of UTF-8, than allowed */
export function assertLength(text: string, maxLength = 16384): void {
  if (text.length > maxLength || Buffer.byteLength(text) > maxLength) throw new SwaliError('SEAL_TOO_LONG');
}

/** Tokens of one statement and where the reading stands. Every rule that nests calls `enter` and `leave`. */
export class TokenStream {
  readonly dialect: Dialect;
  readonly grammar: Grammar;
  readonly allowNamedParameters: boolean;
  /** A primary that was read before it was known to begin an expression; the next call of `primary` takes it. */
  injected: Expression | null = null;
  private readonly text: string;
  private readonly tokens: readonly Token[];
  private readonly maxDepth: number;
  /** For each `(`: whether the first token behind it and the `(` that follow it begins a query. */
  private readonly opensQuery: Uint8Array;
  private index = 0;
  private depth = 0;

  /** @throws SwaliError `SEAL_TOO_LONG`, and what the lexer throws */
  constructor(text: string, dialect: Dialect, grammar: Grammar, options: ReadOptions) {
    assertLength(text, options.maxLength);
    this.text = text;
    this.dialect = dialect;
    this.grammar = grammar;
    this.maxDepth = options.maxDepth ?? 200;
    this.allowNamedParameters = options.allowNamedParameters ?? false;
    this.tokens = readTokens(text, dialect);
    this.opensQuery = new Uint8Array(this.tokens.length);
    for (let at = this.tokens.length - 2; at >= 0; at--) {
      if (this.tokens[at]!.key !== '(') continue;
      const next = this.tokens[at + 1]!.key;
      this.opensQuery[at] = QUERY_STARTS.has(next) || (next === '(' && this.opensQuery[at + 1] === 1) ? 1 : 0;
    }
  }

  /** Tokens of the text, its end among them. */
  get length(): number {
    return this.tokens.length;
  }

  get current(): Token {
    return this.tokens[this.index]!;
  }

  /** Index of the current token, for {@link textSince}. */
  get position(): number {
    return this.index;
  }

  /** The token `ahead` places further; the end of the text from there on. */
  peek(ahead = 1): Token {
    return this.tokens[Math.min(this.index + ahead, this.tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.index++;
    return token;
  }

  /** True where the current token is this keyword or symbol. */
  at(key: string): boolean {
    return this.current.key === key;
  }

  /** True where these keywords or symbols follow each other from here. */
  atSequence(...keys: readonly string[]): boolean {
    if (this.current.key !== keys[0]) return false;
    return keys.every((key, ahead) => this.peek(ahead).key === key);
  }

  accept(key: string): boolean {
    if (this.current.key !== key) return false;
    this.index++;
    return true;
  }

  /** Takes all of the keywords, or none. */
  acceptSequence(...keys: readonly string[]): boolean {
    if (!this.atSequence(...keys)) return false;
    this.index += keys.length;
    return true;
  }

  expect(key: string): Token {
    if (this.current.key !== key) this.fail();
    return this.next();
  }

  /** True where an operator that could also be a prefix must be one: nothing waits to its left. */
  atPrefix(key: string): boolean {
    return this.injected === null && this.current.key === key;
  }

  /** True at a query, or, with `through`, at parentheses that hold one. */
  atQuery(): boolean {
    return QUERY_STARTS.has(this.current.key);
  }

  atParenthesisedQuery(): boolean {
    return this.opensQuery[this.index] === 1;
  }

  /** @throws SwaliError `SEAL_TOO_DEEP` */
  enter(): void {
    if (++this.depth > this.maxDepth) throw new SwaliError('SEAL_TOO_DEEP');
  }

  leave(): void {
    this.depth--;
  }

  /** True where the current token, or the one `ahead` places further, can be a name. */
  atName(ahead = 0): boolean {
    const { kind, key } = this.peek(ahead);
    return kind === 'name' || (kind === 'word' && !RESERVED_WORDS[this.dialect].has(key));
  }

  /** Takes a name. */
  name(): string {
    if (!this.atName()) this.fail();
    return this.next().text;
  }

  /** Takes an alias with or without AS, or finds none. `strings`: the dialect also takes a string literal for one. */
  alias(strings: boolean): string | null {
    if (this.accept('AS')) return strings && this.current.kind === 'string' ? this.next().text : this.name();
    if (strings && this.current.kind === 'string') return this.next().text;
    if (!this.atName() || NO_BARE_ALIAS[this.dialect].has(this.current.key)) return null;
    // On SQLite WINDOW is a name unless it begins the clause.
    if (this.at('WINDOW') && this.atName(1) && this.peek(2).key === 'AS') return null;
    return this.next().text;
  }

  /** Comma-separated items, at least one. */
  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.accept(',')) items.push(item());
    return items;
  }

  /** Text from a token's index to the last token taken, each gap one space, comments left out. */
  textSince(position: number): string {
    let text = '';
    for (let at = position; at < this.index; at++) {
      const { start, end } = this.tokens[at]!;
      if (at > position && this.tokens[at - 1]!.end < start) text += ' ';
      text += this.text.slice(start, end);
    }
    return text;
  }

  /**
   * Refuses what stands here.
   *
   * @throws SwaliError `SEAL_NOT_SELECT` where it is a way to write or to lock, else `SEAL_SYNTAX`
   */
  fail(): never {
    const locking =
      this.atSequence('FOR', 'UPDATE') || this.atSequence('FOR', 'SHARE') || this.atSequence('LOCK', 'IN', 'SHARE');
    if (locking || this.at('INTO') || this.at('PROCEDURE')) throw new SwaliError('SEAL_NOT_SELECT');
    return refuseSyntax(this.current.start);
  }

  /** @throws SwaliError `SEAL_UNSUPPORTED`, always */
  unsupported(construct: string, token: Token = this.current): never {
    return refuseConstruct(construct, token.start);
  }
}
