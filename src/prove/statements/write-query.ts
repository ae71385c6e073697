import { foldName } from '../../sql/fold-name.js';
import type { CommonTable, Expression, Limit, OrderItem, Query, QueryBody, Select, With } from '../../sql/nodes.js';
import type { Choices } from './choices.js';
import { numberLiteral, plainConstant } from './constants.js';
import {
  type CommonSource,
  type Field,
  freshName,
  leavesOf,
  type Place,
  type SubqueryShape,
  type ValueKind,
  type Writer,
} from './place.js';
import { orderItem } from './write-aggregates.js';
import { writeCondition } from './write-conditions.js';
import { type SelectShape, type WrittenSelect, writeSelect } from './write-select.js';
import type { Surroundings } from './write-tables.js';
import { writeValue } from './write-values.js';

interface WrittenQuery {
  readonly query: Query;
  readonly fields: readonly Field[];
}

const column = (qualifier: string, name: string): Expression => ({
  kind: 'column',
  qualifier: [qualifier],
  name,
  at: -1,
});
const integer = (value: number) => ({ kind: 'integer' as const, value: BigInt(value) });

function writeLimit(choices: Choices): Limit {
  const offset = choices.chance(30) ? integer(choices.below(4)) : null;
  return { count: integer(choices.pick([0, 1, 1, 2, 3, 5, 10, 50])), offset };
}

/** Keys of every relation of a select: with these an order is total. */
function keyTerms(written: WrittenSelect): OrderItem[] {
  return written.sources.flatMap(({ alias, relation, fields }) =>
    (relation?.keys[0] ?? fields.map((field) => field.name)).map((name) => ({
      expression: column(alias, name),
      direction: null,
      nulls: null,
    })),
  );
}

interface Ending {
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
}

/** ORDER BY and LIMIT behind one select, in as many ways as SQL has: total, partial, none. */
function writeEnding(written: WrittenSelect, choices: Choices, chances: { order: number; limit: number }): Ending {
  const limit = choices.chance(chances.limit) ? writeLimit(choices) : null;
  const ordered = choices.chance(limit ? 85 : chances.order);
  if (written.select.rollup && ordered) return { orderBy: [], limit };
  if (!ordered) return { orderBy: [], limit };
  const orderBy = Array.from({ length: 1 + choices.below(2) }, () => written.term());
  const total = written.plain && choices.chance(limit ? 70 : 25);
  return { orderBy: total ? [...orderBy, ...keyTerms(written)] : orderBy, limit };
}

/** Set operations behind a first leg: each further one gives as many columns of the same kinds. */
function writeSetOperation(around: Surroundings, shape: SelectShape): { body: QueryBody; fields: readonly Field[] } {
  const { choices, dialect } = around.writer;
  const sqlite = dialect === 'sqlite';
  const kinds: readonly ValueKind[] =
    shape.kinds ??
    Array.from({ length: 1 + choices.below(2) }, () => choices.pick(['number', 'number', 'text', 'date'] as const));
  const leg = (): { body: QueryBody; fields: readonly Field[] } => {
    const written = writeSelect(around, { ...shape, kinds, leg: true, single: false }, writeTableQuery);
    if (sqlite || !choices.chance(15)) return { body: written.select, fields: written.fields };
    const ending = writeEnding(written, choices, { order: 50, limit: 70 });
    return { body: { kind: 'query', with: null, body: written.select, ...ending }, fields: written.fields };
  };
  const first = leg();
  let body = first.body;
  for (let count = 1 + (choices.chance(25) ? 1 : 0); count > 0; count -= 1) {
    const operator = choices.pick(['UNION', 'UNION', 'UNION', 'INTERSECT', 'EXCEPT'] as const);
    const all = (operator === 'UNION' || !sqlite) && choices.chance(50);
    body = { kind: 'set-operation', operator, all, left: body, right: leg().body };
  }
  return { body, fields: first.fields };
}

/** Terms behind a set operation: only its outputs. */
function setTerms(fields: readonly Field[], place: Place): OrderItem[] {
  const { choices } = place.writer;
  return fields
    .filter(() => choices.chance(70))
    .map((field) => {
      const at = fields.indexOf(field) + 1;
      const named =
        field.name !== '' && fields.filter((other) => foldName(other.name) === foldName(field.name)).length === 1;
      const expression =
        named && choices.chance(40)
          ? ({ kind: 'column', qualifier: [], name: field.name, at: -1 } as const)
          : numberLiteral(String(at));
      return orderItem(place, expression);
    });
}

function plainPlace(around: Surroundings): Place {
  return { ...around, leaves: [], aggregated: null, windows: false, windowNames: [] };
}

