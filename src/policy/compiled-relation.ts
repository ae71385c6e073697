import type { Catalog, CatalogColumn, CatalogRelation } from '../catalog/catalog.js';
import { foldName } from '../sql/fold-name.js';
import type { Expression } from '../sql/nodes.js';
import { type Audience, chooseEntry, nameStanding, opensTo, STANDINGS, type Standing } from './audience.js';
import type { ClaimRegister } from './bind-claims.js';
import { type CompiledPredicate, compilePredicate, conjoinPredicates } from './compile-predicate.js';
import { makeMask, nameMask } from './mask.js';
import { collectFault, type FaultList, type FaultPath } from './policy-fault.js';
import type { ColumnEntry, PolicyFile, RelationEntry } from './policy-file.js';

/** One column that the policy lists. */
export interface CompiledColumn {
  readonly column: CatalogColumn;
  readonly entry: ColumnEntry;
  /** The mask as an expression; null where the entry has none. */
  readonly mask: Expression | null;
  /** `last 4`; null where the entry has none. */
  readonly maskName: string | null;
}

/** One relation that the policy opens to somebody. */
export interface CompiledRelation {
  readonly relation: CatalogRelation;
  readonly entry: RelationEntry;
  readonly openTo: readonly Audience[];
  /** In the catalog's order. */
  readonly columns: readonly CompiledColumn[];
  readonly rows: Readonly<Partial<Record<Audience, CompiledPredicate | 'all'>>>;
  /** Joined to every rule; null where tenancy is off or the relation is shared. */
  readonly tenant: CompiledPredicate | null;
}

/** What compiling relations needs. */
export interface CompileContext {
  readonly catalog: Catalog;
  readonly file: PolicyFile;
  readonly tenancy: boolean;
  /** Turns the warning about a missing index into a fault. */
  readonly strict: boolean;
  readonly hasHashKey: boolean;
  readonly register: ClaimRegister;
  readonly faults: FaultList;
  /** `line: message` of what is accepted and unwise. */
  readonly warn: (path: FaultPath, message: string) => void;
}

/** Filters of a relation: every predicate that may stand in an enclosure of it. */
function filtersOf(compiled: CompiledRelation): readonly CompiledPredicate[] {
  const rows = Object.values(compiled.rows).filter((rule): rule is CompiledPredicate => rule !== 'all');
  return compiled.tenant ? [...rows, compiled.tenant] : rows;
}

function compileColumn(
  name: string,
  entry: ColumnEntry,
  relation: CatalogRelation,
  path: FaultPath,
  context: CompileContext,
): CompiledColumn | null {
  const { faults, catalog } = context;
  const column = relation.columns.find((each) => foldName(each.name) === foldName(name));
  if (!column) {
    faults.at(path, `${relation.name} has no column ${name}`);
    return null;
  }
  const { mask } = entry;
  if (mask === undefined) return { column, entry, mask: null, maskName: null };
  if (mask === 'hash' && !context.hasHashKey)
    faults.at([...path, 'mask'], 'the mask hash needs a key of this installation, and none is given');
  const made = collectFault(faults, [...path, 'mask'], () => makeMask(mask, relation.name, column, catalog.dialect));
  return { column, entry, mask: made ?? null, maskName: nameMask(mask) };
}

function compileColumns(
  entry: RelationEntry,
  relation: CatalogRelation,
  path: FaultPath,
  context: CompileContext,
): readonly CompiledColumn[] {
  const listed = entry.columns;
  if (listed === '*') {
    context.warn([...path, 'columns'], `every column of ${relation.name} is open, also those added later`);
    return relation.columns.map((column) => ({ column, entry: {}, mask: null, maskName: null }));
  }
  const seen = new Set<string>();
  const columns = Object.entries(listed ?? {}).flatMap(([name, column]) => {
    const at = [...path, 'columns', name];
    if (seen.has(foldName(name))) context.faults.at(at, `${name} is listed twice, in different spellings`);
    seen.add(foldName(name));
    return compileColumn(name, column, relation, at, context) ?? [];
  });
  const order = new Map(relation.columns.map((column, index) => [column, index]));
  return columns.sort((a, b) => (order.get(a.column) ?? 0) - (order.get(b.column) ?? 0));
}

function compileRows(
  entry: RelationEntry,
  relation: CatalogRelation,
  path: FaultPath,
  context: CompileContext,
): CompiledRelation['rows'] {
  const rows: Partial<Record<Audience, CompiledPredicate | 'all'>> = {};
  for (const [audience, text] of Object.entries(entry.rows ?? {}) as [Audience, string][]) {
    const sources = { catalog: context.catalog, fileDialect: context.file.dialect, register: context.register };
    const compiled =
      text === 'all'
        ? 'all'
        : collectFault(context.faults, [...path, 'rows', audience], () => compilePredicate(text, relation, sources));
    // What cannot be compiled is a fault already; the place stays taken, so that no second fault says it is missing.
    rows[audience] = compiled ?? 'all';
  }
  return rows;
}

