import type { Dialect } from '../../domain/dialect.js';
import type { DroppableDatabase } from '../databases.js';
import type { Cell } from '../world.js';
import { printInserts } from './print-cell.js';

/** One table of a hand-made world. */
export interface HandMadeTable {
  readonly name: string;
  /** Everything between the parentheses of CREATE TABLE, and what follows them. */
  readonly definition: string;
  /** Statements after it: indexes of SQLite. */
  readonly after?: readonly string[];
  /** Columns that are written; generated ones are not. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Makes tables, rows and views. */
export async function makeByHand(
  database: DroppableDatabase,
  dialect: Dialect,
  tables: readonly HandMadeTable[],
  quote: (name: string) => string,
  views: readonly string[] = [],
): Promise<void> {
  const statements = tables.flatMap(({ name, definition, after = [], columns, rows }) => [
    `CREATE TABLE ${quote(name)} ${definition}`,
    ...after,
    ...printInserts(name, columns, rows, dialect),
  ]);
  await database.run([...statements, ...views].join(';\n'));
}

/** Cell `index` of a list that begins anew at its end. */
export function cycle<T>(list: readonly T[], index: number): T {
  return list[index % list.length]!;
}

/** Bytes of a Latin-1 text. */
export function bytes(latin1: string): Uint8Array {
  return new Uint8Array(Buffer.from(latin1, 'latin1'));
}
