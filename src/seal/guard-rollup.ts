import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import { foldName } from '../sql/fold-name.js';
import type { Enclosure, Expression, Query, TableExpression } from '../sql/nodes.js';
import { visitQuery } from '../sql/visit.js';
import { givesOneRow } from './exact-arithmetic.js';
import { splitConjuncts, uniqueKeys } from './fence.js';

/** The inner column that a conjunct of an enclosure sets equal to something that is the same for all of its rows. */
function pinnedBy(conjunct: Expression, { inner }: Enclosure): string | null {
  if (conjunct.kind === 'in-list' && !conjunct.negated && conjunct.items.length === 1)
    return nameOf(conjunct.operand, inner);
  if (conjunct.kind !== 'binary' || conjunct.operator !== '=') return null;
  const [left, right] = [nameOf(conjunct.left, inner), nameOf(conjunct.right, inner)];
  return left !== null && right !== null ? null : (left ?? right);
}

function nameOf(expression: Expression, alias: string): string | null {
  return expression.kind === 'column' && expression.qualifier[0] === alias ? expression.name : null;
}

/** Whether a source of FROM has one row at most by its keys, as MySQL knows before it runs. */
function hasOneRow(table: TableExpression, view: PrincipalView): boolean {
  switch (table.kind) {
    case 'join':
      return hasOneRow(table.left, view) && hasOneRow(table.right, view);
    case 'derived':
      return givesOneRow(table.query, 'mysql') || isOneRow(table.query, view);
    case 'enclosure': {
      const conjuncts = [...splitConjuncts(table.filter), ...table.copied];
      const pinned = new Set(conjuncts.map((conjunct) => pinnedBy(conjunct, table)));
      const relation = view.relations.get(foldName(table.relation))?.relation;
      return relation !== undefined && uniqueKeys(relation).some((key) => key.every((column) => pinned.has(column)));
    }
    // A common table is not looked into: it counts as one that may have a single row.
    case 'relation':
      return true;
    case 'json-rows':
      return false;
  }
}

function isOneRow({ body }: Query, view: PrincipalView): boolean {
  return body.kind === 'select' && body.from.every((table) => hasOneRow(table, view));
}

/**
 * Refuses a ROLLUP of one row inside another query on MySQL: up to 9.7 at least it takes the result for one row as well, and
 * loses the total. At the top it does not.
 *
 * @throws SwaliError `SEAL_UNSUPPORTED`
 */
export function guardRollup(query: Query, view: PrincipalView): Query {
  visitQuery(query, {
    query: (node) => {
      if (node !== query && node.body.kind === 'select' && node.body.rollup && isOneRow(node, view))
        throw new SwaliError('SEAL_UNSUPPORTED', { detail: 'WITH ROLLUP over one row inside another query' });
    },
  });
  return query;
}
