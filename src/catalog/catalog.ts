import type { Dialect } from '../domain/dialect.js';

/** What a column holds, as far as the gateway needs to know. SQLite's comes from the declared type's affinity. */
export type ColumnFamily =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'text'
  | 'binary'
  | 'date'
  | 'datetime'
  | 'time'
  | 'year'
  | 'boolean'
  | 'json'
  | 'enum'
  | 'set'
  | 'bit'
  | 'spatial'
  | 'unknown';

export interface CatalogColumn {
  /** Catalog spelling. */
  readonly name: string;
  readonly family: ColumnFamily;
  /** The engine's own words, lower case, e.g. `decimal(10,2)`, `varchar(60)`. */
  readonly declaredType: string;
  readonly unsigned: boolean;
  readonly nullable: boolean;
  readonly generated: 'no' | 'stored' | 'virtual';
  /** Text columns on MySQL and MariaDB; SQLite: the declared collation (`BINARY`, `NOCASE`, `RTRIM`); else null. */
  readonly collation: string | null;
  readonly characterSet: string | null;
}

export interface CatalogIndex {
  readonly name: string;
  readonly unique: boolean;
  /** Whole columns, in order; an index with an expression, prefix or partial predicate lists only the leading whole columns and is never unique. */
  readonly columns: readonly string[];
}

export interface ForeignKey {
  readonly columns: readonly string[];
  readonly relation: string;
  readonly referenced: readonly string[];
}

export interface CatalogRelation {
  /** Catalog spelling. */
  readonly name: string;
  readonly kind: 'table' | 'view';
  /** In declared order. */
  readonly columns: readonly CatalogColumn[];
  /** Empty where there is none, and for views. */
  readonly primaryKey: readonly string[];
  readonly indexes: readonly CatalogIndex[];
  readonly foreignKeys: readonly ForeignKey[];
}

/** What a source holds, read at start. Knows no policy. */
export interface Catalog {
  readonly dialect: Dialect;
  /** e.g. `10.11.19-MariaDB`, `9.7.4`, `3.53.0`. */
  readonly serverVersion: string;
  /** Database name; `main` for SQLite. */
  readonly database: string;
  /** Key: `foldName` (sql/fold-name.ts) of the name. */
  readonly relations: ReadonlyMap<string, CatalogRelation>;
  /** `sha256:…` over everything above. */
  readonly version: string;
}
