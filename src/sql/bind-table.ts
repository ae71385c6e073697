import { SwaliError } from '../errors/swali-error.js';
import type { BindableRelation, Binder, BoundTable, TableScope } from './binder.js';
import { foldName } from './fold-name.js';
import { makeCall } from './make-call.js';
import {
  type DerivedTable,
  type Expression,
  type Join,
  type JsonRows,
  type RelationReference,
  SQLITE_JSON_COLUMNS,
  type TableExpression,
} from './nodes.js';
import { type CommonTableEntry, findCommonTable, type Scope, type ScopeColumn, type ScopeSource } from './scope.js';
import { visitExpression } from './visit.js';

function reference(alias: string, name: string): Expression {
  return { kind: 'column', qualifier: [alias], name, at: -1 };
}

function conjoin(left: Expression | null, right: Expression): Expression {
  return left ? { kind: 'binary', operator: 'AND', left, right } : right;
}

/** Refuses two sources of one name at one level: the servers do, and names would mean two things. */
export function assertDistinctSources(sources: readonly ScopeSource[]): void {
  const seen = new Set<string>();
  for (const { fold, schema } of sources) {
    if (fold === null) continue;
    const key = `${schema ?? ''}.${fold}`;
    if (seen.has(key)) throw new SwaliError('SEAL_SHAPE', { detail: 'two tables of one name; give them aliases' });
    seen.add(key);
  }
}

/** The scope that an ON clause or a LATERAL table sees: what was bound so far, around it the outer query. */
function scopeOf(bound: BoundTable | null, scope: TableScope): Scope {
  return {
    sources: bound?.sources ?? [],
    columns: bound?.columns ?? [],
    outputNames: 'none',
    outputs: [],
    parent: scope.parent,
    commonTables: scope.commonTables,
  };
}

function bindCommonTable(node: RelationReference, entry: CommonTableEntry, binder: Binder): BoundTable {
  if (!entry.columns)
    throw new SwaliError('SEAL_SHAPE', {
      detail: 'a common table reads itself, or a later one, before its first part',
    });
  const alias = binder.nextTable();
  const columns = entry.columns.map(
    ({ name, column }): ScopeColumn => ({ name, fold: foldName(name), refer: () => reference(alias, column) }),
  );
  return {
    table: { kind: 'relation', schema: null, name: entry.name, alias, at: -1 },
    sources: [{ fold: foldName(node.alias ?? node.name), schema: null, columns }],
    columns,
  };
}

const ROW_ID_NAMES = ['rowid', 'oid', '_rowid_'];

/** SQLite's other names of an integer primary key, as far as no column has them. */
function nameRowId(relation: BindableRelation, columns: readonly ScopeColumn[]): ScopeColumn[] {
  if (relation.rowId === undefined) return [];
  const key = columns.find((column) => column.name === relation.rowId);
  const free = ROW_ID_NAMES.filter((name) => columns.every((column) => column.fold !== name));
  return key ? free.map((name) => ({ name, fold: name, refer: key.refer, implicit: true })) : [];
}

function bindRelation(node: RelationReference, scope: TableScope, binder: Binder): BoundTable {
  binder.countSource();
  const { environment } = binder;
  const common = node.schema === null ? findCommonTable(scope.commonTables, node.name) : undefined;
  if (common) return bindCommonTable(node, common, binder);
  const schemaFits =
    node.schema === null || (environment.database !== null && foldName(node.schema) === foldName(environment.database));
  const relation = schemaFits ? environment.relation(node.name) : undefined;
  if (!relation) throw new SwaliError('SEAL_RELATION_UNKNOWN', { detail: `at character ${node.at + 1}` });
  const alias = binder.nextTable();
  const used = new Map<string, string>();
  binder.uses.set(alias, { alias, relation, columns: used });
  const columns = relation.columns.map(
    (name): ScopeColumn => ({
      name,
      fold: foldName(name),
      refer: () => reference(alias, environment.mode === 'predicate' ? name : useColumn(name)),
    }),
  );
  columns.push(...nameRowId(relation, columns));
  function useColumn(name: string): string {
    const known = used.get(name);
    if (known) return known;
    const column = binder.nextColumn();
    used.set(name, column);
    binder.definitions.set(column, { kind: 'base', alias, relation: relation!.name, column: name });
    return column;
  }
  return {
    table: { kind: 'relation', schema: null, name: relation.name, alias, at: node.at },
    sources: [
      {
        fold: foldName(node.alias ?? node.name),
        schema: node.alias === null && environment.database !== null ? foldName(environment.database) : null,
        columns,
      },
    ],
    columns,
  };
}

