import type { ClaimValue } from '../domain/principal.js';
import type { Cell } from './world.js';

/** One row as a rule reads it: a cell by the catalog's spelling of its column. */
export type ReadCell = (column: string) => Cell;

/** What a rule may look up. One for each principal and state of the data. */
export interface RuleContext {
  claim(name: string): ClaimValue | null;
  rows(relation: string): readonly ReadCell[];
  /** Sets that were worked out before. */
  readonly found: Map<RowRule, ReadonlySet<string>>;
}

/** Rows of another relation that decide whose a row is. */
export interface RuleReading {
  readonly relation: string;
  /** Null where every row counts. */
  readonly rule: RowRule | null;
  /** Columns that are read there. */
  readonly columns: readonly string[];
}

/**
 * A row rule as the harness understands it, by its own code: it is tied to the text of a policy by hand and shares nothing
 * with the SQL that the gateway makes of that text.
 */
export interface RowRule {
  holds(row: ReadCell, context: RuleContext): boolean;
  /** Columns of the rule's own relation that it reads. */
  readonly columns: readonly string[];
  readonly readings: readonly RuleReading[];
}

/** Names a cell's value exactly; cells of different kinds are different. Null for NULL, which equals nothing. */
export function nameCell(cell: Cell): string | null {
  if (cell === null) return null;
  if (typeof cell === 'string') return `text:${cell}`;
  if (typeof cell === 'bigint') return `whole:${cell}`;
  if (typeof cell === 'number') return `float:${Object.is(cell, -0) ? '-0' : cell}`;
  return `bytes:${Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString('hex')}`;
}

/** Whether a cell is a claim, byte by byte: a text is its very characters, a number its canonical digits. */
function isClaim(cell: Cell, claim: ClaimValue | null): boolean {
  if (claim === null) return false;
  if (typeof cell === 'string') return Buffer.from(cell, 'utf8').equals(Buffer.from(String(claim), 'utf8'));
  return typeof cell === 'bigint' && String(cell) === String(claim);
}

/** `column = :claim`. */
export function owned(column: string, claim: string): RowRule {
  return { holds: (row, context) => isClaim(row(column), context.claim(claim)), columns: [column], readings: [] };
}

/** `column = constant`. */
export function valued(column: string, value: Cell): RowRule {
  return {
    holds: (row) => value !== null && nameCell(row(column)) === nameCell(value),
    columns: [column],
    readings: [],
  };
}

/** `column IS NULL`. */
export function absent(column: string): RowRule {
  return { holds: (row) => row(column) === null, columns: [column], readings: [] };
}

/** `column IN (SELECT referenced FROM relation WHERE rule)`. */
export function foundIn(column: string, relation: string, referenced: string, rule: RowRule | null): RowRule {
  const members = (context: RuleContext): ReadonlySet<string> => {
    const known = context.found.get(self);
    if (known) return known;
    const rows = context.rows(relation).filter((row) => rule === null || rule.holds(row, context));
    const made = new Set(rows.flatMap((row) => nameCell(row(referenced)) ?? []));
    context.found.set(self, made);
    return made;
  };
  const self: RowRule = {
    holds: (row, context) => {
      const name = nameCell(row(column));
      return name !== null && members(context).has(name);
    },
    columns: [column],
    readings: [
      { relation, rule, columns: [...new Set([referenced, ...(rule?.columns ?? [])])] },
      ...(rule?.readings ?? []),
    ],
  };
  return self;
}

function join(left: RowRule, right: RowRule, holds: RowRule['holds']): RowRule {
  return {
    holds,
    columns: [...new Set([...left.columns, ...right.columns])],
    readings: [...left.readings, ...right.readings],
  };
}

/** `left AND right`. */
export function both(left: RowRule, right: RowRule): RowRule {
  return join(left, right, (row, context) => left.holds(row, context) && right.holds(row, context));
}

/** `left OR right`. */
export function either(left: RowRule, right: RowRule): RowRule {
  return join(left, right, (row, context) => left.holds(row, context) || right.holds(row, context));
}
