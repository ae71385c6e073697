import type { Catalog, CatalogColumn, CatalogRelation } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import { foldName } from '../sql/fold-name.js';
import type { ColumnReference, Expression, Query } from '../sql/nodes.js';
import { visitExpression } from '../sql/visit.js';
import { PolicyRefusal } from './policy-fault.js';
import { BASE_ALIAS } from './view.js';

/** What the checks of one bound predicate may look up. */
export interface PredicateContext {
  /** Of the source. */
  readonly dialect: Dialect;
  /** Of the policy file. */
  readonly fileDialect: Dialect;
  /** Catalog column behind a bound reference, and the alias it stands under. @throws PolicyRefusal where a rule cannot use it */
  columnOf(reference: ColumnReference): CatalogColumn;
}

/** True for the dialects whose server speaks the MySQL protocol. */
export function isMySqlFamily(dialect: Dialect): boolean {
  return dialect !== 'sqlite';
}

/**
 * The base relations that a bound predicate's subqueries read.
 *
 * @returns alias (`p1`) → catalog spelling; empty where the predicate reads its own relation alone
 */
function relationsInPredicate(predicate: Expression): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  const see = (query: Query): void => {
    if (query.body.kind === 'select')
      for (const table of query.body.from)
        if (table.kind === 'relation' && table.alias !== null) aliases.set(table.alias, table.name);
  };
  visitExpression(predicate, { query: see });
  return aliases;
}

/**
 * Makes the context of one bound predicate over `base`.
 *
 * @param predicate as `bindPredicate` gives it
 */
export function createPredicateContext(
  predicate: Expression,
  base: CatalogRelation,
  catalog: Catalog,
  fileDialect: Dialect,
): PredicateContext {
  const aliases = relationsInPredicate(predicate);
  return {
    dialect: catalog.dialect,
    fileDialect,
    columnOf: (reference) => {
      const alias = reference.qualifier[0] ?? '';
      const relation = alias === BASE_ALIAS ? base : catalog.relations.get(foldName(aliases.get(alias) ?? ''));
      const column = relation?.columns.find((each) => each.name === reference.name);
      if (!relation || !column) throw new PolicyRefusal(`a rule cannot use the column ${reference.name} here`);
      if (relation.kind === 'view')
        throw new PolicyRefusal(
          `a rule cannot read the view ${relation.name}: its columns may be computed on rows that the rule hides`,
        );
      // The MySQL family computes virtual columns before WHERE, also on rows that the filter removes.
      if (column.generated === 'virtual')
        throw new PolicyRefusal(`a rule cannot use ${relation.name}.${column.name}: it is a virtual generated column`);
      return column;
    },
  };
}
