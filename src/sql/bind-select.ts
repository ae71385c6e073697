import { SwaliError } from '../errors/swali-error.js';
import { classifyCall } from './bind-expression.js';
import { assertDistinctSources, assertPlainNesting, concatTables } from './bind-table.js';
import type { Binder, BoundOutput, BoundTable } from './binder.js';
import { expressionKey } from './expression-key.js';
import { foldName } from './fold-name.js';
import { mapChildren, mapWindow } from './map-children.js';
import type { Expression, OrderItem, Select, SelectItem, TableExpression, WindowSpecification } from './nodes.js';
import { rewriteQuery } from './rewrite.js';
import { type CommonTables, emptyScope, expandStar, type OutputNames, type Scope, type ScopeOutput } from './scope.js';

/** A bound select, its outputs, and a way to bind the ORDER BY of the query that it stands in. */
export interface BoundSelect {
  readonly select: Select;
  readonly outputs: readonly BoundOutput[];
  bindOrderBy(items: readonly OrderItem[]): OrderItem[];
}

interface BoundItems {
  readonly items: SelectItem[];
  readonly outputs: BoundOutput[];
  readonly scopeOutputs: ScopeOutput[];
}

/** Binds FROM from left to right. */
function bindFrom(
  from: readonly TableExpression[],
  parent: Scope | null,
  tables: CommonTables | null,
  binder: Binder,
): BoundTable[] {
  const bound: BoundTable[] = [];
  for (const table of from) {
    // The reader makes joins of SQLite's commas: what is left in the list stood in parentheses.
    if (binder.environment.dialect === 'sqlite' && bound.length > 0) assertPlainNesting(table);
    const preceding = bound.length > 0 ? concatTables(bound) : null;
    bound.push(binder.table(table, { preceding, parent, commonTables: tables }));
  }
  assertDistinctSources(bound.flatMap((table) => table.sources));
  return bound;
}

/** Binds the select list: `*` in declared order, each item under a name of ours. */
function bindItems(node: Select, scope: Scope, windows: ReadonlyMap<string, string>, binder: Binder): BoundItems {
  const result: BoundItems = { items: [], outputs: [], scopeOutputs: [] };
  const nameless = binder.environment.mode === 'predicate';
  const add = (expression: Expression, name: string, own: 'alias' | 'column' | 'text') => {
    const column = binder.nextColumn();
    binder.definitions.set(column, { kind: 'output', expressions: [expression] });
    result.items.push({ kind: 'expression', expression, alias: nameless ? null : column, text: '' });
    result.outputs.push({ name, column });
    if (own === 'text') return;
    const refer = (): Expression => ({ kind: 'output', name: column });
    result.scopeOutputs.push({ fold: foldName(name), aliased: own === 'alias', refer, expression });
  };
  for (const item of node.items) {
    if (item.kind === 'star') {
      for (const column of expandStar(scope, item.qualifier, item.at)) add(column.refer(), column.name, 'column');
      continue;
    }
    const bound = binder.expression(item.expression, scope, windows);
    if (item.alias !== null) add(bound, item.alias, 'alias');
    else if (item.expression.kind === 'column') add(bound, item.expression.name, 'column');
    else add(bound, item.text, 'text');
  }
  return result;
}

/**
 * MariaDB takes a bare name in a window's ORDER BY for an output column first, MySQL and SQLite only for a column of FROM.
 * Where the two differ the text is refused: outputs are not known yet while the select list is bound.
 */
function assertWindowNames(node: Select, orderBy: readonly OrderItem[]): void {
  const renamed = new Set(
    node.items.flatMap((item) => {
      if (item.kind === 'star' || item.alias === null) return [];
      const { expression } = item;
      const same = expression.kind === 'column' && foldName(expression.name) === foldName(item.alias);
      return same ? [] : [foldName(item.alias)];
    }),
  );
  const check = (window: WindowSpecification) => {
    for (const { expression } of window.orderBy)
      if (expression.kind === 'column' && expression.qualifier.length === 0 && renamed.has(foldName(expression.name)))
        throw new SwaliError('SEAL_COLUMN_AMBIGUOUS', { detail: `at character ${expression.at + 1}` });
  };
  const look = (expression: Expression): void => {
    if (expression.kind === 'call' && expression.over?.kind === 'window') check(expression.over);
    mapChildren(expression, {
      expression: (child) => {
        look(child);
        return child;
      },
      query: (query) => query,
    });
  };
  for (const item of node.items) if (item.kind === 'expression') look(item.expression);
  for (const { expression } of orderBy) look(expression);
  for (const { window } of node.windows) check(window);
}

/** The output column that `ORDER BY 2` or `GROUP BY 2` means; null where the expression is no ordinal. */
export function bindOrdinal(expression: Expression, outputs: readonly BoundOutput[]): Expression | null {
  if (expression.kind === 'collate') {
    const operand = bindOrdinal(expression.operand, outputs);
    return operand && { ...expression, operand };
  }
  if (expression.kind !== 'number' || expression.form !== 'integer') return null;
  const output = outputs[Number(expression.text) - 1];
  if (!output)
    throw new SwaliError('SEAL_SHAPE', { detail: 'ORDER BY or GROUP BY names a column number that is not there' });
  return { kind: 'output', name: output.column };
}

/** A bare name in ORDER BY means the output column first; a name inside an expression means FROM first. */
export function orderNames(expression: Expression): OutputNames {
  const bare = expression.kind === 'collate' ? expression.operand : expression;
  return bare.kind === 'column' && bare.qualifier.length === 0 ? 'first' : 'last';
}

