import { expressionKey } from '../../sql/expression-key.js';
import { foldName } from '../../sql/fold-name.js';
import { makeCall } from '../../sql/make-call.js';
import type { Expression, OrderItem, Select, SelectItem, WindowSpecification } from '../../sql/nodes.js';
import { someExpression } from '../../sql/visit.js';
import { constantFor, numberLiteral } from './constants.js';
import { type Field, freshName, type Leaf, leavesOf, type Place, type Source, type ValueKind } from './place.js';
import { orderItem, writeAggregate } from './write-aggregates.js';
import { writePredicate } from './write-conditions.js';
import { matchLeaves, placeOver, type Surroundings, type WriteTableQuery, writeFrom } from './write-tables.js';
import { outerLeaves } from './write-values.js';
import { writeWindow } from './write-windows.js';

/** What a select has to give, and may do. */
export interface SelectShape {
  /** Kinds of its outputs; null where that is free. */
  readonly kinds: readonly ValueKind[] | null;
  /** Every output has a name, each another one. */
  readonly named: boolean;
  /** One row: an aggregate without groups. */
  readonly single: boolean;
  /** A leg of a set operation: no ORDER BY of its own can follow. */
  readonly leg: boolean;
}

/** A select, its outputs, and what an ORDER BY behind it may say. */
export interface WrittenSelect {
  readonly select: Select;
  readonly fields: readonly Field[];
  readonly sources: readonly Source[];
  /** Terms of order, made anew at each call. */
  term(): OrderItem;
  /** Whether terms may name columns of the rows. */
  readonly plain: boolean;
}

const OUTPUT_NAMES = ['n', 'total', 'c1', 'c2', 't1', 'b', 'k', 'v', 'value_1', 'É'];
const VALUE_KINDS: readonly ValueKind[] = ['number', 'number', 'number', 'text', 'text', 'date', 'json'];

const and = (left: Expression | null, right: Expression | null): Expression | null =>
  left && right ? { kind: 'binary', operator: 'AND', left, right } : (left ?? right);

/** `key = constant`, alone or with others: what looks one row up, the caller's own or not. */
function writeProbe(place: Place, sources: readonly Source[]): Expression | null {
  const { choices } = place.writer;
  const keyed = sources.filter((source) => (source.relation?.keys.length ?? 0) > 0);
  if (keyed.length === 0) return null;
  const source = choices.pick(keyed);
  const key = choices.pick(source.relation?.keys ?? []);
  const leaves = leavesOf([source]).filter(
    ({ column, kind }) => kind !== 'other' && column && key.includes(column.name),
  );
  if (leaves.length === 0) return null;
  return leaves
    .map(
      (leaf): Expression =>
        choices.chance(75)
          ? { kind: 'binary', operator: '=', left: leaf.expression, right: constantFor(choices, leaf) }
          : {
              kind: 'in-list',
              negated: false,
              operand: leaf.expression,
              items: [constantFor(choices, leaf), constantFor(choices, leaf)],
            },
    )
    .reduce((left, right) => ({ kind: 'binary', operator: 'AND', left, right }));
}

function writeWhere(place: Place, sources: readonly Source[]): Expression | null {
  const { choices } = place.writer;
  const around = outerLeaves(place);
  const correlation = around.length > 0 && choices.chance(65) ? matchLeaves(place.writer, place.leaves, around) : null;
  const probe = choices.chance(20) ? writeProbe(place, sources) : null;
  const wanted = choices.chance(place.writer.purse.oracles > 0 ? 85 : 55);
  const condition = wanted ? place.writer.condition(place, 2) : null;
  const guarded = choices.chance(80) ? and(probe, condition) : and(condition, probe);
  return and(correlation, guarded);
}

/** `WINDOW w1 AS (PARTITION BY …), w2 AS (w1 ORDER BY …)` */
function writeWindows(place: Place): Select['windows'] {
  const { choices } = place.writer;
  const first: WindowSpecification = writeWindow(place, 'none');
  if (first.orderBy.length > 0 || !choices.chance(50)) return [{ name: 'w1', window: first }];
  const ordered = place.leaves.filter((leaf) => leaf.kind !== 'other');
  if (ordered.length === 0) return [{ name: 'w1', window: first }];
  const second = {
    ...first,
    base: 'w1',
    partitionBy: [],
    orderBy: [orderItem(place, choices.pick(ordered).expression)],
  };
  return [
    { name: 'w1', window: first },
    { name: 'w2', window: second },
  ];
}

function namesColumn(expression: Expression): boolean {
  return someExpression(expression, (node) => node.kind === 'column');
}

