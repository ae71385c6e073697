import type { Catalog } from '../catalog/catalog.js';
import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView, RelationObligation } from '../policy/view.js';
import { type BoundStatement, bindStatement } from '../sql/bind.js';
import type { BindableRelation } from '../sql/binder.js';
import { foldName } from '../sql/fold-name.js';
import { functionRule } from '../sql/functions.js';
import type { Query } from '../sql/nodes.js';
import { measureDepth } from '../sql/visit.js';

/** What binding was told of the relations of a view before: a view does not change, nor does the dialect of its catalog. */
const DESCRIBED = new WeakMap<RelationObligation, BindableRelation>();

function describe(obligation: RelationObligation, dialect: Dialect): BindableRelation {
  const known = DESCRIBED.get(obligation) ?? describeRelation(obligation, dialect);
  DESCRIBED.set(obligation, known);
  return known;
}

/** A relation as binding needs it. On SQLite the row id is another name of an INTEGER PRIMARY KEY, where that may be seen. */
function describeRelation({ relation, columns }: RelationObligation, dialect: Dialect): BindableRelation {
  const described = { name: relation.name, columns: [...columns.values()].map((visible) => visible.column.name) };
  const [key, second] = relation.primaryKey;
  if (dialect !== 'sqlite' || key === undefined || second !== undefined) return described;
  return columns.get(foldName(key))?.column.declaredType === 'integer' ? { ...described, rowId: key } : described;
}

/**
 * Binds every relation, column and function of a statement to the catalog as this principal sees it.
 * What is hidden and what does not exist give the same answer, for the view simply does not hold it.
 *
 * @param slots names that `:name` may say
 * @throws SwaliError as `bindStatement`, and `SEAL_TOO_DEEP` over the limits of joins and depth
 */
export function resolve(
  query: Query,
  view: PrincipalView,
  catalog: Catalog,
  slots: ReadonlySet<string>,
): BoundStatement {
  const bound = bindStatement(query, {
    dialect: catalog.dialect,
    database: catalog.database,
    mode: 'statement',
    maxSources: view.limits.joins + 1,
    relation: (name) => {
      const obligation = view.relations.get(foldName(name));
      return obligation && describe(obligation, catalog.dialect);
    },
    isTaken: (name) => catalog.relations.has(foldName(name)),
    functionRule: (name) => {
      const rule = functionRule(catalog.dialect, name);
      return rule && view.isFunctionOpen(name, true) ? rule : undefined;
    },
    parameter: (name) => (slots.has(name) ? 'slot' : undefined),
  });
  if (measureDepth(query) > view.limits.depth)
    throw new SwaliError('SEAL_TOO_DEEP', { detail: `more than ${view.limits.depth} levels of queries` });
  return bound;
}
