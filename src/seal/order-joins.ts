import type { Dialect } from '../domain/dialect.js';
import { SwaliError } from '../errors/swali-error.js';
import { behindOutput, holdsAggregate, isAggregated } from '../sql/levels.js';
import type { Expression, ExpressionKind, Query, QueryBody, Select, TableExpression } from '../sql/nodes.js';
import { visitWritten } from '../sql/visit.js';

/** Subqueries that are read only until what they say is known. */
const READ_IN_PART: ReadonlySet<ExpressionKind> = new Set(['exists', 'in-query', 'quantified']);

/**
 * Whether a query with a LIMIT computes all of its rows before it gives the first: one group of all rows, or groups in the
 * order of an aggregate, of which the last may come first.
 */
function readsAll({ body, orderBy }: Query, dialect: Dialect): boolean {
  if (body.kind !== 'select' || !isAggregated(body, orderBy, dialect)) return false;
  const [first] = orderBy;
  return (
    body.groupBy.length === 0 || (first !== undefined && holdsAggregate(behindOutput(first.expression, body), dialect))
  );
}

/**
 * Whether a statement in which something may fail can end before it met every row, or fails by the order in which it meets
 * them: then which of the caller's own rows is met first decides between a failure and none. A subquery of a condition ends
 * at the first row that decides it, and a LIMIT with its last row, see {@link readsAll}. Subqueries of row rules cannot fail.
 * What is left: SQLite's SUM of whole numbers fails where a
 * sum on the way is too large, and ordering for it would cost every sum.
 */
export function endsEarly(query: Query, dialect: Dialect): boolean {
  let found = false;
  visitWritten(query, {
    expression: (node) => {
      found ||= READ_IN_PART.has(node.kind);
    },
    query: (node) => {
      found ||= node.limit !== null && !readsAll(node, dialect);
    },
  });
  return found;
}

/** Whether the servers may join a subquery of a condition with the tables beside it. */
function holdsJoinable(condition: Expression | null): boolean {
  if (!condition) return false;
  if (condition.kind === 'binary') return holdsJoinable(condition.left) || holdsJoinable(condition.right);
  if (condition.kind === 'unary') return holdsJoinable(condition.operand);
  if (condition.kind === 'is') return holdsJoinable(condition.operand);
  // One that may fail, as ANY and ALL may, is inside a CASE.
  return condition.kind === 'in-query' || condition.kind === 'exists';
}

/**
 * Runs the joins of a select in the order in which they are written, STRAIGHT_JOIN on the MySQL family and CROSS JOIN on
 * SQLite; for every select of a statement in which something may fail.
 *
 * A server orders joins by its statistics, which count hidden rows, and the order shows where an expression fails:
 *
 * - a condition of WHERE or ON is computed as soon as its tables are read, so on rows that another order would have
 *   dropped before; and an order that finds the first table empty computes nothing at all;
 * - a derived table is read when it is first needed: behind an empty table never;
 * - an expression of the select list, a group or an order is computed for every row of the join only where nothing ends the
 *   reading early. The cap and every LIMIT end it, and whether the rows come sorted, so that few are enough, or must all be
 *   computed first, follows the order of the joins. So a fallible select list fixes it too.
 *
 * Therefore one such expression anywhere, in whatever clause and at whatever level (servers merge levels), fixes every
 * join. A statement in which nothing can fail gives the same rows in any order, so there the server may choose: the plan
 * shows in time alone. SUM, AVG and arithmetic of columns whose types leave room cannot fail; see {@link mayFail}.
 */
export function fixJoinOrder(select: Select): Select {
  const joined = select.from.length > 1 || select.from.some((table) => table.kind === 'join');
  // STRAIGHT_JOIN also keeps EXISTS and IN from being made a join, whose order the server would choose.
  return joined || (select.from.length > 0 && holdsJoinable(select.where)) ? { ...select, straight: true } : select;
}

/**
 * MySQL reads a recursive table before whatever it is joined with, and refuses a written order that says otherwise.
 *
 * @param query its joins fixed
 * @throws SwaliError `SEAL_UNSUPPORTED` where it would refuse any order
 */
export function freeRecursion(query: Query): Query {
  if (!query.with?.recursive) return query;
  const leaves = (table: TableExpression): TableExpression[] =>
    table.kind === 'join' ? [...leaves(table.left), ...leaves(table.right)] : [table];
  const tables = query.with.tables.map((entry) => {
    const free = (body: QueryBody): QueryBody => {
      if (body.kind === 'set-operation') return { ...body, left: free(body.left), right: free(body.right) };
      if (body.kind !== 'select' || !body.straight) return body;
      const read = body.from.flatMap(leaves);
      const at = read.findIndex((leaf) => leaf.kind === 'relation' && leaf.name === entry.name);
      if (at < 1) return body;
      if (read.length > 2)
        throw new SwaliError('SEAL_UNSUPPORTED', { detail: 'a recursive table after others; name it first' });
      return { ...body, straight: false };
    };
    return { ...entry, query: { ...entry.query, body: free(entry.query.body) } };
  });
  return { ...query, with: { ...query.with, tables } };
}