/** A query without WITH: a select or a set operation, and its ending. */
function writeBody(around: Surroundings, shape: SelectShape, chances: { order: number; limit: number }): WrittenQuery {
  const { choices, purse } = around.writer;
  if (!shape.single && purse.relations > 1 && choices.chance(around.outer ? 6 : 14)) {
    const { body, fields } = writeSetOperation(around, shape);
    const limit = choices.chance(chances.limit) ? writeLimit(choices) : null;
    const orderBy = choices.chance(limit ? 85 : chances.order) ? setTerms(fields, plainPlace(around)) : [];
    return { query: { kind: 'query', with: null, body, orderBy, limit }, fields };
  }
  const written = writeSelect(around, shape, writeTableQuery);
  const ending = writeEnding(written, choices, chances);
  return { query: { kind: 'query', with: null, body: written.select, ...ending }, fields: written.fields };
}

function emptySelect(items: readonly Expression[]): Select {
  return {
    kind: 'select',
    distinct: false,
    straight: false,
    items: items.map((expression) => ({ kind: 'expression', expression, alias: null, text: '' })),
    from: [],
    where: null,
    groupBy: [],
    rollup: false,
    having: null,
    windows: [],
  };
}

const asQuery = (body: QueryBody): Query => ({ kind: 'query', with: null, body, orderBy: [], limit: null });
const number = (name: string): Field => ({ name, kind: 'number', column: null });

/** A common table that counts, or walks from row to row: always with an end. */
function writeRecursiveTable(around: Surroundings, name: string): { table: CommonTable; fields: Field[] } {
  const { writer } = around;
  const { choices, purse } = writer;
  const most = numberLiteral(choices.pick(['1', '2', '3', '4']));
  const step = (depth: string): Expression => ({
    kind: 'binary',
    operator: '+',
    left: column(name, depth),
    right: numberLiteral('1'),
  });
  const end = (depth: string): Expression => ({
    kind: 'binary',
    operator: '<',
    left: column(name, depth),
    right: most,
  });
  const all = choices.chance(70);
  const self = { kind: 'relation', schema: null, name, alias: null, at: -1 } as const;
  const relations = writer.vocabulary.relations.filter(
    (relation) =>
      foldName(relation.name) !== foldName(name) &&
      !around.commonTables.some((common) => foldName(common.name) === foldName(relation.name)) &&
      relation.columns.some((one) => one.family === 'integer'),
  );
  const union = (left: Select, right: Select): QueryBody => ({
    kind: 'set-operation',
    operator: 'UNION',
    all,
    left,
    right,
  });
  if (relations.length === 0 || purse.relations < 2 || choices.chance(50)) {
    const seed = emptySelect([numberLiteral('1')]);
    const next: Select = { ...emptySelect([step('n')]), from: [self], where: end('n') };
    return {
      table: { name, columns: ['n'], query: asQuery(union(seed, next)), materialized: null },
      fields: [number('n')],
    };
  }
  purse.relations -= 2;
  const relation = choices.pick(relations);
  const key = choices.pick(relation.columns.filter((one) => one.family === 'integer')).name;
  const base = { kind: 'relation', schema: null, name: relation.name, alias: 's', at: -1 } as const;
  const fields = relation.columns.map((one) => ({ name: one.name, kind: 'number' as const, column: one }));
  const place: Place = {
    ...plainPlace(around),
    leaves: leavesOf([{ alias: 's', fields: fields.filter((field) => field.name === key), relation }]),
    outer: null,
    levels: 0,
  };
  const seed: Select = {
    ...emptySelect([column('s', key), numberLiteral('1')]),
    from: [base],
    where: writer.condition(place, 1),
  };
  const on: Expression = {
    kind: 'binary',
    operator: '=',
    left: column('s', key),
    right: { kind: 'binary', operator: '+', left: column(name, 'k'), right: numberLiteral('1') },
  };
  const joined = { kind: 'join', type: 'INNER', natural: false, left: self, right: base, on, using: null } as const;
  const next: Select = { ...emptySelect([column('s', key), step('depth')]), from: [joined], where: end('depth') };
  return {
    table: { name, columns: ['k', 'depth'], query: asQuery(union(seed, next)), materialized: null },
    fields: [number('k'), number('depth')],
  };
}

/** A common table that is a list of constants. */
function writeValuesTable(writer: Writer, name: string): { table: CommonTable; fields: Field[] } {
  const { choices } = writer;
  const row = () => [plainConstant(choices, 'number'), plainConstant(choices, 'text')];
  const rows = Array.from({ length: 1 + choices.below(3) }, row);
  const fields: Field[] = [number('n'), { name: 's', kind: 'text', column: null }];
  return { table: { name, columns: ['n', 's'], query: asQuery({ kind: 'values', rows }), materialized: null }, fields };
}

/** A name for a common table: one of ours, or that of a relation, open or not, or of a common table around. */
function commonName(around: Surroundings, taken: Set<string>): string {
  const { choices, vocabulary } = around.writer;
  const wanted = choices.weighted<string>([
    [4, () => choices.pick(['t1', 'c1', 'b', 'x', 'sub'])],
    [2, () => choices.pick(vocabulary.relations).name],
    [vocabulary.closedRelations?.length ? 2 : 0, () => choices.pick(vocabulary.closedRelations as readonly string[])],
    [around.commonTables.length > 0 ? 2 : 0, () => choices.pick(around.commonTables).name],
  ]);
  const name = taken.has(foldName(wanted)) ? freshName(around.writer, 'w') : wanted;
  taken.add(foldName(name));
  return name;
}

