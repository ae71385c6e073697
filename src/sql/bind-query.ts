import { SwaliError } from '../errors/swali-error.js';
import { classifyCall } from './bind-expression.js';
import { bindOrdinal, bindSelect, orderNames } from './bind-select.js';
import type { Binder, BoundOutput, BoundQuery } from './binder.js';
import { foldName } from './fold-name.js';
import { mapChildren } from './map-children.js';
import type {
  CommonTable,
  Expression,
  Limit,
  LimitValue,
  OrderItem,
  Query,
  QueryBody,
  Select,
  Values,
  With,
} from './nodes.js';
import { type CommonTableEntry, type CommonTables, emptyScope, type Scope, type ScopeOutput } from './scope.js';

/** Rows of a VALUES list at most: each becomes a leg of a UNION ALL. */
const MAX_VALUES_ROWS = 200;

interface BoundBody {
  readonly body: QueryBody;
  readonly outputs: readonly BoundOutput[];
  /** Output names of the further legs of a set operation, for SQLite's ORDER BY. */
  readonly otherNames: readonly (readonly string[])[];
  readonly bindOrderBy: ((items: readonly OrderItem[]) => OrderItem[]) | null;
}

interface Place {
  readonly parent: Scope | null;
  readonly tables: CommonTables | null;
  readonly onFirstLeg: ((leg: readonly BoundOutput[]) => void) | undefined;
}

const EMPTY_SELECT: Omit<Select, 'items'> = {
  kind: 'select',
  distinct: false,
  straight: false,
  from: [],
  where: null,
  groupBy: [],
  rollup: false,
  having: null,
  windows: [],
};

/** `VALUES (1, 2), (3, 4)` as UNION ALL of selects: the servers differ in how they name its columns, we name them ourselves. */
function valuesAsUnion(values: Values): QueryBody {
  const width = values.rows[0]?.length ?? 0;
  if (values.rows.some((row) => row.length !== width))
    throw new SwaliError('SEAL_SHAPE', { detail: 'VALUES rows differ in length' });
  if (values.rows.length > MAX_VALUES_ROWS)
    throw new SwaliError('SEAL_TOO_DEEP', { detail: `more than ${MAX_VALUES_ROWS} VALUES rows` });
  const [first, ...rest] = values.rows.map(
    (row): Select => ({
      ...EMPTY_SELECT,
      items: row.map((expression, index) => ({
        kind: 'expression',
        expression,
        alias: `column${index + 1}`,
        text: '',
      })),
    }),
  );
  return rest.reduce<QueryBody>(
    (left, right) => ({ kind: 'set-operation', operator: 'UNION', all: true, left, right }),
    first as Select,
  );
}

function bindSetOperation(
  node: Extract<QueryBody, { kind: 'set-operation' }>,
  place: Place,
  binder: Binder,
): BoundBody {
  const left = bindBody(node.left, place, binder);
  const right = bindBody(node.right, { ...place, onFirstLeg: undefined }, binder);
  if (left.outputs.length !== right.outputs.length)
    throw new SwaliError('SEAL_SHAPE', { detail: `the parts of a ${node.operator} differ in their number of columns` });
  left.outputs.forEach(({ column }, index) => {
    const [ours, theirs] = [binder.definitions.get(column), binder.definitions.get(right.outputs[index]!.column)];
    if (ours?.kind === 'output' && theirs?.kind === 'output') ours.expressions.push(...theirs.expressions);
  });
  return {
    body: { ...node, left: left.body, right: right.body },
    outputs: left.outputs,
    otherNames: [...left.otherNames, right.outputs.map((output) => output.name), ...right.otherNames],
    bindOrderBy: null,
  };
}

function bindBody(body: QueryBody, place: Place, binder: Binder): BoundBody {
  switch (body.kind) {
    case 'select': {
      const { select, outputs, bindOrderBy } = bindSelect(body, place.parent, place.tables, binder);
      place.onFirstLeg?.(outputs);
      return { body: select, outputs, otherNames: [], bindOrderBy };
    }
    case 'set-operation':
      return bindSetOperation(body, place, binder);
    case 'values':
      return bindBody(valuesAsUnion(body), place, binder);
    case 'query': {
      const { query, outputs } = binder.query(body, place.parent, place.tables, place.onFirstLeg);
      return { body: query, outputs, otherNames: [], bindOrderBy: null };
    }
  }
}

/**
 * Refuses aggregates and windows where a query expression as a whole is ordered: MariaDB takes them behind a query in
 * parentheses, makes one row of many there, and no select is left whose rows could be ordered first.
 */
function assertPlainOrder(expression: Expression, binder: Binder): void {
  mapChildren(expression, {
    expression: (child) => {
      assertPlainOrder(child, binder);
      return child;
    },
    query: (query) => query,
  });
  if (expression.kind !== 'call') return;
  const rule = binder.environment.functionRule(expression.name);
  if (rule && classifyCall(expression, rule) !== 'scalar')
    throw new SwaliError('SEAL_SHAPE', {
      detail: 'an aggregate or window in the ORDER BY of a whole query expression',
    });
}

