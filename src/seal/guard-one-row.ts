import { SwaliError } from '../errors/swali-error.js';
import type { PrincipalView } from '../policy/view.js';
import { foldName } from '../sql/fold-name.js';
import { itemExpressions } from '../sql/levels.js';
import type { Enclosure, Expression, OrderItem, Query, QueryBody, Select, TableExpression } from '../sql/nodes.js';
import { visitLevel, visitQuery } from '../sql/visit.js';
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
      return givesOneRow(table.query, 'mysql') || isOneRowBody(table.query.body, view);
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

/** EXCEPT gives rows of its left side alone, INTERSECT those of both. */
function isOneRowBody(body: QueryBody, view: PrincipalView): boolean {
  switch (body.kind) {
    case 'select':
      return isOneRow(body, view);
    case 'query':
      return isOneRowBody(body.body, view);
    case 'set-operation':
      if (body.operator === 'INTERSECT' && isOneRowBody(body.right, view)) return true;
      return body.operator !== 'UNION' && isOneRowBody(body.left, view);
    case 'values':
      return false;
  }
}

function isOneRow(select: Select, view: PrincipalView): boolean {
  return select.from.every((table) => hasOneRow(table, view));
}

function refuse(construct: string): never {
  throw new SwaliError('SEAL_UNSUPPORTED', { detail: `${construct} over one row` });
}

/** Whether a select computes a window function over a frame that is written. */
function hasFrame(select: Select, orderBy: readonly OrderItem[]): boolean {
  let found = select.windows.some(({ window }) => window.frame !== null);
  for (const expression of [...itemExpressions(select), ...orderBy.map((item) => item.expression)])
    visitLevel(expression, (node) => {
      found ||= node.kind === 'call' && node.over?.kind === 'window' && node.over.frame !== null;
    });
  return found;
}

/**
 * Refuses what MySQL, up to 9.7 at least, computes wrongly over sources of which it knows by their keys that they have one
 * row: WITH ROLLUP inside another query, whose total it loses, and a window function over a written frame, which it takes
 * for the row whatever the frame holds.
 *
 * @throws SwaliError `SEAL_UNSUPPORTED`
 */
export function guardOneRow(query: Query, view: PrincipalView): Query {
  visitQuery(query, {
    query: (node) => {
      const { body, orderBy } = node;
      if (body.kind !== 'select') return;
      if (node !== query && body.rollup && isOneRow(body, view)) refuse('WITH ROLLUP inside another query');
      if (hasFrame(body, orderBy) && isOneRow(body, view)) refuse('a window frame');
    },
  });
  return query;
}
