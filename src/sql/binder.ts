import type { Dialect } from '../domain/dialect.js';
import type { FunctionRule } from './function-rule.js';
import type { Expression, Query, TableExpression } from './nodes.js';
import type { CommonTables, Scope, ScopeColumn, ScopeSource } from './scope.js';

/** A base relation as binding needs it: its visible columns in declared order. */
export interface BindableRelation {
  /** Catalog spelling. */
  readonly name: string;
  /** Catalog spellings. */
  readonly columns: readonly string[];
  /** SQLite: the visible column that the row id is another name of (an INTEGER PRIMARY KEY); absent where there is none. */
  readonly rowId?: string;
}

/** What names may mean. */
export interface BindEnvironment {
  readonly dialect: Dialect;
  /** The only schema qualifier accepted; null for none. */
  readonly database: string | null;
  /** A base relation by name as written; undefined for closed and absent alike. */
  relation(name: string): BindableRelation | undefined;
  /** Whether the source has a relation of this name, open or not: none of our names may be one, or a common table would hide it. */
  isTaken(name: string): boolean;
  /** The rule of a function that is open here; undefined refuses. Name in upper case. */
  functionRule(name: string): FunctionRule | undefined;
  /** Names of parameters that `:name` may say, with what they are. */
  parameter(name: string): 'claim' | 'slot' | undefined;
  /** Entries of FROM that a statement may have at all levels together; where absent, as many as it likes. */
  readonly maxSources?: number;
  /** `statement`: all names become ours. `predicate`: base relations keep their columns' names, for policy predicates. */
  readonly mode: 'statement' | 'predicate';
}

/** One occurrence of a base relation. */
export interface RelationUse {
  /** Our alias of the occurrence, `t1` (`p1` in a predicate). */
  readonly alias: string;
  readonly relation: BindableRelation;
  /** Catalog spelling → our column name, in order of first use. */
  readonly columns: Map<string, string>;
}

/** What one of our column names stands for. */
export type Definition =
  | { readonly kind: 'base'; readonly alias: string; readonly relation: string; readonly column: string }
  /** An output of a select; a set operation's has one expression per leg. */
  | { readonly kind: 'output'; readonly expressions: Expression[] };

/** An output column: the caller's name and ours. */
export interface BoundOutput {
  readonly name: string;
  readonly column: string;
}

export interface BoundQuery {
  readonly query: Query;
  readonly outputs: readonly BoundOutput[];
}

export interface BoundTable {
  readonly table: TableExpression;
  readonly sources: readonly ScopeSource[];
  /** For unqualified names and `*`. */
  readonly columns: readonly ScopeColumn[];
}

/** State of one binding run, and the mutually recursive steps; the steps live in a file each and meet here. */
export interface Binder {
  readonly environment: BindEnvironment;
  readonly uses: Map<string, RelationUse>;
  readonly definitions: Map<string, Definition>;
  /** Entries of FROM so far, at any level. */
  sources: number;
  /** Whether an expression so far holds a query. */
  asks: boolean;
  /** Whether a WITH was met. */
  hasCommonTables: boolean;
  /**
   * To be called for each entry of FROM.
   *
   * @throws SwaliError `SEAL_TOO_DEEP` for one too many, at once: what lies to the left of it is gone through for each
   */
  countSource(): void;
  nextTable(): string;
  /** @throws SwaliError `SEAL_TOO_DEEP` where a statement has too many */
  nextColumn(): string;
  /**
   * To be called with an expression that is about to stand in one place more.
   *
   * @throws SwaliError `SEAL_TOO_DEEP` where copies make the statement grow too much
   */
  payFor(copy: Expression): void;
  nextWindow(): string;
  query(
    query: Query,
    parent: Scope | null,
    tables: CommonTables | null,
    onFirstLeg?: (leg: readonly BoundOutput[]) => void,
  ): BoundQuery;
  table(table: TableExpression, scope: TableScope): BoundTable;
  expression(expression: Expression, scope: Scope, windows?: ReadonlyMap<string, string>): Expression;
}

/** Where a table expression stands: what lies left of it, and around it. */
export interface TableScope {
  /** Sources to the left in the same FROM: for LATERAL, and for ON on SQLite, where a comma binds as a join does. */
  readonly preceding: BoundTable | null;
  readonly parent: Scope | null;
  readonly commonTables: CommonTables | null;
}
