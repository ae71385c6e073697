import type { Dialect } from '../../domain/dialect.js';
import { spellOut } from '../../seal/order-window.js';
import { expressionKey } from '../../sql/expression-key.js';
import { foldName } from '../../sql/fold-name.js';
import { functionRule } from '../../sql/functions.js';
import { isAggregated, roleOf } from '../../sql/levels.js';
import { mapChildren } from '../../sql/map-children.js';
import {
  type Expression,
  type FunctionCall,
  type OrderItem,
  type Query,
  type QueryBody,
  type Select,
  SQLITE_JSON_COLUMNS,
  type TableExpression,
  type WindowSpecification,
} from '../../sql/nodes.js';
import type { Vocabulary } from '../vocabulary.js';
import {
  type ColumnId,
  closeOver,
  identifiesRow,
  type Level,
  leavesOfTable,
  makeLevel,
  type RowSource,
  type Rows,
  resolveColumn,
  traitOfId,
} from './rows.js';
import { joinTraits, type Trait, traitOf, traitOfColumn } from './value-traits.js';

/** Why SQL itself leaves the result of a statement open. */
export type OpenReason =
  /** LIMIT or OFFSET, at any level, over rows whose order is not total: which rows are taken is the server's choice. */
  | 'limit-without-total-order'
  /** A window function that follows the order of rows, or a ROWS frame, over an order with peers. */
  | 'window-without-total-order'
  /** GROUP_CONCAT, a JSON array or object of many rows whose order is not total, where that shows. */
  | 'list-without-total-order'
  /** A column that is neither grouped nor aggregated nor determined by the groups. */
  | 'undetermined-column'
  /** A sum, average or deviation in floating point: its last digits follow the order of adding. */
  | 'floating-point-sum'
  /** One of several spellings that compare equal stands for a group, a DISTINCT or set-operation row, MIN or MAX. */
  | 'representative'
  /** What time it is. */
  | 'clock'
  /** A random number or identifier. */
  | 'random'
  /** A recursive table that is cut by LIMIT. */
  | 'recursion'
  /** SQLite's scalar subquery over more than one row: the first one is taken. */
  | 'first-row';

/** What a query is read in. */
interface Reading {
  readonly vocabulary: Vocabulary;
  readonly reasons: Set<OpenReason>;
  /** Common tables in sight by folded name. */
  readonly common: ReadonlyMap<string, Rows>;
  /** Levels of the queries around, the nearest first. */
  readonly outer: readonly Level[];
}

const UNKNOWN: Trait = { form: 'other', exact: false };
const LISTS = /^(?:GROUP_CONCAT|STRING_AGG|JSONB?_(?:GROUP_(?:ARRAY|OBJECT))|JSON_(?:ARRAY|OBJECT)AGG)$/;
const COUNTING = /^(?:ROW_NUMBER|NTILE|LAG|LEAD|FIRST_VALUE|LAST_VALUE|NTH_VALUE)$/;
const SUMS = /^(?:SUM|AVG|TOTAL)$/;
const DEVIATIONS = /^(?:STD|STDDEV|STDDEV_POP|STDDEV_SAMP|VARIANCE|VAR_POP|VAR_SAMP)$/;
const RANDOM = /^(?:RAND|RANDOM|RANDOMBLOB|UUID|UUID_SHORT|RANDOM_BYTES|SYS_GUID)$/;

function isClock(call: FunctionCall, dialect: Dialect): boolean {
  if (functionRule(dialect, call.name)?.volatility !== 'clock') return false;
  const written = call.name === 'STRFTIME' ? call.arguments.slice(1) : call.arguments;
  const precision = /^(?:NOW|CURRENT_|CURTIME|LOCALTIME|UTC_)/.test(call.name);
  return written.length === 0 || precision || written.some((part) => part.kind === 'string' && /now/i.test(part.value));
}

