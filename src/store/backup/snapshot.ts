import type { Dialect } from '../../domain/dialect.js';
import type { Cell } from './cells.js';

/** One table as the database itself describes it. */
export interface TableShape {
  readonly name: string;
  /** Those that are stored, in their order. */
  readonly columns: readonly string[];
  /** The id that the next row would get at least; null where ids are not given by the database. */
  readonly nextId: number | null;
  /** Tables that its rows name rows of. */
  readonly references: readonly string[];
}

/** Where the server's binary log stands that belongs to a snapshot; what is replayed onto it begins there. */
export type LogPosition =
  | { readonly gtidExecuted: string }
  | { readonly file: string; readonly position: number }
  | null;

/** All of the store as it was at one moment, while others go on writing. */
export interface Snapshot {
  readonly dialect: Dialect;
  /** Names of the migrations that ran, in order. */
  readonly migrations: readonly string[];
  readonly tables: readonly TableShape[];
  readonly position: LogPosition;
  /** The rows of a table, its columns in their order. Reads on as it is asked to, and holds a page at most. */
  rows(table: TableShape): AsyncIterable<readonly Cell[]>;
}

/** Parents before children, so that rows can be put in with every reference in force. */
export function sortByReference(tables: readonly TableShape[]): readonly TableShape[] {
  const sorted: TableShape[] = [];
  const visit = (table: TableShape, path: readonly string[]): void => {
    if (sorted.includes(table) || path.includes(table.name)) return;
    for (const name of table.references) {
      const parent = tables.find((each) => each.name === name);
      if (parent) visit(parent, [...path, table.name]);
    }
    sorted.push(table);
  };
  for (const table of tables) visit(table, []);
  return sorted;
}
