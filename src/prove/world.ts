import type { Catalog } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import type { Principal } from '../domain/principal.js';
import type { Policy } from '../policy/policy.js';

/** A cell as the owner's connection reads and writes it: exact. Decimals, dates and 64-bit integers are text or bigint, binary is bytes. */
export type Cell = string | number | bigint | Uint8Array | null;

/** A database that the harness owns. Dropped with its world. */
export interface OwnedDatabase {
  /** What `openSource` takes. */
  readonly url: string;
  /** Runs statements as the owner, past the gateway: several, separated by `;`. */
  run(sql: string): Promise<void>;
  /** Rows of one statement as the owner. */
  query(sql: string): Promise<readonly (readonly Cell[])[]>;
}

/**
 * One database with its policy and the people who ask it: what a statement is proved on. The slice of a principal is
 * worked out here from the rows themselves, by code that shares nothing with the seal or with SQL's comparisons.
 */
export interface World {
  readonly name: string;
  readonly dialect: Dialect;
  readonly catalog: Catalog;
  readonly policy: Policy;
  readonly principals: readonly Principal[];
  /** The data of everybody. */
  readonly full: OwnedDatabase;
  /** Some cells of each column of the full data, own and foreign ones, for constants: relation → column → cells, by catalog spelling. */
  readonly samples: ReadonlyMap<string, ReadonlyMap<string, readonly Cell[]>>;
  /**
   * A physical copy of the same schema that holds only the principal's rows. What the principal may not see of those rows
   * (hidden columns, the part of a value behind a mask) holds other values than in {@link World.full}. Relations that are
   * closed to the principal are empty, but for rows that a rule of an open one reads and tables that an open view shows.
   */
  sliceFor(principal: Principal): Promise<OwnedDatabase>;
  /**
   * What the principal sees, as plain tables: their rows, only the visible columns, masks applied. The caller's own text
   * runs here. The same database as the slice where nothing is hidden or masked.
   */
  plainFor(principal: Principal): Promise<OwnedDatabase>;
  /**
   * The full data with everything outside the slice changed at random: rows changed, added, removed, by values that make
   * expressions overflow, divide by zero, break JSON, dates and patterns, and in numbers that change an optimiser's mind.
   * The principal's own rows stay as they are. Of the copies for one principal the last two last: a third takes the place of
   * the first.
   *
   * @param seed decides everything that is random here
   */
  mutatedFor(principal: Principal, seed: number): Promise<OwnedDatabase>;
  /** Drops everything that was made. */
  close(): Promise<void>;
}

/** A world that can be opened. */
export interface WorldEntry {
  readonly name: string;
  open(): Promise<World>;
}

/** Where worlds are made. */
export interface WorldOptions {
  readonly dialect: Dialect;
  /** A server's URL with the right to create databases; null for SQLite. */
  readonly serverUrl: string | null;
  /** Folder of published sample databases; null where there is none: then only the worlds that Swali makes itself are listed. */
  readonly dataDir: string | null;
  /** An existing folder for SQLite files. */
  readonly scratch: string;
}
