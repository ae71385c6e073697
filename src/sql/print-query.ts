import type { CommonTable, Limit, Query, QueryBody, Select, SelectItem, SetOperation, Values } from './nodes.js';
import { printOrderBy, printWindow } from './print-call.js';
import type { PrintContext } from './print-context.js';
import { printLimitValue } from './print-literal.js';
import { printFrom } from './print-table.js';

/** `[WITH …] body [ORDER BY …] [LIMIT …]`, without parentheses around it. */
export function printQueryNode(print: PrintContext, query: Query): string {
  const parts: string[] = [];
  if (query.with !== null) {
    const tables = query.with.tables.map((table) => printCommonTable(print, table));
    parts.push(`WITH ${query.with.recursive ? 'RECURSIVE ' : ''}${tables.join(', ')}`);
  }
  parts.push(printBody(print, query.body));
  if (query.orderBy.length > 0) parts.push(printOrderBy(print, query.orderBy));
  if (query.limit !== null) parts.push(printLimit(print, query.limit));
  return parts.join(' ');
}

function printLimit(print: PrintContext, { count, offset }: Limit): string {
  const text = `LIMIT ${printLimitValue(print, count)}`;
  return offset === null ? text : `${text} OFFSET ${printLimitValue(print, offset)}`;
}

function printCommonTable(print: PrintContext, { name, columns, query, materialized }: CommonTable): string {
  // Only a promise about speed, which the MySQL family has no word for.
  const how = materialized === null || !print.sqlite ? '' : materialized ? 'MATERIALIZED ' : 'NOT MATERIALIZED ';
  const head = print.name(name) + (columns === null ? '' : ` (${print.names(columns)})`);
  return `${head} AS ${how}(${print.query(query)})`;
}

function printBody(print: PrintContext, body: QueryBody): string {
  switch (body.kind) {
    case 'select':
      return printSelect(print, body);
    case 'values':
      return printValues(print, body);
    case 'set-operation':
      return printSetOperation(print, body);
    case 'query':
      return printNested(print, body);
  }
}

/** SQLite has no parentheses around a query here; a derived table does the same. */
function printNested(print: PrintContext, body: QueryBody): string {
  const text = body.kind === 'query' ? print.query(body) : printBody(print, body);
  return print.sqlite ? `SELECT * FROM (${text})` : `(${text})`;
}

function printSetOperation(print: PrintContext, operation: SetOperation): string {
  if (print.sqlite && operation.all && operation.operator !== 'UNION') print.unsupported(`${operation.operator} ALL`);
  const left = printSetOperand(print, operation.left, operation.operator, false);
  const words = `${operation.operator}${operation.all ? ' ALL' : ''}`;
  return `${left} ${words} ${printSetOperand(print, operation.right, operation.operator, true)}`;
}

/** Grouped from the left; on the MySQL family INTERSECT binds tighter than the other two. */
function printSetOperand(
  print: PrintContext,
  operand: QueryBody,
  parent: SetOperation['operator'],
  right: boolean,
): string {
  if (operand.kind !== 'set-operation') return printBody(print, operand);
  const tight = (operator: SetOperation['operator']): number => (operator === 'INTERSECT' && !print.sqlite ? 1 : 0);
  const difference = tight(operand.operator) - tight(parent);
  return difference > 0 || (difference === 0 && !right) ? printBody(print, operand) : printNested(print, operand);
}

function printValues(print: PrintContext, { rows }: Values): string {
  const row = print.dialect === 'mysql' ? 'ROW' : '';
  return `VALUES ${rows.map((items) => `${row}(${print.expressions(items)})`).join(', ')}`;
}

function printSelect(print: PrintContext, select: Select): string {
  const straight = select.straight && !print.sqlite ? ' STRAIGHT_JOIN' : '';
  const items = select.items.map((item) => printItem(print, item)).join(', ');
  const parts = [`SELECT${select.distinct ? ' DISTINCT' : ''}${straight} ${items}`];
  if (select.from.length > 0) parts.push(`FROM ${printFrom(print, select)}`);
  if (select.where !== null) parts.push(`WHERE ${print.expression(select.where)}`);
  if (select.groupBy.length > 0) parts.push(`GROUP BY ${print.expressions(select.groupBy)}`);
  if (select.rollup) parts.push(print.sqlite ? print.unsupported('ROLLUP') : 'WITH ROLLUP');
  if (select.having !== null) parts.push(`HAVING ${print.expression(select.having)}`);
  if (select.windows.length > 0) {
    const windows = select.windows.map(({ name, window }) => `${print.name(name)} AS ${printWindow(print, window)}`);
    parts.push(`WINDOW ${windows.join(', ')}`);
  }
  return parts.join(' ');
}

function printItem(print: PrintContext, item: SelectItem): string {
  if (item.kind === 'star') return item.qualifier.length === 0 ? '*' : `${print.path(item.qualifier)}.*`;
  const text = print.expression(item.expression);
  return item.alias === null ? text : `${text} AS ${print.name(item.alias)}`;
}