/** The predicate that ties every row to the caller's tenant; null where tenancy is off or the relation is shared. */
function compileTenant(
  entry: RelationEntry,
  relation: CatalogRelation,
  path: FaultPath,
  context: CompileContext,
): CompiledPredicate | null {
  const { file, faults, catalog, register } = context;
  if (!context.tenancy || entry.tenant === 'shared') return null;
  const name = entry.tenant?.column ?? file.tenant?.column;
  const column =
    name === undefined ? undefined : relation.columns.find((each) => foldName(each.name) === foldName(name));
  if (!column) {
    faults.at(path, `${relation.name} has no tenant column; say which, or tenant: shared`);
    return null;
  }
  const quote = file.dialect === 'sqlite' ? '"' : '`';
  const text = `${quote}${column.name.replaceAll(quote, quote + quote)}${quote} = :tenant`;
  return (
    collectFault(faults, path, () =>
      compilePredicate(text, relation, { catalog, fileDialect: file.dialect, register }),
    ) ?? null
  );
}

/** Standings to which the relation is open and for which no entry of `rows` says anything, although one must. */
function assertRowsCovered(compiled: CompiledRelation, path: FaultPath, faults: FaultList): void {
  const byRole = Object.keys(compiled.rows).some((audience) => audience.startsWith('employee:'));
  const uncovered = STANDINGS.filter(
    (standing) =>
      opensTo(compiled.openTo, standing) &&
      (standing.kind === 'customer' || (standing.kind === 'employee' && byRole)) &&
      chooseEntry(compiled.rows, standing) === null,
  );
  if (uncovered.length === 0) return;
  const names = uncovered.map(nameStanding).join(', ');
  faults.at(
    [...path, ...(compiled.entry.rows ? ['rows'] : [])],
    `open to ${names} without a rule for rows; write one, or say all`,
  );
}

/** Rules about what a filtered relation may be, and what it should have. */
function assertFilterable(compiled: CompiledRelation, path: FaultPath, context: CompileContext): void {
  const filters = filtersOf(compiled);
  if (filters.length === 0) return;
  const { relation } = compiled;
  const at = [...path, 'rows'];
  if (relation.kind === 'view') {
    context.faults.at(
      at,
      `${relation.name} is a view; its columns may be computed on hidden rows, so it takes no row rules. Open its tables instead`,
    );
    return;
  }
  for (const { column } of compiled.columns)
    if (column.generated === 'virtual')
      context.faults.at(
        [...path, 'columns', column.name],
        `${column.name} is computed when read, also on hidden rows; a relation with row rules cannot open it`,
      );
  const leading = new Set(
    [relation.primaryKey, ...relation.indexes.map((index) => index.columns)]
      .flatMap((columns) => columns[0] ?? [])
      .map(foldName),
  );
  for (const filter of filters) {
    if ([...filter.searchable].some((column) => leading.has(foldName(column)))) continue;
    const message = `no index of ${relation.name} begins with a column of the rule "${filter.text}": every look reads the whole table`;
    if (context.strict) context.faults.at(at, message);
    else context.warn(at, message);
  }
}

/** Compiles one entry of `relations`; null where it is secret or names nothing in the catalog (a fault). */
export function compileRelation(name: string, entry: RelationEntry, context: CompileContext): CompiledRelation | null {
  const path: FaultPath = ['relations', name];
  const relation = context.catalog.relations.get(foldName(name));
  if (!relation) {
    // A secret relation may be absent on some installations; nothing is opened by it.
    if (!entry.secret) context.faults.at(path, `the database has no table or view ${name}`);
    return null;
  }
  if (entry.secret) return null;
  const compiled: CompiledRelation = {
    relation,
    entry,
    openTo: entry.open_to ?? [],
    columns: compileColumns(entry, relation, path, context),
    rows: compileRows(entry, relation, path, context),
    tenant: compileTenant(entry, relation, path, context),
  };
  assertRowsCovered(compiled, path, context.faults);
  assertFilterable(compiled, path, context);
  return compiled;
}

/** The filter of a relation for one standing, with the names of the rules in it. */
export function filterFor(
  compiled: CompiledRelation,
  standing: Standing,
  context: Pick<CompileContext, 'catalog'>,
): { readonly predicate: CompiledPredicate | null; readonly policies: readonly string[] } {
  const chosen = chooseEntry(compiled.rows, standing);
  const rule = chosen && chosen.value !== 'all' ? chosen.value : null;
  const { name } = compiled.relation;
  return {
    predicate: conjoinPredicates(rule, compiled.tenant, context.catalog.dialect),
    policies: [
      ...(rule && chosen ? [`${name}.rows.${chosen.audience}`] : []),
      ...(compiled.tenant ? [`${name}.rows.tenant`] : []),
    ],
  };
}
