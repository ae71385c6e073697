import type { Catalog, CatalogColumn, CatalogRelation } from '../catalog/catalog.js';
import { createRandom, type Random } from '../demo/random.js';
import { likeCell, nastyCells } from './mutate-values.js';
import type { Judge, Mark, Marks } from './slice.js';
import { nameCell } from './slice-rules.js';
import type { Cell } from './world.js';
import { type Row, type StoredTables, tablesOf } from './worlds/stored-tables.js';

/** The rows of a changed table. */
export interface ChangedTable {
  /** As they were, in their order: the principal's own, and those that a rule of theirs reads. */
  readonly kept: readonly Row[];
  readonly foreign: readonly Row[];
}

/** How the rows of others in one table become others. */
interface Change {
  /** Part of the foreign rows that goes. */
  readonly removes: number;
  /** Part of the rest in which cells change. */
  readonly changes: number;
  /** New rows. */
  readonly adds: number;
}

/** Rows added where one table is to grow so much that an optimiser thinks again. */
const FLOOD = 3000;

function chooseChange(random: Random, flooded: boolean): Change {
  if (flooded) return { removes: 0.2, changes: 0.4, adds: FLOOD };
  return random.weighted<Change>([
    [{ removes: 1, changes: 0, adds: 0 }, 1],
    [{ removes: 0, changes: 0, adds: 0 }, 1],
    [{ removes: 0.3, changes: 0.5, adds: random.integer(1, 12) }, 4],
    [{ removes: 1, changes: 0, adds: random.integer(1, 40) }, 1],
    [{ removes: 0.1, changes: 0.9, adds: random.integer(100, 300) }, 2],
  ]);
}

/** Everything that cells of one column are taken from. */
interface ColumnPool {
  readonly column: CatalogColumn;
  readonly nasty: readonly Cell[];
  /** Different cells of the full data. */
  readonly seen: readonly Cell[];
  readonly own: readonly Cell[];
  readonly isKey: boolean;
}

function distinct(cells: readonly Cell[]): readonly Cell[] {
  return [...new Map(cells.map((cell) => [nameCell(cell), cell])).values()];
}

/** Whether a column is the row id of a SQLite table. */
function isRowid(relation: CatalogRelation, column: CatalogColumn): boolean {
  const [only, second] = relation.primaryKey;
  return second === undefined && only === column.name && column.declaredType === 'integer';
}

function poolsOf(
  relation: CatalogRelation,
  rows: readonly Row[],
  marks: readonly Mark[],
  catalog: Catalog,
): readonly ColumnPool[] {
  const keys = new Set([
    ...relation.primaryKey,
    ...relation.indexes.flatMap((index) => (index.unique ? index.columns : [])),
  ]);
  return relation.columns.map((column, index) => ({
    column,
    nasty: nastyCells(column, catalog.dialect, catalog.dialect === 'sqlite' && isRowid(relation, column)),
    seen: distinct(rows.map((row) => row[index] ?? null)),
    own: distinct(rows.flatMap((row, at) => (marks[at] === 'own' ? [row[index] ?? null] : []))),
    isKey: keys.has(column.name),
  }));
}

function pickCell(pool: ColumnPool, before: Cell, catalog: Catalog, random: Random): Cell {
  const { column, nasty, seen, own } = pool;
  const source = random.weighted([
    ['nasty', nasty.length > 0 ? 4 : 0],
    ['seen', seen.length > 0 ? 3 : 0],
    ['like', own.length > 0 ? 2 : 0],
    ['before', 1],
  ] as const);
  if (source === 'nasty') return random.pick(nasty);
  if (source === 'seen') return random.pick(seen);
  return source === 'like' ? likeCell(random.pick(own), column, catalog.dialect, random) : before;
}

/** A key that is mostly free: between, below or above those that are there. Taken ones are left out when they are stored. */
function freshKey(pool: ColumnPool, serial: number, catalog: Catalog, random: Random): Cell {
  const numbers = pool.seen.filter((cell) => typeof cell === 'bigint');
  if (pool.column.family !== 'integer' || numbers.length === 0) {
    if (pool.column.family === 'text' && random.chance(0.5)) return `n${serial}`;
    return pickCell(pool, pool.seen[0] ?? null, catalog, random);
  }
  const near = random.pick(numbers);
  return random.weighted<() => Cell>([
    [() => near + BigInt(random.integer(1, 5 + serial)), 4],
    [() => near - BigInt(random.integer(1, 5 + serial)), 3],
    [() => (pool.nasty.length > 0 ? random.pick(pool.nasty) : near), 1],
    [() => near, 1],
  ])();
}

function changeRow(row: Row, pools: readonly ColumnPool[], catalog: Catalog, random: Random): Row {
  const share = random.pick([0.1, 0.4, 1]);
  return pools.map((pool, index): Cell => {
    const before = row[index] ?? null;
    if (pool.isKey ? !random.chance(0.2) : !random.chance(share)) return before;
    return pickCell(pool, before, catalog, random);
  });
}

function addRow(
  template: Row | undefined,
  pools: readonly ColumnPool[],
  serial: number,
  catalog: Catalog,
  random: Random,
): Row {
  return pools.map((pool, index): Cell => {
    const before = template?.[index] ?? null;
    if (pool.isKey) return freshKey(pool, serial, catalog, random);
    return template && random.chance(0.4) ? before : pickCell(pool, before, catalog, random);
  });
}

/** What a mutation starts from. */
export interface MutationRequest {
  readonly catalog: Catalog;
  readonly tables: StoredTables;
  readonly marks: Marks;
  readonly judge: Judge;
  readonly seed: number;
}

/**
 * Changes everything that is not the principal's: foreign rows go, change and are added, at random by the seed. A row that
 * the principal would see, or that a rule of theirs would read, is never made.
 *
 * @returns the rows of every table; some of the foreign ones may not be storable beside the others
 */
export function mutateTables(request: MutationRequest): ReadonlyMap<string, ChangedTable> {
  const { catalog, tables, marks, judge, seed } = request;
  const relations = tablesOf(catalog);
  const chance = createRandom(seed, 'flood');
  const flooded = chance.chance(0.12) ? chance.pick(relations).name : null;
  const changed = new Map<string, ChangedTable>();
  for (const relation of relations) {
    const { name } = relation;
    const random = createRandom(seed, name);
    const rows = tables.get(name) ?? [];
    const rowMarks = marks.get(name) ?? [];
    const pools = poolsOf(relation, rows, rowMarks, catalog);
    const change = chooseChange(random, name === flooded);
    const isForeign = (row: Row): boolean => !judge.isVisible(name, row) && !judge.isRead(name, row);
    const kept = rows.filter((_, index) => rowMarks[index] !== 'foreign');
    const staying = rows.flatMap((row, index) => {
      if (rowMarks[index] !== 'foreign' || random.chance(change.removes)) return [];
      const next = random.chance(change.changes) ? changeRow(row, pools, catalog, random) : row;
      return isForeign(next) ? [next] : [];
    });
    const added = Array.from({ length: judge.isWhollyOpen(name) ? 0 : change.adds }, (_, index) => {
      const template = rows.length > 0 && random.chance(0.9) ? random.pick(rows) : undefined;
      return addRow(template, pools, index + 1, catalog, random);
    });
    changed.set(name, { kept, foreign: [...staying, ...added.filter(isForeign)] });
  }
  return changed;
}