/** Rows of one source. */
function readTable(table: TableExpression, reading: Reading): RowSource {
  const { vocabulary } = reading;
  switch (table.kind) {
    case 'relation': {
      const alias = table.alias ?? table.name;
      const common = table.schema === null ? reading.common.get(foldName(table.name)) : undefined;
      if (common) return { alias, ...common };
      const relation = vocabulary.relations.find((one) => foldName(one.name) === foldName(table.name));
      if (!relation) return { alias, columns: [], keys: [] };
      const columns = relation.columns.map((column) => ({
        name: column.name,
        trait: traitOfColumn(column, vocabulary.dialect),
      }));
      const keys = relation.keys.map((key) =>
        key.map((name) => relation.columns.findIndex((column) => column.name === name)),
      );
      const isNull = (index: number) => relation.columns[index]?.nullable ?? true;
      return { alias, columns, keys: keys.filter((key) => key.length > 0 && !key.some(isNull)) };
    }
    case 'derived': {
      const rows = readQuery(table.query, reading, 'rows');
      const columns = rows.columns.map((column, index) => ({ ...column, name: table.columns?.[index] ?? column.name }));
      return { alias: table.alias ?? '', columns, keys: rows.keys };
    }
    case 'json-rows': {
      const names = table.function === 'JSON_TABLE' ? table.columns.map((column) => column.name) : SQLITE_JSON_COLUMNS;
      const columns = names.map((name) => ({ name, trait: UNKNOWN }));
      // Rows of one document are numbered; of several documents, joined with their rows.
      const id = table.function === 'JSON_TABLE' ? table.columns.findIndex((column) => column.type === null) : 4;
      return { alias: table.alias ?? table.function, columns, keys: id < 0 ? [] : [[id]] };
    }
    case 'join':
    case 'enclosure':
      return { alias: '', columns: [], keys: [] };
  }
}

/** One select with what is known of it. */
interface Known {
  readonly select: Select;
  readonly level: Level;
  readonly aggregated: boolean;
  readonly reading: Reading;
  readonly outputs: readonly { readonly name: string; readonly expression: Expression; readonly trait: Trait }[];
  /** Group expressions by {@link keyOf}. */
  readonly groups: ReadonlySet<string>;
  /** What the groups determine. */
  readonly determined: ReadonlySet<ColumnId>;
}

/** A key of an expression that does not depend on how its columns are qualified. */
function keyOf(expression: Expression, level: Level): string {
  const plain = (node: Expression): Expression => {
    const id = resolveColumn(node, level);
    if (id) return { kind: 'column', qualifier: ['#'], name: id, at: -1 };
    return mapChildren(node, { expression: plain, query: (query) => query });
  };
  return expressionKey(plain(expression));
}

/** The trait of a column of a query around; null where no level has it. */
function findOuter(reference: Expression, reading: Reading): Trait | null {
  for (const level of reading.outer) {
    const id = resolveColumn(reference, level);
    if (id) return traitOfId(id, level);
  }
  return null;
}

/** How a subquery at this level is read. */
function inside(reading: Reading, level: Level): Reading {
  return { ...reading, outer: [level, ...reading.outer] };
}

function makeTrait(level: Level, reading: Reading): (expression: Expression) => Trait {
  const column = (reference: Expression): Trait => {
    if (reference.kind === 'scalar-query')
      return (
        readQuery(reference.query, { ...inside(reading, level), reasons: new Set() }, 'rows').columns[0]?.trait ??
        UNKNOWN
      );
    const id = resolveColumn(reference, level);
    return id ? traitOfId(id, level) : (findOuter(reference, reading) ?? UNKNOWN);
  };
  return (expression) => traitOf(expression, reading.vocabulary.dialect, column);
}

