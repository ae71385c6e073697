import type { Dialect } from '../../domain/dialect.js';
import { foldName } from '../../sql/fold-name.js';
import { makeCall } from '../../sql/make-call.js';
import type { Expression, Join, Query, TableExpression } from '../../sql/nodes.js';
import type { VocabularyRelation } from '../vocabulary.js';
import { plainConstant, stringLiteral } from './constants.js';
import {
  type CommonSource,
  type Field,
  freshName,
  kindOf,
  type Leaf,
  leavesOf,
  type Place,
  type Source,
  type Writer,
} from './place.js';

/** What stands around a query that is being written. */
export interface Surroundings {
  readonly writer: Writer;
  readonly outer: Place | null;
  /** Inner ones first. One without fields hides a name and cannot be read. */
  readonly commonTables: readonly CommonSource[];
  readonly levels: number;
}

/** Writes a query that may stand in FROM: its outputs have names, each another one. */
export type WriteTableQuery = (around: Surroundings) => { readonly query: Query; readonly fields: readonly Field[] };

/** One entry of FROM with all that it offers. */
interface Written {
  readonly table: TableExpression;
  readonly sources: readonly Source[];
  /** The most that may stand on its side of a join. */
  readonly dependent: boolean;
}

const ALIASES = ['t1', 't2', 't3', 'c1', 'b', 'b1', 'q', 'x', 'base'];

/** A place where rows of these sources are in sight. */
export function placeOver(around: Surroundings, sources: readonly Source[]): Place {
  return {
    writer: around.writer,
    leaves: leavesOf(sources),
    outer: around.outer,
    commonTables: around.commonTables,
    aggregated: null,
    windows: false,
    windowNames: [],
    levels: around.levels,
  };
}

/** An alias that no source of this FROM has: one of ours, or another relation's name, now and then. */
function pickAlias(writer: Writer, taken: Set<string>): string {
  const { choices, vocabulary } = writer;
  const others = [...vocabulary.relations.map((relation) => relation.name), ...(vocabulary.closedRelations ?? [])];
  const wanted = choices.chance(12) ? choices.pick(others) : choices.pick(ALIASES);
  const alias = taken.has(foldName(wanted)) ? freshName(writer, 'r') : wanted;
  taken.add(foldName(alias));
  return alias;
}

/** Relations whose names no common table hides. */
function readableRelations({ writer, commonTables }: Surroundings): VocabularyRelation[] {
  const hidden = new Set(commonTables.map((table) => foldName(table.name)));
  return writer.vocabulary.relations.filter((relation) => !hidden.has(foldName(relation.name)));
}

/** Common tables that a name finds: of two of one name the inner one. */
function readableCommonTables({ commonTables }: Surroundings): CommonSource[] {
  const seen = new Set<string>();
  return commonTables.filter((table) => {
    const fold = foldName(table.name);
    if (seen.has(fold)) return false;
    seen.add(fold);
    return table.fields.length > 0;
  });
}

function namedTable(
  around: Surroundings,
  name: string,
  fields: readonly Field[],
  relation: VocabularyRelation | null,
  taken: Set<string>,
): Written {
  const { writer } = around;
  const bare = !taken.has(foldName(name)) && writer.choices.chance(35);
  if (bare) taken.add(foldName(name));
  const alias = bare ? null : pickAlias(writer, taken);
  return {
    table: { kind: 'relation', schema: null, name, alias, at: -1 },
    sources: [{ alias: alias ?? name, fields, relation }],
    dependent: false,
  };
}

function baseTable(around: Surroundings, relation: VocabularyRelation, taken: Set<string>): Written {
  const fields = relation.columns.map((column) => ({ name: column.name, kind: kindOf(column), column }));
  return namedTable(around, relation.name, fields, relation, taken);
}

/** MariaDB's derived tables see nothing of the queries around, the others' what is around their own query. */
function derivedOuter(around: Surroundings, dialect: Dialect): Place | null {
  return dialect === 'mariadb' ? null : around.outer;
}

function derivedTable(
  around: Surroundings,
  write: WriteTableQuery,
  taken: Set<string>,
  before: readonly Source[],
): Written {
  const { writer } = around;
  const { choices, dialect } = writer;
  const lateral = dialect === 'mysql' && before.length > 0 && choices.chance(60);
  const outer = lateral ? placeOver(around, before) : derivedOuter(around, dialect);
  const { query, fields } = write({ ...around, outer, levels: around.levels - 1 });
  const alias = pickAlias(writer, taken);
  const renamed = dialect === 'mysql' && choices.chance(12);
  const named = renamed ? fields.map((field, index) => ({ ...field, name: `d${index + 1}` })) : fields;
  return {
    table: { kind: 'derived', query, alias, columns: renamed ? named.map((field) => field.name) : null, lateral },
    sources: [{ alias, fields: named, relation: null }],
    dependent: lateral,
  };
}

