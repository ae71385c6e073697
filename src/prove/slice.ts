import type { Catalog, CatalogRelation } from '../catalog/catalog.js';
import type { ClaimValue, Principal } from '../domain/principal.js';
import type { Access, MaskWord, RelationAccess } from './slice-access.js';
import { changeBehindMask, maskCell, otherCell } from './slice-masks.js';
import type { ReadCell, RowRule, RuleContext } from './slice-rules.js';
import type { Cell } from './world.js';
import { type Row, type StoredTables, tablesOf } from './worlds/stored-tables.js';

/** Whose a row is: the principal's own, one that a rule of theirs reads, or somebody else's. */
export type Mark = 'own' | 'read' | 'foreign';

/** Marks of the rows of every table, row by row. */
export type Marks = ReadonlyMap<string, readonly Mark[]>;

/** What one principal's slice of a world follows from. */
export interface SliceOptions {
  readonly catalog: Catalog;
  readonly access: Access;
  /** Tables that an open view shows: all of their rows are open, whatever is said of the table itself. */
  readonly backing: ReadonlySet<string>;
  /** Key of the mask `hash`. */
  readonly hashKey: string;
}

/** Answers which rows of one state of the data a principal may see. */
export interface Judge {
  /** Whether the principal sees a row of this relation. */
  isVisible(relation: string, row: Row): boolean;
  /** Whether a rule of something that the principal sees reads the row. */
  isRead(relation: string, row: Row): boolean;
  /** Whether every row that the relation could have would be visible. */
  isWhollyOpen(relation: string): boolean;
}

function claimOf(principal: Principal, name: string): ClaimValue | null {
  if (name === 'tenant') return principal.tenant;
  return principal.claims.get(name) ?? null;
}

/** How cells of a relation's rows are found by name. */
function readerOf(relation: CatalogRelation): (row: Row) => ReadCell {
  const places = new Map(relation.columns.map((column, index) => [column.name, index]));
  return (row) => (name) => {
    const place = places.get(name);
    if (place === undefined) throw new Error(`${relation.name} has no column ${name}`);
    return row[place] ?? null;
  };
}

/**
 * Makes the judge over one state of the data: every comparison is of bytes, in this process.
 *
 * @param tables what the rules' subqueries look up
 */
export function judgeOf(principal: Principal, tables: StoredTables, options: SliceOptions): Judge {
  const { access, backing, catalog } = options;
  const readers = new Map(tablesOf(catalog).map((relation) => [relation.name, readerOf(relation)]));
  const readerFor = (name: string): ((row: Row) => ReadCell) => {
    const reader = readers.get(name);
    if (!reader) throw new Error(`no table is called ${name}`);
    return reader;
  };
  const context: RuleContext = {
    claim: (name) => claimOf(principal, name),
    rows: (relation) => (tables.get(relation) ?? []).map(readerFor(relation)),
    found: new Map(),
  };
  const readings = [...access.values()].flatMap(({ rule }) => rule?.readings ?? []);
  const holds = (rule: RowRule | null, relation: string, row: Row): boolean =>
    rule === null || rule.holds(readerFor(relation)(row), context);
  const isWhollyOpen = (relation: string): boolean => backing.has(relation) || access.get(relation)?.rule === null;
  return {
    isWhollyOpen,
    isVisible: (relation, row) => {
      const seen = access.get(relation);
      return isWhollyOpen(relation) || (seen !== undefined && holds(seen.rule, relation, row));
    },
    isRead: (relation, row) =>
      readings.some((reading) => reading.relation === relation && holds(reading.rule, relation, row)),
  };
}

/** Marks every row. */
export function markRows(judge: Judge, tables: StoredTables): Marks {
  const marks = new Map<string, readonly Mark[]>();
  for (const [name, rows] of tables)
    marks.set(
      name,
      rows.map((row) => {
        if (judge.isVisible(name, row)) return 'own';
        return judge.isRead(name, row) ? 'read' : 'foreign';
      }),
    );
  return marks;
}

/** Columns of a table whose cells decide something visible: they are the same in the slice. */
function keptColumns(relation: CatalogRelation, options: SliceOptions): ReadonlySet<string> {
  const kept = new Set(relation.primaryKey);
  for (const seen of options.access.values()) {
    if (seen.relation === relation) for (const name of seen.rule?.columns ?? []) kept.add(name);
    for (const reading of seen.rule?.readings ?? [])
      if (reading.relation === relation.name) for (const name of reading.columns) kept.add(name);
  }
  const seen = options.access.get(relation.name);
  const computes = relation.columns.some((column) => column.generated !== 'no' && seen?.columns.has(column.name));
  // What a visible column is computed from shows in it.
  if (computes) for (const { name } of relation.columns) kept.add(name);
  return kept;
}

function changeHidden(row: Row, mark: Mark, relation: CatalogRelation, options: SliceOptions, serial: number): Row {
  const { catalog, hashKey } = options;
  const seen = mark === 'own' ? options.access.get(relation.name) : undefined;
  const kept = keptColumns(relation, options);
  return relation.columns.map((column, index): Cell => {
    const cell = row[index] ?? null;
    const mask = seen?.columns.get(column.name);
    if (mask === null || column.generated !== 'no' || kept.has(column.name)) return cell;
    if (mask === undefined) return otherCell(column, serial) ?? cell;
    return changeBehindMask(cell, mask, { relation: relation.name, column, dialect: catalog.dialect, hashKey }, serial);
  });
}

/**
 * Rows of the slice: the principal's own and those that their rules read, in their order; what they may not see of them
 * is changed. Every other table is empty.
 */
export function sliceRows(tables: StoredTables, marks: Marks, options: SliceOptions): StoredTables {
  const slice = new Map<string, readonly Row[]>();
  for (const relation of tablesOf(options.catalog)) {
    const { name } = relation;
    const rowMarks = marks.get(name) ?? [];
    slice.set(
      name,
      (tables.get(name) ?? []).flatMap((row, index) => {
        const mark = rowMarks[index] ?? 'foreign';
        if (mark === 'foreign') return [];
        const isBacking = options.backing.has(name);
        return [isBacking ? row : changeHidden(row, mark, relation, options, index + 1)];
      }),
    );
  }
  return slice;
}

/** Columns of an open relation as the principal sees them, in the catalog's order. */
export function visibleColumns(
  seen: RelationAccess,
): readonly { readonly index: number; readonly mask: MaskWord | null }[] {
  return seen.relation.columns.flatMap((column, index) => {
    const mask = seen.columns.get(column.name);
    return mask === undefined ? [] : [{ index, mask }];
  });
}

/** A relation's own rows as the principal sees them: visible columns, masks applied. */
export function plainRows(seen: RelationAccess, rows: readonly Row[], options: SliceOptions): readonly Row[] {
  const columns = visibleColumns(seen);
  const { relation } = seen;
  return rows.map((row) =>
    columns.map(({ index, mask }): Cell => {
      const cell = row[index] ?? null;
      const column = relation.columns[index]!;
      const place = { relation: relation.name, column, dialect: options.catalog.dialect, hashKey: options.hashKey };
      return mask === null ? cell : maskCell(cell, mask, place);
    }),
  );
}

/** Whether nothing is hidden or masked from the principal, and no rule reads rows that they do not see. */
export function isAllPlain(access: Access, marks: Marks): boolean {
  return [...access.values()].every(
    ({ relation, columns }) =>
      relation.columns.every((column) => columns.get(column.name) === null) &&
      !(marks.get(relation.name) ?? []).includes('read'),
  );
}