/** The select list, `*` spelled out. */
function readOutputs(select: Select, level: Level, trait: (expression: Expression) => Trait): Known['outputs'] {
  return select.items.flatMap((item) => {
    if (item.kind === 'expression') {
      const own = item.expression.kind === 'column' ? item.expression.name : item.text;
      return [{ name: item.alias ?? own, expression: item.expression, trait: trait(item.expression) }];
    }
    const wanted = item.qualifier.at(-1);
    return level.sources.flatMap((source, at) =>
      wanted !== undefined && foldName(wanted) !== foldName(source.alias)
        ? []
        : source.columns.flatMap(({ name, trait: known }, index) =>
            wanted === undefined && level.merged.has(`${at}.${index}`)
              ? []
              : [
                  {
                    name,
                    expression: { kind: 'column', qualifier: [source.alias], name, at: -1 } as Expression,
                    trait: known,
                  },
                ],
          ),
    );
  });
}

/** What a term of ORDER BY or GROUP BY means: an output by place or name, or the expression itself. */
function meaningOf(term: Expression, known: Pick<Known, 'outputs' | 'level'>, outputsFirst: boolean): Expression {
  if (term.kind === 'number' && term.form === 'integer')
    return known.outputs[Number(term.text) - 1]?.expression ?? term;
  if (term.kind !== 'column' || term.qualifier.length > 0) return term;
  const named = known.outputs.find((output) => foldName(output.name) === foldName(term.name))?.expression;
  return outputsFirst ? (named ?? term) : resolveColumn(term, known.level) ? term : (named ?? term);
}

/** Whether rows of a level are told apart by these expressions. */
function isTotal(terms: readonly Expression[], known: Known): boolean {
  const { level } = known;
  if (known.aggregated) {
    if (known.select.groupBy.length === 0) return true;
    const said = new Set(terms.map((term) => keyOf(term, level)));
    const columns = closeOver(
      terms.flatMap((term) => resolveColumn(term, level) ?? []),
      level,
    );
    const covers = (group: Expression) => {
      const id = resolveColumn(group, level);
      return said.has(keyOf(group, level)) || (id !== null && columns.has(id));
    };
    return !known.select.rollup && known.select.groupBy.map((group) => meaningOf(group, known, false)).every(covers);
  }
  return identifiesRow(
    closeOver(
      terms.flatMap((term) => resolveColumn(term, level) ?? []),
      level,
    ),
    level,
  );
}

/** Whether the order of a query's own rows is total, as far as its outputs show. */
function isOrdered(orderBy: readonly OrderItem[], known: Known): boolean {
  const terms = orderBy.map((item) => meaningOf(item.expression, known, true));
  const { level, outputs, select } = known;
  const said = new Set(terms.map((term) => keyOf(term, level)));
  const columns = closeOver(
    terms.flatMap((term) => resolveColumn(term, level) ?? []),
    level,
  );
  const shows = (expression: Expression): boolean => {
    const id = resolveColumn(expression, level);
    return said.has(keyOf(expression, level)) || (!known.aggregated && id !== null && columns.has(id));
  };
  // Peers that agree in every output cannot be told apart; those of DISTINCT are no two rows.
  if (outputs.every(({ expression, trait }) => shows(expression) && (trait.exact || select.distinct))) return true;
  return !select.distinct && isTotal(terms, known);
}

function checkList(call: FunctionCall, known: Known, trait: (expression: Expression) => Trait): void {
  const { reading, level } = known;
  const terms = call.orderBy.map((item) => item.expression);
  const said = new Set(terms.map((term) => keyOf(term, level)));
  const groups = known.select.groupBy.map((group) => meaningOf(group, known, false));
  const all = closeOver(
    [...terms, ...groups].flatMap((term) => resolveColumn(term, level) ?? []),
    level,
  );
  const showsAll = call.arguments.every(
    (argument) =>
      argument.kind === 'string' || (said.has(keyOf(argument, level)) && (trait(argument).exact || call.distinct)),
  );
  if (call.distinct && !call.arguments.every((argument) => trait(argument).exact))
    reading.reasons.add('representative');
  if (!showsAll && !identifiesRow(all, level)) reading.reasons.add('list-without-total-order');
}

function isWhole(window: WindowSpecification): boolean {
  const { frame } = window;
  return frame?.start.type === 'UNBOUNDED PRECEDING' && frame.end?.type === 'UNBOUNDED FOLLOWING' && !frame.exclude;
}

