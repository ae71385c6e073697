import type { Catalog, CatalogRelation } from '../catalog/catalog.js';
import type { PrincipalKind } from '../domain/principal.js';
import { foldName } from '../sql/fold-name.js';
import type { Expression } from '../sql/nodes.js';
import { visitExpression } from '../sql/visit.js';
import { STANDINGS } from './audience.js';
import { anyoneOf } from './explain-policy.js';
import type { Policy } from './policy.js';
import { BASE_ALIAS, type RelationObligation } from './view.js';

/** What an account of the source is for: the statements of one kind of principal, or reading the catalog at start. */
export type AccountUse = PrincipalKind | 'catalog';

/** Columns of one relation that an account must be able to read. */
export interface LeastRead {
  readonly relation: CatalogRelation;
  /** Catalog spelling, in declared order; never empty. */
  readonly columns: readonly string[];
}

/** Relations by folded name, with the columns found so far. */
type Found = Map<string, { readonly relation: CatalogRelation; readonly columns: Set<string> }>;

function find(found: Found, relation: CatalogRelation): Set<string> {
  const key = foldName(relation.name);
  const entry = found.get(key) ?? { relation, columns: new Set<string>() };
  found.set(key, entry);
  return entry.columns;
}

/**
 * Adds every column that an expression of an enclosure names: of its own relation, and of those that its subqueries read.
 *
 * @throws Error where a column stands behind no relation of the catalog: what is not understood is not granted by guess
 */
function addExpression(expression: Expression, base: CatalogRelation, catalog: Catalog, found: Found): void {
  const behind = new Map<string, CatalogRelation>([[BASE_ALIAS, base]]);
  const named: { readonly alias: string; readonly column: string }[] = [];
  visitExpression(expression, {
    table: (node) => {
      if (node.kind !== 'relation') return;
      const relation = catalog.relations.get(foldName(node.name));
      if (!relation || node.alias === null)
        throw new Error(`a rule reads ${node.name}, which the catalog does not have`);
      behind.set(node.alias, relation);
      find(found, relation);
    },
    expression: (node) => {
      if (node.kind === 'column') named.push({ alias: node.qualifier[0] ?? '', column: node.name });
    },
  });
  for (const { alias, column } of named) {
    const relation = behind.get(alias);
    if (!relation?.columns.some(({ name }) => name === column))
      throw new Error(`a rule names ${alias}.${column}, which the catalog does not have`);
    find(found, relation).add(column);
  }
}

function addObligation(obligation: RelationObligation, catalog: Catalog, found: Found): void {
  const { relation, filter } = obligation;
  const columns = find(found, relation);
  // A mask may name its column, or nothing at all ("null").
  for (const { column, mask } of obligation.columns.values())
    if (mask) addExpression(mask, relation, catalog, found);
    else columns.add(column.name);
  if (filter) addExpression(filter, relation, catalog, found);
}

/** What loading the policy must find in the catalog: every column that it lists, for whomever, and that its rules name. */
function addWholePolicy(policy: Policy, catalog: Catalog, found: Found): void {
  for (const { relation, columns, rows, tenant } of policy.relations.values()) {
    const listed = find(found, relation);
    for (const { column } of columns) listed.add(column.name);
    for (const rule of [...Object.values(rows), tenant])
      if (rule && rule !== 'all') addExpression(rule.expression, relation, catalog, found);
  }
}

/**
 * Counting the rows of a relation takes a right to some column of it. Where nothing else is needed, it is one that the
 * policy opens, if only masked, and of those the first of the primary key.
 */
function chooseAny(relation: CatalogRelation, open: readonly string[]): string {
  const candidates = open.length > 0 ? open : relation.columns.map(({ name }) => name);
  return relation.primaryKey.find((name) => candidates.includes(name)) ?? candidates[0]!;
}

/**
 * The least that an account must be able to read: every base column that a sealed statement can name for those whom it
 * serves. That is, of each relation that is open to them, the columns that they see, those that masks compute from, and
 * those that row rules name, in their subqueries too. For employees the union over all roles, as their own lists of
 * tables can only narrow it. Order, keys for ties and copied look-ups name only columns that are seen unmasked.
 *
 * @param uses what the account is for; `catalog` needs all that the policy lists, whoever sees it, and what all kinds need
 * @returns by name; a relation that is not in it needs no right
 * @remarks A view that runs with the rights of whoever asks needs rights on its tables besides, which nothing here can know.
 */
export function findLeastReads(policy: Policy, catalog: Catalog, uses: readonly AccountUse[]): readonly LeastRead[] {
  const found: Found = new Map();
  const open = new Map<string, string[]>();
  const readsCatalog = uses.includes('catalog');
  for (const standing of STANDINGS) {
    if (!readsCatalog && !uses.includes(standing.kind)) continue;
    for (const [key, obligation] of policy.viewFor(anyoneOf(standing, catalog)).relations) {
      addObligation(obligation, catalog, found);
      const seen = [...obligation.columns.values()].map(({ column }) => column.name);
      open.set(key, [...(open.get(key) ?? []), ...seen]);
    }
  }
  if (readsCatalog) addWholePolicy(policy, catalog, found);
  return [...found]
    .map(([key, { relation, columns }]) => {
      const named = relation.columns.map(({ name }) => name).filter((name) => columns.has(name));
      return { relation, columns: named.length > 0 ? named : [chooseAny(relation, open.get(key) ?? [])] };
    })
    .sort((left, right) => (left.relation.name < right.relation.name ? -1 : 1));
}
