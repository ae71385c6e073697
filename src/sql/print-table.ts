import type { Enclosure, Join, JsonColumn, JsonRows, Select, TableExpression, TableExpressionKind } from './nodes.js';
import type { PrintContext } from './print-context.js';
import { FAMILY_LEVELS as F, SQLITE_LEVELS as S } from './print-level.js';
import { printJsonPath } from './print-literal.js';

type PrinterOf<K extends TableExpressionKind> = (
  print: PrintContext,
  node: Extract<TableExpression, { kind: K }>,
) => string;

const PRINTERS: { readonly [K in TableExpressionKind]: PrinterOf<K> } = {
  relation: (print, { schema, name, alias }) =>
    print.path(schema === null ? [name] : [schema, name]) + printAlias(print, alias),
  derived: (print, { query, alias, columns, lateral }) => {
    if (lateral && print.dialect !== 'mysql') print.unsupported('LATERAL');
    if (columns !== null && print.dialect !== 'mysql') print.unsupported('a derived table with a list of columns');
    const text = `${lateral ? 'LATERAL ' : ''}(${print.query(query)})${printAlias(print, alias)}`;
    return columns === null ? text : `${text} (${print.names(columns)})`;
  },
  join: (print, join) => printJoin(print, join, false),
  'json-rows': printJsonRows,
  enclosure: printEnclosure,
};

/** Prints one table expression, joins without parentheses around them. */
export function printTable(print: PrintContext, table: TableExpression): string {
  return (PRINTERS[table.kind] as (print: PrintContext, node: TableExpression) => string)(print, table);
}

function printAlias(print: PrintContext, alias: string | null): string {
  return alias === null ? '' : ` AS ${print.name(alias)}`;
}

/**
 * The tables of FROM. A straight select has the written join order: the MySQL family says so behind SELECT; on SQLite every
 * inner join is a CROSS JOIN, which its planner does not reorder.
 */
export function printFrom(print: PrintContext, { from, straight }: Select): string {
  const fixed = straight && print.sqlite;
  return from
    .map((table, index) => {
      if (table.kind !== 'join') return print.table(table);
      const text = printJoin(print, table, fixed);
      // A comma binds as a join does on SQLite.
      return print.sqlite && index > 0 ? `(${text})` : text;
    })
    .join(fixed ? ' CROSS JOIN ' : ', ');
}

function printJoin(print: PrintContext, join: Join, fixed: boolean): string {
  const left = join.left.kind === 'join' ? printJoin(print, join.left, fixed) : print.table(join.left);
  const words = printJoinWords(print, join, fixed);
  const right = join.right.kind === 'join' ? `(${printJoin(print, join.right, fixed)})` : print.table(join.right);
  return `${left} ${words} ${right}${printJoinCondition(print, join)}`;
}

function printJoinWords(print: PrintContext, { type, natural }: Join, fixed: boolean): string {
  const prefix = natural ? 'NATURAL ' : '';
  switch (type) {
    case 'INNER':
      return fixed && !natural ? 'CROSS JOIN' : `${prefix}JOIN`;
    case 'CROSS':
      return 'CROSS JOIN';
    case 'STRAIGHT':
      return print.sqlite ? 'CROSS JOIN' : 'STRAIGHT_JOIN';
    case 'FULL':
      return print.sqlite ? `${prefix}FULL JOIN` : print.unsupported('FULL JOIN');
    case 'LEFT':
    case 'RIGHT':
      return `${prefix}${type} JOIN`;
  }
}

function printJoinCondition(print: PrintContext, { type, natural, on, using }: Join): string {
  if (on !== null) return ` ON ${print.expression(on)}`;
  if (using !== null) return ` USING (${print.names(using)})`;
  return !print.sqlite && !natural && (type === 'LEFT' || type === 'RIGHT') ? ' ON TRUE' : '';
}

function printJsonColumn(print: PrintContext, { name, type, exists, path }: JsonColumn): string {
  if (type === null) return `${print.name(name)} FOR ORDINALITY`;
  const numbers = [type.length, type.scale].filter((number) => number !== null);
  const typeText = numbers.length > 0 ? `${type.name}(${numbers.join(', ')})` : type.name;
  return `${print.name(name)} ${typeText} ${exists ? 'EXISTS ' : ''}PATH ${printJsonPath(print, path)}`;
}

function printJsonRows(print: PrintContext, node: JsonRows): string {
  if ((node.function === 'JSON_TABLE') === print.sqlite) print.unsupported(node.function);
  const document = print.expression(node.document);
  if (print.sqlite) {
    const root = node.root === null ? '' : `, ${print.expression(node.root)}`;
    return `${node.function}(${document}${root})${printAlias(print, node.alias)}`;
  }
  const columns = node.columns.map((column) => printJsonColumn(print, column)).join(', ');
  return `JSON_TABLE(${document}, ${printJsonPath(print, node.path)} COLUMNS (${columns}))${printAlias(print, node.alias)}`;
}

/** The one form in which a base relation is read; nothing else may be inside. */
function printEnclosure(print: PrintContext, enclosure: Enclosure): string {
  const columns = enclosure.columns.map(
    ({ name, expression }) => `${print.expression(expression)} AS ${print.name(name)}`,
  );
  const parts = [
    `SELECT ${columns.join(', ')} FROM ${print.name(enclosure.relation)} AS ${print.name(enclosure.inner)}`,
  ];
  const lowest = print.sqlite ? S.not : F.not;
  const conjuncts = [...(enclosure.filter === null ? [] : [enclosure.filter]), ...enclosure.copied];
  if (conjuncts.length > 0) parts.push(`WHERE ${conjuncts.map((one) => print.expression(one, lowest)).join(' AND ')}`);
  if (enclosure.orderBy.length > 0)
    parts.push(`ORDER BY ${enclosure.orderBy.map((item) => print.expression(item.expression)).join(', ')}`);
  if (enclosure.fenced) parts.push(print.sqlite ? 'LIMIT -1' : 'LIMIT 9223372036854775807');
  return `(${parts.join(' ')}) AS ${print.name(enclosure.alias)}`;
}