function checkWindow(call: FunctionCall, known: Known): void {
  const window = spellOut(call.over as NonNullable<FunctionCall['over']>, known.select);
  const isList = LISTS.test(call.name);
  const follows = COUNTING.test(call.name) || isList || (window.frame?.unit === 'ROWS' && !isWhole(window));
  const ranks = /RANK|CUME_DIST/.test(call.name);
  const terms = [...window.partitionBy, ...window.orderBy.map((item) => item.expression)];
  if (follows && !ranks && !isTotal(terms, known))
    known.reading.reasons.add(isList ? 'list-without-total-order' : 'window-without-total-order');
}

function checkCall(call: FunctionCall, known: Known, trait: (expression: Expression) => Trait): void {
  const { reasons, vocabulary } = known.reading;
  if (isClock(call, vocabulary.dialect)) reasons.add('clock');
  if (RANDOM.test(call.name)) reasons.add('random');
  const role = roleOf(call, vocabulary.dialect);
  if (role === 'scalar') return;
  const [first] = call.arguments;
  const adds =
    (SUMS.test(call.name) && first && !['whole', 'decimal'].includes(trait(first).form)) || DEVIATIONS.test(call.name);
  if (adds) reasons.add('floating-point-sum');
  if ((call.name === 'MIN' || call.name === 'MAX') && first && !trait(first).exact) reasons.add('representative');
  if (call.over) checkWindow(call, known);
  else if (LISTS.test(call.name)) checkList(call, known, trait);
}

/** Looks at every node of one level, and reads its subqueries. */
function checkExpression(expression: Expression, known: Known, trait: (expression: Expression) => Trait): void {
  const { reading } = known;
  if (expression.kind === 'call') checkCall(expression, known, trait);
  const use = expression.kind === 'exists' ? 'exists' : expression.kind === 'scalar-query' ? 'scalar' : 'rows';
  mapChildren(expression, {
    expression: (child) => {
      checkExpression(child, known, trait);
      return child;
    },
    query: (query) => {
      readQuery(query, inside(reading, known.level), use);
      return query;
    },
  });
}

/** Looks for columns that the groups do not determine, outside aggregates. */
function checkDetermined(expression: Expression, known: Known): void {
  const { level, groups, determined, reading } = known;
  if (groups.has(keyOf(expression, level))) return;
  if (expression.kind === 'call' && roleOf(expression, reading.vocabulary.dialect) === 'aggregate') return;
  const id = resolveColumn(expression, level);
  if (id && !determined.has(id)) reading.reasons.add('undetermined-column');
  mapChildren(expression, {
    expression: (child) => {
      checkDetermined(child, known);
      return child;
    },
    query: (query) => query,
  });
}

/** Keys of what a select gives. */
function keysOf(known: Known): number[][] {
  const { select, outputs, level } = known;
  const all = outputs.map((_, index) => index);
  if (known.aggregated) {
    if (select.groupBy.length === 0) return [[]];
    const places = select.groupBy.map((group) => {
      const key = keyOf(meaningOf(group, known, false), level);
      return outputs.findIndex((output) => keyOf(output.expression, level) === key);
    });
    return select.rollup || places.includes(-1) ? [] : [places];
  }
  if (select.distinct) return [all];
  const total = (places: readonly number[]) =>
    isTotal(
      places.flatMap((place) => outputs[place]?.expression ?? []),
      known,
    );
  if (!total(all)) return [];
  // Drops what is not needed, from the end.
  return [
    all.reduceRight(
      (kept, place) =>
        total(kept.filter((other) => other !== place)) ? kept.filter((other) => other !== place) : kept,
      all,
    ),
  ];
}

