import type { ColumnFamily } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import type { Cell } from './world.js';

/** A column that a generated statement may name. */
export interface VocabularyColumn {
  readonly name: string;
  readonly family: ColumnFamily;
  readonly declaredType: string;
  readonly nullable: boolean;
  /** Cells of the full data, the principal's own and those of others: an attacker guesses well. */
  readonly samples: readonly Cell[];
  /** The column's collation as the catalog says it; null or absent where it has none or it is not known. */
  readonly collation?: string | null;
}

/** A relation that a generated statement may name. */
export interface VocabularyRelation {
  readonly name: string;
  /** Whether the policy hides rows of it from the principal. */
  readonly filtered?: boolean;
  readonly columns: readonly VocabularyColumn[];
  /** Unique keys, the primary key first. */
  readonly keys: readonly (readonly string[])[];
  readonly foreignKeys: readonly {
    readonly columns: readonly string[];
    readonly relation: string;
    readonly referenced: readonly string[];
  }[];
}

/** What generated statements are written over: the relations and columns that one principal may see. */
export interface Vocabulary {
  readonly dialect: Dialect;
  readonly relations: readonly VocabularyRelation[];
  /** Names of relations that the principal may not see: aliases and common tables are called so now and then. */
  readonly closedRelations?: readonly string[];
}
