import { foldName } from '../../sql/fold-name.js';
import type { Expression, Select, TableExpression } from '../../sql/nodes.js';
import type { Trait } from './value-traits.js';

/** The rows that a query gives: its columns, and which of them tell one row from all others. */
export interface Rows {
  readonly columns: readonly { readonly name: string; readonly trait: Trait }[];
  /** Column numbers. An empty key: one row at most. */
  readonly keys: readonly (readonly number[])[];
}

/** One source of FROM. */
export interface RowSource extends Rows {
  readonly alias: string;
}

/** A column of a level, `source.column` by number. */
export type ColumnId = `${number}.${number}`;

/** The sources of one select, and what its conditions say of their columns. */
export interface Level {
  readonly sources: readonly RowSource[];
  /** Columns that USING or NATURAL shows once: the id of the one that is dropped. */
  readonly merged: ReadonlySet<ColumnId>;
  /** Whoever knows the first knows the second. */
  readonly implications: readonly (readonly [ColumnId, ColumnId])[];
  readonly constants: ReadonlySet<ColumnId>;
}

/** The sources below a table expression, left to right. */
export function leavesOfTable(table: TableExpression): TableExpression[] {
  return table.kind === 'join' ? [...leavesOfTable(table.left), ...leavesOfTable(table.right)] : [table];
}

/** Conditions joined by AND. */
export function conjuncts(condition: Expression | null): Expression[] {
  if (!condition) return [];
  return condition.kind === 'binary' && condition.operator === 'AND'
    ? [...conjuncts(condition.left), ...conjuncts(condition.right)]
    : [condition];
}

/** The column that a reference means at this level; null where it is of no source here. */
export function resolveColumn(expression: Expression, level: Pick<Level, 'sources' | 'merged'>): ColumnId | null {
  if (expression.kind !== 'column') return null;
  const qualifier = expression.qualifier.at(-1);
  for (const [at, source] of level.sources.entries()) {
    if (qualifier !== undefined && foldName(source.alias) !== foldName(qualifier)) continue;
    const index = source.columns.findIndex((column) => foldName(column.name) === foldName(expression.name));
    if (index >= 0) return `${at}.${index}`;
  }
  return null;
}

/** The trait of a column of a level. */
export function traitOfId(id: ColumnId, level: Pick<Level, 'sources'>): Trait {
  const [source, column] = id.split('.').map(Number) as [number, number];
  return level.sources[source]?.columns[column]?.trait ?? { form: 'other', exact: false };
}

/** Whether equal values of two columns are one value for whatever is keyed by them. */
function areOfOneKind(left: Trait, right: Trait): boolean {
  const isNumber = (trait: Trait) => trait.form === 'whole' || trait.form === 'decimal';
  return (isNumber(left) && isNumber(right)) || (left.form === right.form && left.form !== 'other');
}

function fitsConstant(trait: Trait, constant: Expression): boolean {
  if (constant.kind === 'number') return trait.form === 'whole' || trait.form === 'decimal' || trait.form === 'float';
  return constant.kind === 'string' && (trait.form === 'text' || trait.form === 'date');
}

/** Which side of an equality of two columns gives the other. */
type Direction = 'both' | 'right' | 'left' | 'none';

/**
 * Makes the level of a select from its sources, in the order of {@link leavesOfTable}.
 *
 * @param outer the trait of a column of the queries around, which is fixed for one run of this select; null where it is none
 */
export function makeLevel(
  select: Select,
  sources: readonly RowSource[],
  outer: (reference: Expression) => Trait | null,
): Level {
  const merged = new Set<ColumnId>();
  const implications: [ColumnId, ColumnId][] = [];
  const constants = new Set<ColumnId>();
  const bare = { sources, merged };
  const equal = (left: ColumnId, right: ColumnId, gives: Direction) => {
    if (!areOfOneKind(traitOfId(left, bare), traitOfId(right, bare))) return;
    if (gives === 'both' || gives === 'right') implications.push([left, right]);
    if (gives === 'both' || gives === 'left') implications.push([right, left]);
  };
  const read = (condition: Expression | null, direction: (id: ColumnId) => Direction) => {
    for (const conjunct of conjuncts(condition)) {
      if (conjunct.kind !== 'binary' || conjunct.operator !== '=') continue;
      const [left, right] = [resolveColumn(conjunct.left, bare), resolveColumn(conjunct.right, bare)];
      if (left && right) {
        equal(left, right, direction(left));
        continue;
      }
      const id = left ?? right;
      const constant = left ? conjunct.right : conjunct.left;
      if (!id || direction(id) !== 'both') continue;
      const trait = traitOfId(id, bare);
      const fixed = outer(constant);
      if (fixed ? areOfOneKind(trait, fixed) : fitsConstant(trait, constant)) constants.add(id);
    }
  };
  let next = 0;
  const walk = (table: TableExpression): readonly [number, number] => {
    if (table.kind !== 'join') {
      next += 1;
      return [next - 1, next];
    }
    const [first, middle] = walk(table.left);
    const [, end] = walk(table.right);
    const isLeft = (id: ColumnId) => Number(id.split('.')[0]) < middle;
    const direction = (id: ColumnId): Direction => {
      if (table.type === 'FULL') return 'none';
      if (table.type === 'LEFT') return isLeft(id) ? 'right' : 'left';
      if (table.type === 'RIGHT') return isLeft(id) ? 'left' : 'right';
      return 'both';
    };
    read(table.on, direction);
    const named = (from: number, to: number) =>
      sources.slice(from, to).flatMap((source, at) =>
        source.columns.map((column, index) => ({
          fold: foldName(column.name),
          id: `${from + at}.${index}` as ColumnId,
        })),
      );
    const wanted = table.using ? new Set(table.using.map(foldName)) : null;
    if (wanted || table.natural)
      for (const { fold, id } of named(middle, end)) {
        const other = named(first, middle).find((entry) => entry.fold === fold && !merged.has(entry.id));
        if (!other || (wanted && !wanted.has(fold))) continue;
        merged.add(id);
        equal(other.id, id, direction(other.id));
      }
    return [first, end];
  };
  select.from.forEach(walk);
  read(select.where, () => 'both');
  return { sources, merged, implications, constants };
}

/** All columns that are known once these are: by equalities and by keys. */
export function closeOver(known: Iterable<ColumnId>, level: Level): Set<ColumnId> {
  const all = new Set([...known, ...level.constants]);
  for (let before = -1; before !== all.size; ) {
    before = all.size;
    for (const [one, other] of level.implications) if (all.has(one)) all.add(other);
    for (const [at, source] of level.sources.entries())
      if (source.keys.some((key) => key.every((index) => all.has(`${at}.${index}`))))
        for (const index of source.columns.keys()) all.add(`${at}.${index}`);
  }
  return all;
}

/** Whether known columns tell one row of the join from all others. */
export function identifiesRow(known: ReadonlySet<ColumnId>, level: Level): boolean {
  return level.sources.every((source, at) =>
    source.keys.some((key) => key.every((index) => known.has(`${at}.${index}`))),
  );
}