function bindDerived(node: DerivedTable, scope: TableScope, binder: Binder): BoundTable {
  binder.countSource();
  // MariaDB 10.11 gives a derived table no outer references at all; MySQL and SQLite those of the outer query.
  const outer = binder.environment.dialect === 'mariadb' ? null : scope.parent;
  const parent = node.lateral ? scopeOf(scope.preceding, scope) : outer;
  const { query, outputs } = binder.query(node.query, parent, scope.commonTables);
  if (node.columns && node.columns.length !== outputs.length)
    throw new SwaliError('SEAL_SHAPE', { detail: 'a column list and its query differ in length' });
  const alias = binder.nextTable();
  const columns = outputs.map(({ name, column }, index): ScopeColumn => {
    const shown = node.columns?.[index] ?? name;
    return { name: shown, fold: foldName(shown), refer: () => reference(alias, column) };
  });
  return {
    table: { kind: 'derived', query, alias, columns: null, lateral: node.lateral },
    sources: [{ fold: node.alias === null ? null : foldName(node.alias), schema: null, columns }],
    columns,
  };
}

function refuseQuery(): never {
  throw new SwaliError('SEAL_UNSUPPORTED', { detail: 'a query inside a table function' });
}

/** Rows of a JSON document, which may name what stands to the left. JSON_TABLE's columns get names of ours; SQLite's are fixed. */
function bindJsonRows(node: JsonRows, scope: TableScope, binder: Binder): BoundTable {
  binder.countSource();
  const visible = scopeOf(scope.preceding, scope);
  const bindPart = (part: Expression) => {
    visitExpression(part, {
      expression: (child) => {
        if ('query' in child) refuseQuery();
      },
    });
    return binder.expression(part, visible);
  };
  const document = bindPart(node.document);
  const alias = binder.nextTable();
  const names = node.function === 'JSON_TABLE' ? node.columns.map((column) => column.name) : SQLITE_JSON_COLUMNS;
  const bound = names.map((name) => {
    if (node.function !== 'JSON_TABLE') return { name, column: name };
    const column = binder.nextColumn();
    binder.definitions.set(column, { kind: 'output', expressions: [document] });
    return { name, column };
  });
  const columns = bound.map(
    ({ name, column }): ScopeColumn => ({ name, fold: foldName(name), refer: () => reference(alias, column) }),
  );
  return {
    table: {
      ...node,
      document,
      root: node.root && bindPart(node.root),
      columns: node.columns.map((column, index) => ({ ...column, name: bound[index]!.column })),
      alias,
    },
    sources: [{ fold: foldName(node.alias ?? node.function), schema: null, columns }],
    columns,
  };
}

function onlyColumn(columns: readonly ScopeColumn[], fold: string): ScopeColumn {
  const found = columns.filter((column) => column.fold === fold);
  if (found.length > 1) throw new SwaliError('SEAL_COLUMN_AMBIGUOUS', { detail: 'in USING or NATURAL' });
  if (!found[0]) throw new SwaliError('SEAL_COLUMN_UNKNOWN', { detail: 'in USING' });
  return found[0];
}

/** Names that USING or NATURAL joins, in the order that the servers show them: as the preserved side declares them, else the left one. */
function sharedNames(node: Join, left: BoundTable, right: BoundTable): string[] {
  const named = (table: BoundTable) => table.columns.filter((column) => !column.implicit).map((column) => column.fold);
  const [first, second] = node.type === 'RIGHT' ? [right, left] : [left, right];
  const others = new Set(node.using ? node.using.map(foldName) : node.natural ? named(second) : []);
  const shared = [...new Set(named(first))].filter((fold) => others.has(fold));
  // A name of USING that neither side shows still goes on, to be refused as unknown.
  return node.using ? [...new Set([...shared, ...others])] : shared;
}

/**
 * Refuses USING and NATURAL inside a join in parentheses that is not the first: SQLite shows its columns in an order of its own.
 *
 * @throws SwaliError `SEAL_UNSUPPORTED`
 */
export function assertPlainNesting(table: TableExpression): void {
  if (table.kind !== 'join') return;
  if (table.natural || table.using !== null)
    throw new SwaliError('SEAL_UNSUPPORTED', { detail: 'USING or NATURAL inside a parenthesised join; use ON' });
  assertPlainNesting(table.left);
  assertPlainNesting(table.right);
}

