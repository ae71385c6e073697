import type { ColumnFamily } from '../../catalog/catalog.js';
import type { Dialect } from '../../domain/dialect.js';
import type { Expression, Query } from '../../sql/nodes.js';
import type { Vocabulary, VocabularyColumn, VocabularyRelation } from '../vocabulary.js';
import type { Choices } from './choices.js';

/** What a value is, as far as it decides which expressions fit it. `other`: bytes, bits, shapes. */
export type ValueKind = 'number' | 'text' | 'date' | 'json' | 'other';

const KINDS: Readonly<Record<ColumnFamily, ValueKind>> = {
  integer: 'number',
  decimal: 'number',
  float: 'number',
  boolean: 'number',
  year: 'number',
  text: 'text',
  enum: 'text',
  set: 'text',
  time: 'text',
  unknown: 'text',
  date: 'date',
  datetime: 'date',
  json: 'json',
  binary: 'other',
  bit: 'other',
  spatial: 'other',
};

/** The kind of a column's values. */
export function kindOf(column: VocabularyColumn): ValueKind {
  return KINDS[column.family];
}

/** A column that a source offers. */
export interface Field {
  readonly name: string;
  readonly kind: ValueKind;
  /** The base column behind it; null where it is computed. */
  readonly column: VocabularyColumn | null;
}

/** One entry of FROM. */
export interface Source {
  readonly alias: string;
  readonly fields: readonly Field[];
  /** The base relation, null for derived and common tables. */
  readonly relation: VocabularyRelation | null;
}

/** A common table in sight. */
export interface CommonSource {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** A value that may be named as it is: a column, or the expression of a group. */
export interface Leaf {
  readonly expression: Expression;
  readonly kind: ValueKind;
  readonly column: VocabularyColumn | null;
}

/** What is left to spend on one statement. Counts down while it is written. */
export interface Purse {
  /** Entries of FROM. */
  relations: number;
  /** Expressions that fail under a condition. */
  oracles: number;
  /** Nodes of expressions; leaves only when it is empty. */
  nodes: number;
  /** Numbers already given to names. */
  names: number;
}

/** What a subquery has to give. */
export interface SubqueryShape {
  /** Kinds of its output columns. */
  readonly kinds: readonly ValueKind[];
  /** At most one row: an aggregate, or LIMIT 1 by a key. */
  readonly single: boolean;
}

/** The parts of the writer, bound together here as each of them needs the others. */
export interface Writer {
  readonly choices: Choices;
  readonly vocabulary: Vocabulary;
  readonly dialect: Dialect;
  readonly purse: Purse;
  value(place: Place, kind: ValueKind, depth: number): Expression;
  condition(place: Place, depth: number): Expression;
  /** A subquery that may name what is in sight at `place`. */
  subquery(place: Place, shape: SubqueryShape): Query;
}

/** Where an expression stands: what may be named there, and what may be written. A value. */
export interface Place {
  readonly writer: Writer;
  /** Names of this level. */
  readonly leaves: readonly Leaf[];
  /** The query around, null at the top. */
  readonly outer: Place | null;
  readonly commonTables: readonly CommonSource[];
  /** Leaves that aggregates take, null where no aggregate may stand. */
  readonly aggregated: readonly Leaf[] | null;
  /** Whether window functions may stand here. */
  readonly windows: boolean;
  /** Names of windows that the WINDOW clause defines. */
  readonly windowNames: readonly string[];
  /** Levels of subqueries that may still follow. */
  readonly levels: number;
}

/** Leaves of sources, each named by its alias. */
export function leavesOf(sources: readonly Source[]): Leaf[] {
  return sources.flatMap(({ alias, fields }) =>
    fields.map(({ name, kind, column }) => ({
      expression: { kind: 'column', qualifier: [alias], name, at: -1 } as const,
      kind,
      column,
    })),
  );
}

/** A name of this statement that nothing else has. */
export function freshName(writer: Writer, prefix: string): string {
  writer.purse.names += 1;
  return `${prefix}${writer.purse.names}`;
}