/** ORDER BY of a set operation or of a parenthesised query: only output columns, by name or number. */
function bindOutputOrder(items: readonly OrderItem[], bound: BoundBody, place: Place, binder: Binder): OrderItem[] {
  const named = [
    bound.outputs.map((output) => output.name),
    ...(binder.environment.dialect === 'sqlite' ? bound.otherNames : []),
  ];
  const outputs = named.flatMap((names, leg) =>
    names.map((name, index): ScopeOutput => {
      const column = bound.outputs[index]!.column;
      return {
        fold: foldName(name),
        aliased: leg === 0,
        refer: () => ({ kind: 'output', name: column }),
        expression: { kind: 'output', name: column },
      };
    }),
  );
  for (const item of items) assertPlainOrder(item.expression, binder);
  return items.map((item) => {
    const scope: Scope = {
      ...emptyScope(place.parent, place.tables),
      outputs,
      outputNames: orderNames(item.expression),
    };
    return {
      ...item,
      expression: bindOrdinal(item.expression, bound.outputs) ?? binder.expression(item.expression, scope),
    };
  });
}

function bindLimitValue(value: LimitValue, binder: Binder): LimitValue {
  if (value.kind === 'integer') return value;
  const bound = binder.expression(value, emptyScope(null, null));
  return bound.kind === 'parameter' ? bound : value;
}

function bindLimit(limit: Limit, binder: Binder): Limit {
  return { count: bindLimitValue(limit.count, binder), offset: limit.offset && bindLimitValue(limit.offset, binder) };
}

/** True where a query's own text may name the common table that it defines. */
function mayRecur(node: With, binder: Binder): boolean {
  // SQLite takes RECURSIVE as noise: every common table may read itself.
  return node.recursive || binder.environment.dialect === 'sqlite';
}

/** True where a common table may read those after it. */
function mayReadAhead(node: With, binder: Binder): boolean {
  return mayRecur(node, binder) && binder.environment.dialect !== 'mysql';
}

function nameColumns(table: CommonTable, outputs: readonly BoundOutput[]): CommonTableEntry['columns'] {
  if (table.columns && table.columns.length !== outputs.length)
    throw new SwaliError('SEAL_SHAPE', { detail: 'a column list and its query differ in length' });
  return outputs.map(({ name, column }, index) => ({ name: table.columns?.[index] ?? name, column }));
}

function bindCommonTable(
  table: CommonTable,
  entry: CommonTableEntry,
  node: With,
  parent: Scope | null,
  tables: CommonTables,
  binder: Binder,
): CommonTable {
  const inner: CommonTables = mayRecur(node, binder) ? { entries: [entry], outer: tables } : tables;
  const outer = binder.environment.dialect === 'mariadb' ? null : parent;
  const { query, outputs } = binder.query(table.query, outer, inner, (leg) => {
    entry.columns = nameColumns(table, leg);
  });
  entry.columns = nameColumns(table, outputs);
  const columns = outputs.map((output) => output.column);
  return { name: entry.name, columns, query, materialized: table.materialized };
}

function bindWith(node: With, parent: Scope | null, tables: CommonTables | null, binder: Binder): [With, CommonTables] {
  binder.hasCommonTables = true;
  const folds = node.tables.map((table) => foldName(table.name));
  if (new Set(folds).size < folds.length)
    throw new SwaliError('SEAL_SHAPE', { detail: 'two common tables of one name' });
  const done: CommonTableEntry[] = [];
  const bound = node.tables.map((table, index) => {
    const entry: CommonTableEntry = { fold: folds[index] as string, name: binder.nextTable(), columns: null };
    // Where the server would let a name mean a later table, it must not mean a relation here: in sight, and not yet readable.
    const later = folds.slice(index + 1).map((fold) => ({ fold, name: '', columns: null }));
    const entries = mayReadAhead(node, binder) ? [...done, ...later] : [...done];
    const result = bindCommonTable(table, entry, node, parent, { entries, outer: tables }, binder);
    done.push(entry);
    return result;
  });
  return [
    { recursive: node.recursive, tables: bound },
    { entries: done, outer: tables },
  ];
}

/**
 * Binds a query expression: common tables, body, ORDER BY, LIMIT.
 *
 * @param parent names of the outer query, null at the top
 * @param tables common tables in sight
 * @param onFirstLeg told the outputs of the first leg before the next is bound: a recursive common table's columns
 */
export function bindQuery(
  node: Query,
  parent: Scope | null,
  tables: CommonTables | null,
  binder: Binder,
  onFirstLeg?: (leg: readonly BoundOutput[]) => void,
): BoundQuery {
  const [withClause, visible] = node.with ? bindWith(node.with, parent, tables, binder) : [null, tables];
  const place: Place = { parent, tables: visible, onFirstLeg };
  const bound = bindBody(node.body, place, binder);
  const orderBy = bound.bindOrderBy
    ? bound.bindOrderBy(node.orderBy)
    : bindOutputOrder(node.orderBy, bound, place, binder);
  return {
    query: {
      kind: 'query',
      with: withClause,
      body: bound.body,
      orderBy,
      limit: node.limit && bindLimit(node.limit, binder),
    },
    outputs: bound.outputs,
  };
}