/** SQLite: under RIGHT and FULL, `t.*` of a table to the left shows merged columns as `*` does. */
function mergeInStars(table: BoundTable, merged: readonly ScopeColumn[]): BoundTable {
  const byFold = new Map(merged.map((column) => [column.fold, column.refer]));
  const sources = table.sources.map((source) => ({
    ...source,
    columns: source.columns.map((column) => {
      const refer = byFold.get(column.fold);
      return refer && !column.implicit ? { ...column, referByStar: refer } : column;
    }),
  }));
  return { ...table, sources };
}

function mergeColumn(node: Join, left: ScopeColumn, right: ScopeColumn): ScopeColumn {
  if (node.type === 'RIGHT') return { ...right, name: left.name };
  if (node.type !== 'FULL') return left;
  const refer = (): Expression => makeCall('COALESCE', left.refer(), right.refer());
  return { ...left, refer };
}

/** Order of `*` over a join with shared columns, as the servers give it (SQLite leaves the left side's order as it was). */
function mergedOrder(
  node: Join,
  merged: readonly ScopeColumn[],
  left: BoundTable,
  right: BoundTable,
  sqlite: boolean,
): ScopeColumn[] {
  const folds = new Set(merged.map((column) => column.fold));
  const rest = (table: BoundTable) => table.columns.filter((column) => !folds.has(column.fold));
  if (sqlite)
    return [
      ...left.columns.map((column) => merged.find((entry) => entry.fold === column.fold) ?? column),
      ...rest(right),
    ];
  return node.type === 'RIGHT'
    ? [...merged, ...rest(right), ...rest(left)]
    : [...merged, ...rest(left), ...rest(right)];
}

function bindJoin(node: Join, scope: TableScope, binder: Binder): BoundTable {
  const sqlite = binder.environment.dialect === 'sqlite';
  const left = binder.table(node.left, scope);
  const before = scope.preceding ? concatTables([scope.preceding, left]) : left;
  if (sqlite) assertPlainNesting(node.right);
  const right = binder.table(node.right, { ...scope, preceding: before });
  const both = concatTables([left, right]);
  assertDistinctSources(both.sources);
  const folds = sharedNames(node, left, right);
  let condition: Expression | null = null;
  const merged = folds.map((fold) => {
    const [ours, theirs] = [onlyColumn(left.columns, fold), onlyColumn(right.columns, fold)];
    condition = conjoin(condition, { kind: 'binary', operator: '=', left: ours.refer(), right: theirs.refer() });
    return mergeColumn(node, ours, theirs);
  });
  const isOuter = node.type === 'RIGHT' || node.type === 'FULL';
  if (node.on) {
    condition = conjoin(condition, binder.expression(node.on, scopeOf(both, scope)));
  }
  const hidden = new Set(folds);
  const columns =
    folds.length === 0
      ? both.columns
      : mergedOrder(
          node,
          merged,
          left,
          { ...right, columns: right.columns.filter((column) => !hidden.has(column.fold)) },
          sqlite,
        );
  const type = (node.type === 'CROSS' || node.type === 'STRAIGHT') && node.natural ? 'INNER' : node.type;
  return {
    table: { kind: 'join', type, natural: false, left: left.table, right: right.table, on: condition, using: null },
    sources: sqlite && isOuter ? [...mergeInStars(left, merged).sources, ...right.sources] : both.sources,
    columns,
  };
}

/** Tables side by side, as a comma list has them. */
export function concatTables(tables: readonly BoundTable[]): BoundTable {
  return {
    table: (tables.at(-1) as BoundTable).table,
    sources: tables.flatMap((table) => table.sources),
    columns: tables.flatMap((table) => table.columns),
  };
}

/**
 * Binds one entry of FROM. USING and NATURAL become ON over visible columns; every source gets an alias of ours.
 *
 * @throws SwaliError `SEAL_RELATION_UNKNOWN` for closed and absent relations alike
 */
export function bindTable(node: TableExpression, scope: TableScope, binder: Binder): BoundTable {
  switch (node.kind) {
    case 'relation':
      return bindRelation(node, scope, binder);
    case 'derived':
      return bindDerived(node, scope, binder);
    case 'join':
      return bindJoin(node, scope, binder);
    case 'json-rows':
      return bindJsonRows(node, scope, binder);
    case 'enclosure':
      throw new SwaliError('SEAL_UNSUPPORTED', { detail: 'an enclosure cannot be written' });
  }
}