/** WITH, and the common tables that its query then sees. */
function writeWith(around: Surroundings): { with: With; commonTables: readonly CommonSource[] } {
  const { writer } = around;
  const { choices, dialect } = writer;
  const taken = new Set<string>();
  const recursive = choices.chance(30);
  const names = Array.from({ length: 1 + choices.below(2) + (choices.chance(20) ? 1 : 0) }, () =>
    commonName(around, taken),
  );
  const done: CommonSource[] = [];
  const recurring = recursive ? choices.below(names.length) : -1;
  const tables = names.map((name, index): CommonTable => {
    // Names that may mean this table or a later one here are hidden, so that what is written is never read so.
    const hides = recursive || dialect === 'sqlite' ? names.slice(index) : [];
    const hidden = hides.map((one) => ({ name: one, fields: [] }));
    const outer = dialect === 'mariadb' ? null : around.outer;
    const inner: Surroundings = {
      ...around,
      outer,
      levels: Math.max(0, around.levels - 1),
      commonTables: [...done, ...hidden, ...around.commonTables],
    };
    if (index === recurring) {
      const { table, fields } = writeRecursiveTable({ ...around, commonTables: inner.commonTables }, name);
      done.unshift({ name, fields });
      return table;
    }
    if (choices.chance(7)) {
      const { table, fields } = writeValuesTable(writer, name);
      done.unshift({ name, fields });
      return table;
    }
    const { query, fields } = writeTableQuery(inner);
    const renamed = choices.chance(25);
    const named = renamed ? fields.map((field, place) => ({ ...field, name: `e${place + 1}` })) : fields;
    done.unshift({ name, fields: named });
    const materialized = dialect === 'sqlite' && choices.chance(20) ? choices.chance(50) : null;
    return { name, columns: renamed ? named.map((field) => field.name) : null, query, materialized };
  });
  return { with: { recursive, tables }, commonTables: [...done, ...around.commonTables] };
}

function writeFull(
  around: Surroundings,
  shape: SelectShape,
  chances: { order: number; limit: number; with: number },
): WrittenQuery {
  const { choices, purse } = around.writer;
  if (around.levels <= 0 || purse.relations < 2 || !choices.chance(chances.with))
    return writeBody(around, shape, chances);
  const common = writeWith(around);
  // Something must be left to read them by.
  purse.relations = Math.max(1, purse.relations);
  const written = writeBody({ ...around, commonTables: common.commonTables }, shape, chances);
  return { ...written, query: { ...written.query, with: common.with } };
}

/** A query for FROM or WITH: every output named, each another name. */
function writeTableQuery(around: Surroundings): WrittenQuery {
  const shape = { kinds: null, named: true, single: false, leg: false };
  return writeFull(around, shape, { order: 15, limit: 18, with: 6 });
}

/** A subquery in an expression. */
function writeSubquery(place: Place, shape: SubqueryShape): Query {
  const { writer, commonTables } = place;
  const { choices } = writer;
  const around: Surroundings = { writer, outer: place, commonTables, levels: place.levels - 1 };
  // MariaDB 10.11 crashes on a prepared `x IN (SELECT t.y)` over a derived table t, and does not find t in `(SELECT t.y)`:
  // subqueries read a table there.
  if (writer.dialect === 'mariadb') writer.purse.relations = Math.max(1, writer.purse.relations);
  const aggregate = shape.single && choices.chance(70);
  const select = { kinds: shape.kinds, named: false, single: aggregate, leg: false };
  const written = writeFull(around, select, { order: shape.single ? 0 : 5, limit: 0, with: 4 });
  // More than one row is an error on the servers: written so now and then.
  if (!shape.single || aggregate || choices.chance(6)) return written.query;
  const first = numberLiteral('1');
  const orderBy =
    written.query.orderBy.length > 0 ? written.query.orderBy : [{ expression: first, direction: null, nulls: null }];
  const rolled = written.query.body.kind === 'select' && written.query.body.rollup;
  return { ...written.query, orderBy: rolled ? [] : orderBy, limit: { count: integer(1), offset: null } };
}

/** A whole statement. */
export function writeStatement(choices: Choices, vocabulary: Writer['vocabulary']): Query {
  const purse = {
    relations: 1 + choices.below(4),
    oracles: choices.chance(30) ? 1 + choices.below(2) : 0,
    nodes: 8 + choices.below(30),
    names: 0,
  };
  const writer: Writer = {
    choices,
    vocabulary,
    dialect: vocabulary.dialect,
    purse,
    value: writeValue,
    condition: writeCondition,
    subquery: writeSubquery,
  };
  const around: Surroundings = { writer, outer: null, commonTables: [], levels: 1 + choices.below(3) };
  const shape = { kinds: null, named: false, single: false, leg: false };
  return writeFull(around, shape, { order: 50, limit: 28, with: 20 }).query;
}
