import { BASE_ALIAS, type PrincipalView, type RelationObligation } from '../policy/view.js';
import { expressionKey } from '../sql/expression-key.js';
import { foldName } from '../sql/fold-name.js';
import type { Expression } from '../sql/nodes.js';
import { rewriteExpression } from '../sql/rewrite.js';

/** A row rule that says nothing but "the parent's row is yours": `column IN (SELECT key FROM relation WHERE the parent's own rule)`. */
interface ParentRule {
  /** Of the child, catalog spelling. */
  readonly column: string;
  /** The parent, catalog spelling. */
  readonly relation: string;
  /** Of the parent, catalog spelling. */
  readonly key: string;
}

function renamed(expression: Expression, from: string, to: string): Expression {
  return rewriteExpression(expression, {
    expression: (node) =>
      node.kind === 'column' && node.qualifier.length === 1 && node.qualifier[0] === from
        ? { ...node, qualifier: [to] }
        : node,
  });
}

/**
 * Reads a relation's row rule as a {@link ParentRule}. The rule inside the IN must be the parent's own, tree for tree: then a
 * row of the child belongs to the slice exactly when its column equals the key of a parent row of the slice.
 *
 * @returns null where the rule is any other
 */
export function readParentRule(obligation: RelationObligation, view: PrincipalView): ParentRule | null {
  const { filter } = obligation;
  if (filter?.kind !== 'in-query' || filter.negated || filter.operand.kind !== 'column') return null;
  const { with: common, body, orderBy, limit } = filter.query;
  if (common || limit || orderBy.length > 0 || body.kind !== 'select') return null;
  const isPlain = body.groupBy.length === 0 && !body.having && body.windows.length === 0;
  const [table, ...others] = body.from;
  const [item, ...more] = body.items;
  if (!isPlain || others.length > 0 || more.length > 0) return null;
  if (table?.kind !== 'relation' || table.alias === null || table.schema !== null || !body.where) return null;
  if (item?.kind !== 'expression' || item.expression.kind !== 'column') return null;
  if (item.expression.qualifier[0] !== table.alias || filter.operand.qualifier[0] !== BASE_ALIAS) return null;
  const parent = view.relations.get(foldName(table.name));
  if (!parent?.filter) return null;
  // Into the child's names and not out of them: what the rule says of the child itself equals nothing of the parent's then.
  const own = renamed(parent.filter, BASE_ALIAS, table.alias);
  if (expressionKey(body.where) !== expressionKey(own)) return null;
  return { column: filter.operand.name, relation: parent.relation.name, key: item.expression.name };
}
