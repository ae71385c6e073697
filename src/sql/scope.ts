import { SwaliError } from '../errors/swali-error.js';
import { expressionKey } from './expression-key.js';
import { foldName } from './fold-name.js';
import type { ColumnReference, Expression } from './nodes.js';

/** One column that a source offers: the caller's word for it, and what a reference to it becomes. */
export interface ScopeColumn {
  /** The caller's spelling, or the catalog's: the output name of `*`. */
  readonly name: string;
  /** `foldName(name)`: names are compared by it. */
  readonly fold: string;
  /** Makes the bound reference; for base relations it also notes that the column is used. */
  readonly refer: () => Expression;
  /** What `t.*` gives, where it is not what `t.name` gives: SQLite merges columns there too. */
  readonly referByStar?: () => Expression;
  /** True for SQLite's names of the row id: `*`, USING and NATURAL do not see them. */
  readonly implicit?: boolean;
}

/** One entry of FROM as names see it. */
export interface ScopeSource {
  /** Folded alias or relation name; null where it has none and cannot be a qualifier. */
  readonly fold: string | null;
  /** Folded database name for base relations without alias; else null. */
  readonly schema: string | null;
  readonly columns: readonly ScopeColumn[];
}

/** A common table in sight. `columns` is null while its first part is being bound. */
export interface CommonTableEntry {
  readonly fold: string;
  /** Our name, `t4`. */
  readonly name: string;
  columns: readonly { readonly name: string; readonly column: string }[] | null;
}

/** Common tables visible at a place; inner ones first. */
export interface CommonTables {
  readonly entries: readonly CommonTableEntry[];
  readonly outer: CommonTables | null;
}

/** How output names of the select list join the lookup: not at all, after FROM (GROUP BY, expressions of ORDER BY), or before it (ORDER BY name, HAVING). */
export type OutputNames = 'none' | 'last' | 'first';

/** Names visible at one place of one query level. A value, built once per clause. */
export interface Scope {
  readonly sources: readonly ScopeSource[];
  /** For unqualified names and `*`: USING and NATURAL columns merged. */
  readonly columns: readonly ScopeColumn[];
  readonly outputNames: OutputNames;
  /** Output columns of this level by name: as written alias, or as plain column. Empty where the select list is not bound yet. */
  readonly outputs: readonly ScopeOutput[];
  readonly parent: Scope | null;
  readonly commonTables: CommonTables | null;
}

export interface ScopeOutput {
  readonly fold: string;
  /** True for `expression AS name`; false for a plain column that gives its own name. */
  readonly aliased: boolean;
  /** What a reference becomes: the output name, or, where a clause cannot say that, the expression. */
  readonly refer: () => Expression;
  /** The bound expression, to tell two outputs of one name apart. */
  readonly expression: Expression;
}

/** A scope with nothing in it, below `parent`. */
export function emptyScope(parent: Scope | null, commonTables: CommonTables | null): Scope {
  return { sources: [], columns: [], outputNames: 'none', outputs: [], parent, commonTables };
}

/** The entry of a common table in sight, innermost first. */
export function findCommonTable(tables: CommonTables | null, name: string): CommonTableEntry | undefined {
  const fold = foldName(name);
  for (let level = tables; level; level = level.outer) {
    const entry = level.entries.find((candidate) => candidate.fold === fold);
    if (entry) return entry;
  }
  return undefined;
}

function unknownColumn(reference: ColumnReference): SwaliError {
  return new SwaliError('SEAL_COLUMN_UNKNOWN', { detail: `at character ${reference.at + 1}` });
}

function ambiguousColumn(reference: ColumnReference): SwaliError {
  return new SwaliError('SEAL_COLUMN_AMBIGUOUS', { detail: `at character ${reference.at + 1}` });
}

function findOutput(scope: Scope, fold: string, reference: ColumnReference): ScopeOutput | undefined {
  const found = scope.outputs.filter((output) => output.fold === fold);
  const first = found.find((output) => output.aliased) ?? found[0];
  if (!first) return undefined;
  const others = found.filter((output) => output.aliased === first.aliased && output !== first);
  const printed = expressionKey(first.expression);
  if (others.some((output) => expressionKey(output.expression) !== printed)) throw ambiguousColumn(reference);
  return first;
}

function matchQualified(scope: Scope, reference: ColumnReference, fold: string): ScopeColumn[] {
  const [first, second] = reference.qualifier;
  const table = foldName((second ?? first) as string);
  const schema = second === undefined ? null : foldName(first as string);
  const found: ScopeColumn[] = [];
  for (const source of scope.sources) {
    if (source.fold !== table || (schema !== null && source.schema !== schema)) continue;
    for (const column of source.columns) if (column.fold === fold) found.push(column);
  }
  return found;
}

function lookUpAtLevel(scope: Scope, reference: ColumnReference): Expression | undefined {
  const fold = foldName(reference.name);
  if (reference.qualifier.length > 0) {
    const matches = matchQualified(scope, reference, fold);
    if (matches.length > 1) throw ambiguousColumn(reference);
    return matches[0]?.refer();
  }
  if (scope.outputNames === 'first') {
    const output = findOutput(scope, fold, reference);
    if (output) return output.refer();
  }
  const matches = scope.columns.filter((column) => column.fold === fold);
  if (matches.length === 1) return (matches[0] as ScopeColumn).refer();
  // A name that fits several sources may still be settled by the select list, where that has only one of them.
  const output = scope.outputNames === 'last' ? findOutput(scope, fold, reference) : undefined;
  if (output) return output.refer();
  if (matches.length > 1) throw ambiguousColumn(reference);
  return undefined;
}

/**
 * Binds a column reference: this level first, then each outer one.
 *
 * @throws SwaliError `SEAL_COLUMN_UNKNOWN` for hidden and absent alike, `SEAL_COLUMN_AMBIGUOUS`
 */
export function lookUpColumn(scope: Scope, reference: ColumnReference): Expression {
  for (let level: Scope | null = scope; level; level = level.parent) {
    const found = lookUpAtLevel(level, reference);
    if (found) return found;
  }
  throw unknownColumn(reference);
}

/** Columns of `*` or `t.*`. @throws SwaliError `SEAL_COLUMN_UNKNOWN` where the qualifier is no source of this level */
export function expandStar(scope: Scope, qualifier: readonly string[], at: number): readonly ScopeColumn[] {
  if (qualifier.length === 0) {
    if (scope.sources.length === 0) throw new SwaliError('SEAL_SHAPE', { detail: '* without FROM' });
    return scope.columns.filter((column) => !column.implicit);
  }
  const [first, second] = qualifier;
  const table = foldName((second ?? first) as string);
  const schema = second === undefined ? null : foldName(first as string);
  const source = scope.sources.find((entry) => entry.fold === table && (schema === null || entry.schema === schema));
  if (!source) throw new SwaliError('SEAL_COLUMN_UNKNOWN', { detail: `at character ${at + 1}` });
  return source.columns
    .filter((column) => !column.implicit)
    .map((column) => ({ ...column, refer: column.referByStar ?? column.refer }));
}
