import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { bindExpression } from './bind-expression.js';
import { bindQuery } from './bind-query.js';
import { bindTable } from './bind-table.js';
import type { BindableRelation, BindEnvironment, Binder, BoundOutput, Definition, RelationUse } from './binder.js';
import { foldName } from './fold-name.js';
import type { FunctionRule } from './function-rule.js';
import type { Expression, Query } from './nodes.js';
import { emptyScope, type Scope } from './scope.js';
import { createPurse } from './tree-size.js';

/** Columns at all levels of a statement together. `*` of `*` of `*` would multiply them without end. */
const MAX_COLUMNS = 4096;

/** A statement in which every name is one of ours. */
export interface BoundStatement {
  readonly query: Query;
  readonly outputs: readonly BoundOutput[];
  /** Occurrences of base relations by alias, in order of appearance. */
  readonly uses: ReadonlyMap<string, RelationUse>;
  /** Our column name → what it stands for. Column names are unique over the whole statement. */
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Entries of FROM at all levels together. */
  readonly sources: number;
  /** Whether any expression of it holds a query. */
  readonly asks: boolean;
  /** Whether a WITH stands anywhere in it. */
  readonly hasCommonTables: boolean;
}

function createBinder(environment: BindEnvironment): Binder {
  const prefix = environment.mode === 'predicate' ? 'p' : 't';
  let [tables, columns, windows] = [0, 0, 0];
  const binder: Binder = {
    environment,
    uses: new Map(),
    definitions: new Map(),
    sources: 0,
    asks: false,
    hasCommonTables: false,
    countSource: () => {
      binder.sources += 1;
      if (binder.sources > (environment.maxSources ?? Number.POSITIVE_INFINITY))
        throw new SwaliError('SEAL_TOO_DEEP', { detail: `more than ${(environment.maxSources ?? 0) - 1} joins` });
    },
    nextTable: () => {
      do tables += 1;
      while (environment.isTaken(`${prefix}${tables}`));
      return `${prefix}${tables}`;
    },
    nextColumn: () => {
      if (columns === MAX_COLUMNS)
        throw new SwaliError('SEAL_TOO_DEEP', { detail: `more than ${MAX_COLUMNS} columns at all levels together` });
      columns += 1;
      return `c${columns}`;
    },
    payFor: createPurse(),
    nextWindow: () => `w${++windows}`,
    query: (query, parent, visible, onFirstLeg) => bindQuery(query, parent, visible, binder, onFirstLeg),
    table: (table, scope) => bindTable(table, scope, binder),
    expression: (expression, scope, names) => bindExpression(expression, scope, binder, names),
  };
  return binder;
}

/**
 * Binds a statement: every relation, column, function and parameter is looked up, scope by scope, and every name becomes
 * one of ours (`t1`, `c1`, `w1`). Base relations stay references by catalog spelling; `uses` says which of their columns
 * the statement needs.
 *
 * @throws SwaliError `SEAL_RELATION_UNKNOWN`, `SEAL_COLUMN_UNKNOWN`, `SEAL_COLUMN_AMBIGUOUS`, `SEAL_FUNCTION_UNKNOWN`,
 *   `SEAL_FUNCTION_MISUSED`, `SEAL_SHAPE`, `SEAL_UNSUPPORTED`
 */
export function bindStatement(query: Query, environment: BindEnvironment): BoundStatement {
  const binder = createBinder(environment);
  const { query: bound, outputs } = bindQuery(query, null, null, binder);
  const { uses, definitions, sources, asks, hasCommonTables } = binder;
  return { query: bound, outputs, uses, definitions, sources, asks, hasCommonTables };
}

/** What {@link bindPredicate} may look up. */
export interface PredicateEnvironment {
  readonly dialect: Dialect;
  /** Base relations by name, for subqueries. */
  relation(name: string): BindableRelation | undefined;
  functionRule(name: string): FunctionRule | undefined;
  /** Whether `:name` is a claim. */
  isClaim(name: string): boolean;
}

/**
 * Binds a row predicate or mask over one base relation: its columns become `alias`.`catalog spelling`; base relations of
 * subqueries get aliases p1, p2 … and keep their columns' names; `:claim` becomes a claim parameter.
 *
 * @throws SwaliError as {@link bindStatement}
 */
export function bindPredicate(
  expression: Expression,
  base: BindableRelation,
  alias: string,
  environment: PredicateEnvironment,
): Expression {
  const binder = createBinder({
    dialect: environment.dialect,
    database: null,
    relation: (name) => environment.relation(name),
    isTaken: (name) => environment.relation(name) !== undefined,
    functionRule: (name) => environment.functionRule(name),
    parameter: (name) => (environment.isClaim(name) ? 'claim' : undefined),
    mode: 'predicate',
  });
  const columns = base.columns.map((name) => ({
    name,
    fold: foldName(name),
    refer: (): Expression => ({ kind: 'column', qualifier: [alias], name, at: -1 }),
  }));
  const scope: Scope = {
    ...emptyScope(null, null),
    sources: [{ fold: foldName(base.name), schema: null, columns }],
    columns,
  };
  return binder.expression(expression, scope);
}
