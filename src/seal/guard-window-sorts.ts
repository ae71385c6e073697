import { SwaliError } from '../errors/swali-error.js';
import { expressionKey } from '../sql/expression-key.js';
import { itemExpressions } from '../sql/levels.js';
import type { Expression, OrderItem, Query, QueryBody, Select, WindowSpecification } from '../sql/nodes.js';
import { someExpression, visitLevel, visitQuery } from '../sql/visit.js';
import { spellOut } from './order-window.js';

/** What a window sorts its rows by, term by term. */
type Sort = readonly string[];

function refuse(detail: string): never {
  throw new SwaliError('SEAL_UNSUPPORTED', { detail });
}

/** Whether an expression names nothing that differs from row to row. */
function isConstant(expression: Expression): boolean {
  return !someExpression(expression, (node) => node.kind === 'column' || node.kind === 'output' || 'query' in node);
}

function expressionsOf({ partitionBy, orderBy }: WindowSpecification): Expression[] {
  return [...partitionBy, ...orderBy.map((item) => item.expression)];
}

function sortOf({ partitionBy, orderBy }: WindowSpecification): Sort {
  const direction = (item: OrderItem) => (item.direction === 'DESC' ? 'DESC' : 'ASC');
  return [
    ...partitionBy.map((expression) => `ASC ${expressionKey(expression)}`),
    ...orderBy.map((item) => `${direction(item)} ${expressionKey(item.expression)}`),
  ];
}

const begins = (short: Sort, long: Sort): boolean => short.every((term, at) => term === long[at]);
const areInLine = (left: Sort, right: Sort): boolean => begins(left, right) || begins(right, left);

/** The windows that one select computes, each spelled out. */
function windowsOf(select: Select, orderBy: readonly OrderItem[]): WindowSpecification[] {
  const found: WindowSpecification[] = [];
  for (const expression of [...itemExpressions(select), ...orderBy.map((item) => item.expression)])
    visitLevel(expression, (node) => {
      if (node.kind === 'call' && node.over) found.push(spellOut(node.over, select));
    });
  return found;
}

function assertOneLine(windows: readonly WindowSpecification[]): void {
  const sorts = [...new Map(windows.map(sortOf).map((sort) => [sort.join('\n'), sort])).values()];
  if (sorts.length < 2) return;
  if (windows.some((window) => expressionsOf(window).some(isConstant)))
    refuse('a window sorted by a constant beside another window');
  for (const short of sorts) {
    const longer = sorts.filter((sort) => sort !== short && begins(short, sort));
    if (longer.some((left) => longer.some((right) => !areInLine(left, right))))
      refuse(
        'windows of which one is sorted by less than two others, and these by different things; use derived tables',
      );
  }
}

/**
 * Refuses windows that MariaDB, up to 10.11.19 at least, computes wrongly beside each other. It sorts once for windows whose
 * terms begin alike, and where one begins as two others do that go on differently, some are computed over rows in another's
 * order: `COUNT(*) OVER ()`, `SUM(x) OVER (PARTITION BY a ORDER BY b)` and `SUM(x) OVER (ORDER BY c)` in one select give wrong
 * sums. Which ones, and the order of the rows that they then follow, its plan decides, which counts hidden rows. Constants
 * among the terms confuse it in pairs already.
 *
 * @throws SwaliError `SEAL_UNSUPPORTED`
 */
export function guardWindowSorts(query: Query): Query {
  const look = (body: QueryBody, orderBy: readonly OrderItem[]): void => {
    if (body.kind === 'select') assertOneLine(windowsOf(body, orderBy));
    if (body.kind !== 'set-operation') return;
    look(body.left, []);
    look(body.right, []);
  };
  visitQuery(query, { query: (node) => look(node.body, node.orderBy) });
  return query;
}