/** Rows of a constant document, or of one made of what stands to the left. */
function jsonTable(around: Surroundings, taken: Set<string>, before: readonly Leaf[]): Written {
  const { writer } = around;
  const { choices, dialect } = writer;
  const usable = before.filter((leaf) => leaf.kind === 'number' || leaf.kind === 'text');
  const document: Expression =
    usable.length > 0 && choices.chance(60)
      ? makeCall('JSON_ARRAY', choices.pick(usable).expression, plainConstant(choices, 'number'))
      : stringLiteral(choices.pick(['[1, 2, 2, 3]', '[{"a": 1}, {"a": "x"}]', '{"a": 1, "b": [2]}']));
  const alias = pickAlias(writer, taken);
  if (dialect === 'sqlite') {
    const names = ['key', 'value', 'type', 'fullkey'];
    const fields = names.map((name): Field => ({ name, kind: 'text', column: null }));
    const walk = choices.pick(['JSON_EACH', 'JSON_TREE'] as const);
    const root = choices.chance(30) ? stringLiteral('$') : null;
    return {
      table: { kind: 'json-rows', function: walk, document, path: null, root, columns: [], alias },
      sources: [{ alias, fields, relation: null }],
      dependent: true,
    };
  }
  const columns = [
    { name: 'n', type: null, exists: false, path: null },
    {
      name: 'v',
      type: { name: 'VARCHAR' as const, length: 40, scale: null },
      exists: false,
      path: choices.pick(['$', '$.a']),
    },
    { name: 'e', type: { name: 'INT' as const, length: null, scale: null }, exists: true, path: '$.a' },
  ];
  const fields: Field[] = columns.map(({ name }) => ({ name, kind: name === 'v' ? 'text' : 'number', column: null }));
  return {
    table: { kind: 'json-rows', function: 'JSON_TABLE', document, path: '$[*]', root: null, columns, alias },
    sources: [{ alias, fields, relation: null }],
    dependent: true,
  };
}

/** One source. `before`: what a LATERAL table or a document may name. */
function writeSource(
  around: Surroundings,
  write: WriteTableQuery,
  taken: Set<string>,
  before: readonly Source[],
): Written {
  const { writer } = around;
  const { choices, purse } = writer;
  purse.relations -= 1;
  const relations = readableRelations(around);
  const common = readableCommonTables(around);
  const base = () => baseTable(around, choices.pick(relations), taken);
  const mayNest = around.levels > 0 && purse.relations > 0;
  if (relations.length === 0 && common.length === 0) return derivedTable(around, write, taken, before);
  return choices.weighted<Written>([
    [relations.length > 0 ? 30 : 0, base],
    [
      common.length > 0 ? 45 : 0,
      () => {
        const table = choices.pick(common);
        return namedTable(around, table.name, table.fields, null, taken);
      },
    ],
    [mayNest ? 10 : 0, () => derivedTable(around, write, taken, before)],
    [before.length > 0 ? 2 : 0, () => jsonTable(around, taken, leavesOf(before))],
  ]);
}

const column = (source: Source, name: string): Expression => ({
  kind: 'column',
  qualifier: [source.alias],
  name,
  at: -1,
});
const equal = (left: Expression, right: Expression): Expression => ({ kind: 'binary', operator: '=', left, right });

/** Equalities of foreign keys between two groups of sources, either way. */
function foreignKeyPairs(left: readonly Source[], right: readonly Source[]): Expression[] {
  const pairs = (from: Source, to: Source): Expression[] =>
    (from.relation?.foreignKeys ?? [])
      .filter((key) => to.relation?.name === key.relation && key.columns.length > 0)
      .map((key) =>
        key.columns
          .map((name, index) => equal(column(from, name), column(to, key.referenced[index] as string)))
          .reduce((one, other) => ({ kind: 'binary', operator: 'AND', left: one, right: other })),
      );
  return left.flatMap((one) => right.flatMap((other) => [...pairs(one, other), ...pairs(other, one)]));
}

/** Equality of two names of one kind, those of one name first. */
export function matchLeaves(writer: Writer, left: readonly Leaf[], right: readonly Leaf[]): Expression | null {
  const pairs = left.flatMap((one) =>
    right
      .filter((other) => other.kind === one.kind && one.kind !== 'other' && one.kind !== 'json')
      .map((other) => [one, other] as const),
  );
  const alike = pairs.filter(
    ([one, other]) =>
      one.expression.kind === 'column' &&
      other.expression.kind === 'column' &&
      foldName(one.expression.name) === foldName(other.expression.name),
  );
  const from = alike.length > 0 && writer.choices.chance(80) ? alike : pairs;
  if (from.length === 0) return null;
  const [one, other] = writer.choices.pick(from);
  return equal(one.expression, other.expression);
}