/**
 * HAVING: the MySQL family reads a name as an output first, but where GROUP BY has a column of that name; SQLite reads FROM first.
 */
function scopeOfHaving(scope: Scope, node: Select, groupBy: readonly Expression[], sqlite: boolean): Scope {
  if (sqlite) return { ...scope, outputNames: 'last' };
  const grouped = new Set(
    node.groupBy.flatMap((item, index) =>
      item.kind === 'column' && groupBy[index]?.kind === 'column' ? [foldName(item.name)] : [],
    ),
  );
  return { ...scope, outputNames: 'first', outputs: scope.outputs.filter((output) => !grouped.has(output.fold)) };
}

/**
 * Binds one SELECT, clause by clause, each with the names that the servers let it see.
 *
 * @throws SwaliError `SEAL_RELATION_UNKNOWN`, `SEAL_COLUMN_UNKNOWN`, `SEAL_COLUMN_AMBIGUOUS`, `SEAL_FUNCTION_UNKNOWN`, `SEAL_SHAPE`
 */
export function bindSelect(
  node: Select,
  parent: Scope | null,
  tables: CommonTables | null,
  binder: Binder,
): BoundSelect {
  const { dialect } = binder.environment;
  const sqlite = dialect === 'sqlite';
  if (dialect === 'mariadb') assertWindowNames(node, []);
  const from = bindFrom(node.from, parent, tables, binder);
  const base: Scope = {
    ...emptyScope(parent, tables),
    sources: from.flatMap((table) => table.sources),
    columns: from.flatMap((table) => table.columns),
  };
  const windowNames = new Map(node.windows.map((entry) => [entry.name.toLowerCase(), binder.nextWindow()]));
  const { items, outputs, scopeOutputs } = bindItems(node, base, windowNames, binder);
  const scope: Scope = { ...base, outputs: scopeOutputs };
  // SQLite lets WHERE name an output: it means the expression.
  const inlined = scopeOutputs.map((output) => ({
    ...output,
    refer: () => {
      // An alias that names an alias that names an alias …: each level may multiply the one before.
      binder.payFor(output.expression);
      return output.expression;
    },
  }));
  const whereScope: Scope = sqlite ? { ...base, outputs: inlined, outputNames: 'last' } : base;
  const where = node.where && binder.expression(node.where, whereScope);
  const groupScope: Scope = { ...scope, outputNames: 'last' };
  const groupBy = node.groupBy.map((item) => bindOrdinal(item, outputs) ?? binder.expression(item, groupScope));
  const bare = node.having && binder.expression(node.having, scopeOfHaving(scope, node, groupBy, sqlite), windowNames);
  const having = bare && dialect === 'mariadb' ? nameOutputsInSubqueries(bare, scopeOutputs, from, binder) : bare;
  const windows = node.windows.map((entry) => ({
    name: windowNames.get(entry.name.toLowerCase()) as string,
    window: mapWindow(entry.window, {
      expression: (child) => binder.expression(child, base, windowNames),
      query: (child) => binder.query(child, base, tables).query,
      windowName: (name) => windowNames.get(name.toLowerCase()) ?? refuseWindow(),
    }),
  }));
  const bindOrderBy = (orderBy: readonly OrderItem[]): OrderItem[] => {
    if (dialect === 'mariadb') assertWindowNames(node, orderBy);
    return orderBy.map((item) => ({
      ...item,
      expression:
        bindOrdinal(item.expression, outputs) ??
        binder.expression(item.expression, { ...scope, outputNames: orderNames(item.expression) }, windowNames),
    }));
  };
  const select: Select = { ...node, items, from: from.map((table) => table.table), where, groupBy, having, windows };
  return { select, outputs, bindOrderBy };
}

function aliasesOf(table: TableExpression): string[] {
  if (table.kind === 'join') return [...aliasesOf(table.left), ...aliasesOf(table.right)];
  return table.alias === null ? [] : [table.alias];
}

/**
 * MariaDB reads a column of a merged derived table wrongly where a subquery of HAVING names it (after grouping it holds
 * another group's value); by its output name it reads it rightly.
 *
 * @throws SwaliError `SEAL_UNSUPPORTED` where the column is no output
 */
function nameOutputsInSubqueries(
  having: Expression,
  outputs: readonly ScopeOutput[],
  from: readonly BoundTable[],
  binder: Binder,
): Expression {
  const named = new Map(outputs.map((output) => [expressionKey(output.expression), output.refer]));
  const aliases = new Set(from.flatMap(({ table }) => aliasesOf(table)));
  const inside = (node: Expression): Expression => {
    if (node.kind !== 'column' || !aliases.has(node.qualifier[0] as string)) return node;
    const output = named.get(expressionKey(node));
    if (!output)
      throw new SwaliError('SEAL_UNSUPPORTED', {
        detail: 'a subquery in HAVING names a column that the select list does not show',
      });
    return output();
  };
  const outside = (node: Expression): Expression => {
    const rule = node.kind === 'call' ? binder.environment.functionRule(node.name) : undefined;
    // What an aggregate takes is computed before grouping.
    if (node.kind === 'call' && rule && classifyCall(node, rule) === 'aggregate') return node;
    return mapChildren(node, { expression: outside, query: (query) => rewriteQuery(query, { expression: inside }) });
  };
  return outside(having);
}

function refuseWindow(): never {
  throw new SwaliError('SEAL_SHAPE', { detail: 'a window of that name is not defined' });
}
