import type { Dialect } from '../domain/dialect.js';
import { classifyCall } from './bind-expression.js';
import { functionRule } from './functions.js';
import { mapChildren } from './map-children.js';
import type { Expression, FunctionCall, OrderItem, Query, Select } from './nodes.js';
import { visitLevel, visitQuery } from './visit.js';

/** Rebuilds an expression bottom up without entering its subqueries: what belongs to this query level only. */
export function mapLevel(expression: Expression, change: (node: Expression) => Expression): Expression {
  return change(mapChildren(expression, { expression: (child) => mapLevel(child, change), query: (query) => query }));
}

/** The role of a call at its place; a function that is not on the list counts as an aggregate, the stricter reading. */
export function roleOf(call: FunctionCall, dialect: Dialect): 'scalar' | 'aggregate' | 'window' {
  const rule = functionRule(dialect, call.name);
  return rule ? classifyCall(call, rule) : 'aggregate';
}

/** Whether an expression holds, at its own level, an aggregate. */
export function holdsAggregate(expression: Expression, dialect: Dialect): boolean {
  let found = false;
  visitLevel(expression, (node) => {
    found ||= node.kind === 'call' && roleOf(node, dialect) === 'aggregate';
  });
  return found;
}

/** Expressions of a select's list. */
export function itemExpressions(select: Select): Expression[] {
  const found: Expression[] = [];
  for (const item of select.items) if (item.kind === 'expression') found.push(item.expression);
  return found;
}

/** True where a select makes one row of many: GROUP BY, or an aggregate in its list, HAVING or ORDER BY. */
export function isAggregated(select: Select, orderBy: readonly OrderItem[], dialect: Dialect): boolean {
  if (select.groupBy.length > 0) return true;
  const holds = (part: Expression) => holdsAggregate(part, dialect);
  return (
    select.items.some((item) => item.kind === 'expression' && holds(item.expression)) ||
    (select.having !== null && holds(select.having)) ||
    orderBy.some((item) => holds(item.expression))
  );
}

/** The expression behind `OutputReference`s of this select. */
export function outputExpressions(select: Select): ReadonlyMap<string, Expression> {
  const found = new Map<string, Expression>();
  for (const item of select.items)
    if (item.kind === 'expression' && item.alias !== null) found.set(item.alias, item.expression);
  return found;
}

/** The expression behind an `OutputReference` of this select; another expression as it is. */
export function behindOutput(expression: Expression, select: Select): Expression {
  if (expression.kind !== 'output') return expression;
  const item = select.items.find((entry) => entry.kind === 'expression' && entry.alias === expression.name);
  return item?.kind === 'expression' ? item.expression : expression;
}

/** Our output column names of a bound query: those of its first leg. */
export function outputNames(query: Query): readonly string[] {
  let body = query.body;
  while (body.kind !== 'select') {
    if (body.kind === 'values') return [];
    body = body.kind === 'query' ? body.body : body.left;
  }
  return body.items.flatMap((item) => (item.kind === 'expression' && item.alias !== null ? [item.alias] : []));
}

/** Whether a common table reads itself: its name is ours and unique over the statement, so a reference is this one or none. */
export function readsItself(query: Query, name: string): boolean {
  let found = false;
  visitQuery(query, {
    table: (table) => {
      found ||= table.kind === 'relation' && table.name === name;
    },
  });
  return found;
}