function readSelect(select: Select, orderBy: readonly OrderItem[], reading: Reading): { known: Known; rows: Rows } {
  const sources = select.from.flatMap(leavesOfTable).map((table) => readTable(table, reading));
  const level = makeLevel(select, sources, (reference) => findOuter(reference, reading));
  const trait = makeTrait(level, reading);
  const { dialect } = reading.vocabulary;
  const outputs = readOutputs(select, level, trait);
  const meant = select.groupBy.map((group) => meaningOf(group, { outputs, level }, false));
  const known: Known = {
    select,
    level,
    aggregated: isAggregated(select, orderBy, dialect),
    reading,
    outputs,
    groups: new Set(meant.map((group) => keyOf(group, level))),
    determined: closeOver(
      meant.flatMap((group) => resolveColumn(group, level) ?? []),
      level,
    ),
  };
  const items = outputs.map((output) => output.expression);
  const terms = orderBy.map((item) => meaningOf(item.expression, known, true));
  const windows = select.windows.flatMap(({ window }) => [
    ...window.partitionBy,
    ...window.orderBy.map((item) => item.expression),
  ]);
  const conditions = [...select.from.flatMap(joinConditions), select.where, select.having].filter(
    (part) => part !== null,
  );
  for (const part of [...items, ...terms, ...windows, ...conditions, ...meant]) checkExpression(part, known, trait);
  if (known.aggregated) {
    for (const part of [...items, ...terms, ...(select.having ? [meaningOf(select.having, known, true)] : [])])
      checkDetermined(part, known);
    if (meant.some((group) => !trait(group).exact)) checkShownGroups(known, meant, trait);
  }
  if (select.distinct && outputs.some((output) => !output.trait.exact)) reading.reasons.add('representative');
  const columns = outputs.map((output) => ({ name: output.name, trait: output.trait }));
  return { known, rows: { columns, keys: keysOf(known) } };
}

/** A group of several spellings shows one of them only where the query names it. */
function checkShownGroups(known: Known, groups: readonly Expression[], trait: (expression: Expression) => Trait): void {
  const { level } = known;
  const loose = new Set(groups.filter((group) => !trait(group).exact).map((group) => keyOf(group, level)));
  const look = (expression: Expression): void => {
    if (loose.has(keyOf(expression, level))) known.reading.reasons.add('representative');
    if (expression.kind === 'call' && roleOf(expression, known.reading.vocabulary.dialect) === 'aggregate') return;
    mapChildren(expression, {
      expression: (child) => {
        look(child);
        return child;
      },
      query: (query) => query,
    });
  };
  for (const output of known.outputs) look(output.expression);
  if (known.select.having) look(known.select.having);
}

function joinConditions(table: TableExpression): Expression[] {
  if (table.kind === 'json-rows') return [table.document];
  if (table.kind !== 'join') return [];
  return [...joinConditions(table.left), ...joinConditions(table.right), ...(table.on ? [table.on] : [])];
}

/** What a body gives, and whether ORDER BY puts it into a total order. */
function readBody(body: QueryBody, orderBy: readonly OrderItem[], reading: Reading): { rows: Rows; ordered: boolean } {
  switch (body.kind) {
    case 'select': {
      const { known, rows } = readSelect(body, orderBy, reading);
      return { rows, ordered: rows.keys.some((key) => key.length === 0) || isOrdered(orderBy, known) };
    }
    case 'query': {
      const rows = readQuery(body, reading, 'rows');
      return { rows, ordered: coversOutputs(orderBy, rows, false) };
    }
    case 'values': {
      const columns = (body.rows[0] ?? []).map((_, index) => ({ name: `column${index + 1}`, trait: UNKNOWN }));
      return { rows: { columns, keys: body.rows.length === 1 ? [[]] : [] }, ordered: body.rows.length === 1 };
    }
    case 'set-operation': {
      const [left, right] = [readBody(body.left, [], reading).rows, readBody(body.right, [], reading).rows];
      const columns = left.columns.map((column, index) => {
        const other = right.columns[index]?.trait ?? UNKNOWN;
        return { ...column, trait: joinTraits([column.trait, other], reading.vocabulary.dialect) };
      });
      const compares = !body.all || body.operator !== 'UNION';
      if (compares && columns.some((column) => !column.trait.exact)) reading.reasons.add('representative');
      const rows = { columns, keys: body.all ? [] : [columns.map((_, index) => index)] };
      return { rows, ordered: coversOutputs(orderBy, rows, !body.all) };
    }
  }
}