/** Expressions to group by: columns mostly. */
function writeGroups(place: Place): Leaf[] {
  const { choices } = place.writer;
  const usable = place.leaves.filter((leaf) => leaf.kind === 'number' || leaf.kind === 'text' || leaf.kind === 'date');
  if (usable.length === 0) return [];
  const groups = Array.from({ length: 1 + choices.below(2) }, (): Leaf => {
    const leaf = choices.pick(usable);
    if (choices.chance(78)) return leaf;
    const kind = choices.pick(['number', 'text'] as const);
    const expression = place.writer.value({ ...place, levels: 0, outer: null }, kind, 1);
    return namesColumn(expression) ? { expression, kind, column: null } : leaf;
  });
  return [...new Map(groups.map((group) => [expressionKey(group.expression), group])).values()];
}

interface Item {
  readonly item: SelectItem;
  readonly field: Field;
  readonly aliased: boolean;
}

/** A name for an output: one of ours, that of another column, now and then, or a fresh one. */
function outputName(place: Place, taken: Set<string>, unique: boolean): string {
  const { choices } = place.writer;
  const columns = place.leaves.flatMap((leaf) => (leaf.expression.kind === 'column' ? [leaf.expression.name] : []));
  const wanted = columns.length > 0 && choices.chance(14) ? choices.pick(columns) : choices.pick(OUTPUT_NAMES);
  const name = unique && taken.has(foldName(wanted)) ? freshName(place.writer, 'o') : wanted;
  taken.add(foldName(name));
  return name;
}

function makeItem(place: Place, expression: Expression, kind: ValueKind, taken: Set<string>, named: boolean): Item {
  const { choices } = place.writer;
  const own = expression.kind === 'column' ? expression.name : null;
  const bare = own !== null ? !(named && taken.has(foldName(own))) && choices.chance(65) : !named && choices.chance(30);
  const alias = bare ? null : outputName(place, taken, named || choices.chance(90));
  if (bare && own !== null) taken.add(foldName(own));
  const leaf = place.leaves.find((one) => one.expression === expression);
  return {
    item: { kind: 'expression', expression, alias, text: '' },
    field: { name: alias ?? own ?? '', kind, column: leaf?.column ?? null },
    aliased: alias !== null,
  };
}

function writeItems(place: Place, shape: SelectShape, groups: readonly Leaf[] | null): Item[] {
  const { choices, dialect } = place.writer;
  const taken = new Set<string>();
  const jsonless = VALUE_KINDS.filter((kind) => kind !== 'json' || dialect !== 'sqlite' || choices.chance(50));
  const kinds = shape.kinds ?? Array.from({ length: 1 + choices.below(3) }, () => choices.pick(jsonless));
  const shown = shape.kinds === null && groups ? groups.filter(() => choices.chance(80)) : [];
  const written = kinds.map((kind) => {
    const expression =
      shape.single || (groups && choices.chance(60)) ? writeAggregate(place, kind) : place.writer.value(place, kind, 2);
    return makeItem(place, expression, kind, taken, shape.named);
  });
  return [...shown.map((leaf) => makeItem(place, leaf.expression, leaf.kind, taken, shape.named)), ...written];
}

/** `*` or `t.*` and its fields; null where their names would not do. */
function writeStar(
  place: Place,
  sources: readonly Source[],
  shape: SelectShape,
): { item: SelectItem; fields: Field[] } | null {
  const { choices } = place.writer;
  const source = choices.pick(sources);
  const all = choices.chance(50) || sources.length === 1;
  const fields = all ? sources.flatMap((one) => one.fields) : [...source.fields];
  const unique = new Set(fields.map((field) => foldName(field.name))).size === fields.length;
  if (!unique || (shape.named && fields.some((field) => field.kind === 'other'))) return null;
  return { item: { kind: 'star', qualifier: all ? [] : [source.alias], at: -1 }, fields };
}

/** `ORDER BY 2`, `ORDER BY alias`: an output by its place, or by a name that only it has. */
function outputTerm(place: Place, fields: readonly Field[], aliases: readonly string[]): Expression {
  const { choices } = place.writer;
  const folds = fields.map((field) => foldName(field.name));
  const clear = aliases.filter((alias) => folds.filter((fold) => fold === foldName(alias)).length === 1);
  if (clear.length > 0 && choices.chance(45))
    return { kind: 'column', qualifier: [], name: choices.pick(clear), at: -1 };
  return numberLiteral(String(1 + choices.below(fields.length)));
}

/** A bare number in ORDER BY would be a place in the select list. */
const isOrdinal = (expression: Expression): boolean => expression.kind === 'number';

type Mode = 'plain' | 'distinct' | 'grouped' | 'aggregate';

function pickMode(around: Surroundings, shape: SelectShape, sources: readonly Source[]): Mode {
  const { choices } = around.writer;
  if (sources.length === 0) return 'plain';
  if (shape.single) return 'aggregate';
  return choices.weighted<Mode>([
    [56, () => 'plain'],
    [9, () => 'distinct'],
    [26, () => 'grouped'],
    [shape.kinds === null ? 9 : 2, () => 'aggregate'],
  ]);
}