function writeOn(around: Surroundings, left: Written, right: Written): Expression {
  const { writer } = around;
  const { choices } = writer;
  const place = placeOver({ ...around, levels: Math.min(1, around.levels) }, [...left.sources, ...right.sources]);
  const keys = foreignKeyPairs(left.sources, right.sources);
  const match =
    keys.length > 0 && choices.chance(85)
      ? choices.pick(keys)
      : (matchLeaves(writer, leavesOf(left.sources), leavesOf(right.sources)) ?? writer.condition(place, 0));
  if (!choices.chance(30)) return match;
  return { kind: 'binary', operator: 'AND', left: match, right: writer.condition(place, 1) };
}

/** Names that both sides show, null where one shows it twice or the values are of two kinds. */
function sharedNames(left: Written, right: Written): string[] | null {
  const fields = (side: Written) => side.sources.flatMap((source) => source.fields);
  const count = (side: Written, name: string) =>
    fields(side).filter((field) => foldName(field.name) === foldName(name));
  const shared = fields(right).filter((field) => count(left, field.name).length > 0);
  const clean = shared.every((field) => {
    const [ours, theirs] = [count(left, field.name), count(right, field.name)];
    return ours.length === 1 && theirs.length === 1 && ours[0]?.kind === field.kind && field.kind !== 'other';
  });
  return clean ? shared.map((field) => field.name) : null;
}

function join(left: Written, right: Written, parts: Partial<Join>): Written {
  return {
    table: {
      kind: 'join',
      type: 'INNER',
      natural: false,
      left: left.table,
      right: right.table,
      on: null,
      using: null,
      ...parts,
    },
    sources: [...left.sources, ...right.sources],
    dependent: left.dependent || right.dependent,
  };
}

function writeJoin(around: Surroundings, left: Written, right: Written, nested: boolean): Written {
  const { choices, dialect } = around.writer;
  const sqlite = dialect === 'sqlite';
  const shared = right.dependent || nested ? null : sharedNames(left, right);
  if (right.dependent) {
    if (right.table.kind === 'json-rows') return join(left, right, { type: 'CROSS' });
    const type = choices.pick(['INNER', 'LEFT'] as const);
    return join(left, right, {
      type,
      on: choices.chance(50) ? { kind: 'boolean', value: true } : writeOn(around, left, right),
    });
  }
  const on = (type: Join['type']) => () => join(left, right, { type, on: writeOn(around, left, right) });
  const side = () =>
    choices.pick(['INNER', 'LEFT', left.dependent ? 'LEFT' : 'RIGHT', ...(sqlite ? ['FULL' as const] : [])] as const);
  return choices.weighted<Written>([
    [12, on('INNER')],
    [8, on('LEFT')],
    [left.dependent ? 0 : 4, on('RIGHT')],
    [sqlite ? 4 : 0, on('FULL')],
    [sqlite ? 0 : 1, on('STRAIGHT')],
    [2, () => join(left, right, { type: 'CROSS' })],
    [
      shared && shared.length > 0 ? 8 : 0,
      () => join(left, right, { type: side(), using: (shared as string[]).slice(0, 1 + choices.below(2)) }),
    ],
    [shared && shared.length > 0 ? 4 : 0, () => join(left, right, { type: side(), natural: true })],
  ]);
}

/**
 * Writes FROM: one source or several, joined in every way that the dialect has.
 *
 * @returns no tables where nothing is left to spend
 */
export function writeFrom(
  around: Surroundings,
  write: WriteTableQuery,
): { from: TableExpression[]; sources: Source[] } {
  const { choices, purse } = around.writer;
  const taken = new Set<string>();
  if (purse.relations <= 0) return { from: [], sources: [] };
  const list: Written[] = [writeSource(around, write, taken, [])];
  const inSight = () => list.flatMap((entry) => entry.sources);
  while (purse.relations > 0 && list.length < 3 && choices.chance(around.outer ? 25 : 38)) {
    const last = list.pop() as Written;
    const before = [...inSight(), ...last.sources];
    const next = writeSource(around, write, taken, before);
    const nests = !next.dependent && purse.relations > 0 && choices.chance(25);
    const right = nests ? writeJoin(around, next, writeSource(around, write, taken, []), true) : next;
    if (choices.chance(22)) list.push(last, right);
    else list.push(writeJoin(around, last, right, nests));
  }
  return { from: list.map((entry) => entry.table), sources: inSight() };
}
