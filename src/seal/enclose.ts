import { SwaliError } from '../errors/swali-error.js';
import { BASE_ALIAS, type PrincipalView, type RelationObligation } from '../policy/view.js';
import type { BoundStatement } from '../sql/bind.js';
import type { RelationUse } from '../sql/binder.js';
import { foldName } from '../sql/fold-name.js';
import type { Enclosure, Expression, Query, TableExpression } from '../sql/nodes.js';
import { rewriteQuery } from '../sql/rewrite.js';

/** Name of the constant that an enclosure shows when the statement uses none of its columns (`COUNT(*)`). */
const NO_COLUMN = 'c0';

/** What stands for a column inside an enclosure: the mask, or the column itself. */
function exposeColumn(obligation: RelationObligation, name: string): Expression {
  const visible = obligation.columns.get(foldName(name));
  if (!visible) throw new SwaliError('SEAL_COLUMN_UNKNOWN');
  return visible.mask ?? { kind: 'column', qualifier: [BASE_ALIAS], name: visible.column.name, at: -1 };
}

function encloseUse(use: RelationUse, view: PrincipalView): Enclosure {
  const obligation = view.relations.get(foldName(use.relation.name));
  if (!obligation) throw new SwaliError('SEAL_RELATION_UNKNOWN');
  const columns = [...use.columns].map(([column, name]) => ({ name, expression: exposeColumn(obligation, column) }));
  const constant: Expression = { kind: 'number', form: 'integer', text: '1' };
  return {
    kind: 'enclosure',
    relation: obligation.relation.name,
    inner: BASE_ALIAS,
    alias: use.alias,
    columns: columns.length > 0 ? columns : [{ name: NO_COLUMN, expression: constant }],
    filter: obligation.filter,
    copied: [],
    orderBy: [],
    // Without the fence the optimiser may run the caller's expressions on rows that the filter removes (MEASURED §2).
    fenced: obligation.filter !== null,
  };
}

/**
 * Replaces every base relation of a resolved statement by an enclosure: a derived table with only the permitted columns
 * that the statement uses, masks applied, and the principal's row filter, fenced. Covers every scope.
 *
 * @param statement bound: each base relation has an alias of ours that `uses` knows
 * @returns a new query; the input is unchanged
 * @throws SwaliError where a relation or column has no obligation; never falls back to the open relation
 * @remarks A filter is never added to the caller's WHERE: an OR there would undo it, and under an outer join it would drop rows.
 */
export function enclose(statement: BoundStatement, view: PrincipalView): Query {
  return rewriteQuery(statement.query, { table: (node) => encloseTable(node, statement, view) });
}

/** What {@link enclose} makes of one table expression. */
export function encloseTable(node: TableExpression, statement: BoundStatement, view: PrincipalView): TableExpression {
  if (node.kind !== 'relation') return node;
  const use = node.alias === null ? undefined : statement.uses.get(node.alias);
  // What is no base relation is a common table: its name is ours, so it cannot be one of the source's.
  return use ? encloseUse(use, view) : node;
}