interface Grouping {
  readonly mode: Mode;
  readonly groups: readonly Leaf[];
  readonly rollup: boolean;
  /** Where items, HAVING and ORDER BY stand. */
  readonly place: Place;
}

function writeGrouping(around: Surroundings, rows: Place, wanted: Mode): Grouping {
  const { choices, dialect } = around.writer;
  const groups = wanted === 'grouped' ? writeGroups(rows) : [];
  const mode = wanted === 'grouped' && groups.length === 0 ? 'plain' : wanted;
  const rollup = mode === 'grouped' && dialect !== 'sqlite' && choices.chance(12);
  if (mode === 'plain' || mode === 'distinct') {
    const windows = mode === 'plain' && rows.leaves.length > 0;
    return { mode, groups, rollup, place: { ...rows, windows } };
  }
  const count: Leaf = { expression: { ...makeCall('COUNT'), star: true }, kind: 'number', column: null };
  const leaves = choices.chance(30) ? [...groups, count] : groups;
  return {
    mode,
    groups,
    rollup,
    place: { ...rows, leaves, aggregated: rows.leaves, windows: !rollup && mode === 'grouped' && choices.chance(20) },
  };
}

function writeHaving(grouping: Grouping): Expression | null {
  const { place, mode } = grouping;
  const { choices, dialect } = place.writer;
  if ((mode !== 'grouped' && mode !== 'aggregate') || !choices.chance(mode === 'grouped' ? 40 : 12)) return null;
  // MariaDB reads a column of this level wrongly in a subquery of HAVING, so the seal refuses most of those.
  const at = { ...place, windows: false, levels: dialect === 'mariadb' ? 0 : place.levels };
  const [first] = place.leaves;
  if (first && choices.chance(30)) return writePredicate(at, first, 1);
  return {
    kind: 'binary',
    operator: choices.pick(['>', '>=', '<>', '<'] as const),
    left: writeAggregate(at, 'number'),
    right: place.writer.value(at, 'number', 1),
  };
}

/** GROUP BY by place in the select list, where the item is there. */
function groupTerms(grouping: Grouping, items: readonly SelectItem[]): Expression[] {
  const { choices } = grouping.place.writer;
  return grouping.groups.map(({ expression }) => {
    const at = items.findIndex((item) => item.kind === 'expression' && item.expression === expression);
    return at >= 0 && choices.chance(15) ? numberLiteral(String(at + 1)) : expression;
  });
}

/** Writes one SELECT, with what an ORDER BY behind it may name. */
export function writeSelect(around: Surroundings, shape: SelectShape, write: WriteTableQuery): WrittenSelect {
  const { choices } = around.writer;
  const { from, sources } = writeFrom(around, write);
  const rows = placeOver(around, sources);
  const where = sources.length > 0 ? writeWhere(rows, sources) : null;
  const grouping = writeGrouping(around, rows, pickMode(around, shape, sources));
  const windows = grouping.mode === 'plain' && sources.length > 0 && choices.chance(9) ? writeWindows(rows) : [];
  const place: Place = { ...grouping.place, windowNames: windows.map((entry) => entry.name) };
  const grouped = grouping.mode === 'grouped' || grouping.mode === 'aggregate';
  const items = writeItems(place, { ...shape, single: shape.single && grouped }, grouped ? grouping.groups : null);
  const starred = !grouped && shape.kinds === null && sources.length > 0 && choices.chance(14);
  const star = starred ? writeStar(rows, sources, shape) : null;
  const fields = star ? star.fields : items.map((entry) => entry.field);
  const aliases = star ? [] : items.filter((entry) => entry.aliased).map((entry) => entry.field.name);
  const select: Select = {
    kind: 'select',
    distinct: grouping.mode === 'distinct',
    straight: false,
    items: star ? [star.item] : items.map((entry) => entry.item),
    from,
    where,
    groupBy: groupTerms(grouping, star ? [] : items.map((entry) => entry.item)),
    rollup: grouping.rollup,
    having: writeHaving({ ...grouping, place }),
    windows,
  };
  const term = (): OrderItem => {
    const output = () => orderItem(place, outputTerm(place, fields, aliases));
    if (grouping.mode === 'distinct' || place.leaves.length === 0 || choices.chance(40)) return output();
    const leaf = choices.pick(place.leaves);
    const written = choices.chance(65)
      ? leaf.expression
      : place.writer.value(place, choices.pick(['number', 'text'] as const), 1);
    return isOrdinal(written) || leaf.kind === 'other' ? output() : orderItem(place, written);
  };
  return { select, fields, sources, term, plain: grouping.mode === 'plain' };
}