/** Whether terms name every output, so that peers agree in all. */
function coversOutputs(orderBy: readonly OrderItem[], rows: Rows, distinct: boolean): boolean {
  const named = new Set(
    orderBy.map(({ expression }) =>
      expression.kind === 'number'
        ? Number(expression.text) - 1
        : expression.kind === 'column'
          ? rows.columns.findIndex((column) => foldName(column.name) === foldName(expression.name))
          : -1,
    ),
  );
  return rows.columns.every((column, index) => named.has(index) && (distinct || column.trait.exact));
}

function readsName(query: Query, name: string): boolean {
  const inBody = (body: QueryBody): boolean => {
    if (body.kind === 'set-operation') return inBody(body.left) || inBody(body.right);
    if (body.kind === 'query') return inBody(body.body);
    if (body.kind !== 'select') return false;
    return body.from
      .flatMap(leavesOfTable)
      .some((table) => table.kind === 'relation' && foldName(table.name) === foldName(name));
  };
  return inBody(query.body);
}

/** Common tables of a WITH, each read in sight of those before. */
function readWith(query: Query, reading: Reading): Reading {
  const common = new Map(reading.common);
  for (const table of query.with?.tables ?? []) {
    const mayRecur = query.with?.recursive || reading.vocabulary.dialect === 'sqlite';
    const recurs = mayRecur && readsName(table.query, table.name);
    if (recurs && table.query.limit) reading.reasons.add('recursion');
    const names = table.columns;
    const rename = (rows: Rows): Rows => ({
      ...rows,
      columns: rows.columns.map((column, index) => ({ ...column, name: names?.[index] ?? column.name })),
    });
    if (recurs && table.query.body.kind === 'set-operation') {
      // Its first part says its columns; nothing is known of its keys.
      const seed = readBody(table.query.body.left, [], { ...reading, common, reasons: new Set() }).rows;
      common.set(foldName(table.name), { ...rename(seed), keys: [] });
    }
    const rows = rename(readQuery(table.query, { ...reading, common: new Map(common) }, 'rows'));
    common.set(foldName(table.name), rows);
  }
  return { ...reading, common };
}

/** What the rows of a query are for: of `exists`, which rows are taken does not show; of `scalar`, one row is. */
type Use = 'rows' | 'exists' | 'scalar';

function readQuery(query: Query, reading: Reading, use: Use): Rows {
  const inner = readWith(query, reading);
  const { rows, ordered } = readBody(query.body, query.orderBy, inner);
  const single = rows.keys.some((key) => key.length === 0);
  const { limit } = query;
  const cuts = limit !== null && !(limit.count.kind === 'integer' && limit.count.value === 0n);
  if (cuts && !ordered && !single && use !== 'exists') reading.reasons.add('limit-without-total-order');
  if (use === 'scalar' && reading.vocabulary.dialect === 'sqlite' && !limit && !ordered && !single)
    reading.reasons.add('first-row');
  const one = limit?.count.kind === 'integer' && limit.count.value === 1n;
  return one ? { ...rows, keys: [[]] } : rows;
}

/**
 * Whether SQL itself leaves the result of a statement open, so that the caller's own text and the sealed one may rightly differ
 * on the same data. A reason is named only where the statement's shape leaves a choice: an order that holds a key of every
 * relation is total, and so is one that holds every output. Errors are no matter here: where they come from is.
 *
 * @param query unbound, as the parser gives it
 * @param vocabulary relations with their keys and collations: what it does not know counts as having none
 * @returns reasons, each once, sorted; empty where the rows are the same on every right engine
 */
export function classifyOpen(query: Query, vocabulary: Vocabulary): readonly OpenReason[] {
  const reading: Reading = { vocabulary, reasons: new Set(), common: new Map(), outer: [] };
  readQuery(query, reading, 'rows');
  return [...reading.reasons].sort();
}
