import type { FrameBound, FunctionCall, OrderItem, WindowFrame, WindowSpecification } from './nodes.js';
import type { PrintContext } from './print-context.js';
import { FAMILY_LEVELS as F, SQLITE_LEVELS as S } from './print-level.js';
import { hexadecimal, printJsonPath, printLimitValue, printString } from './print-literal.js';

/** Keywords that SQLite takes without parentheses only. */
const SQLITE_BARE: ReadonlySet<string> = new Set(['CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_TIMESTAMP']);

/** `NAME([DISTINCT] … [ORDER BY …] [SEPARATOR …] [LIMIT …]) [FILTER …] [OVER …]` */
export function printCall(print: PrintContext, call: FunctionCall): string {
  const name = print.shaped(call.name, /^[A-Z_][A-Z0-9_]*$/);
  if (print.sqlite && SQLITE_BARE.has(name) && call.arguments.length === 0) return name;
  const head = `${name}(${printInside(print, call)})`;
  return head + printFilter(print, call) + printOver(print, call);
}

function printInside(print: PrintContext, call: FunctionCall): string {
  if (call.star) return '*';
  if (call.name === 'JSON_VALUE' && print.dialect === 'mysql') return printJsonValue(print, call);
  const parts = [(call.distinct ? 'DISTINCT ' : '') + print.expressions(call.arguments)];
  if (call.separator !== null && print.sqlite) parts[0] += `, ${printString(print, call.separator)}`;
  if (call.orderBy.length > 0) parts.push(printOrderBy(print, call.orderBy));
  if (call.separator !== null && !print.sqlite) parts.push(`SEPARATOR ${printSeparator(print, call.separator)}`);
  if (call.limit !== null) {
    if (print.dialect !== 'mariadb') print.unsupported('LIMIT inside a call');
    const count = printLimitValue(print, call.limit.count);
    parts.push(
      `LIMIT ${count}${call.limit.offset === null ? '' : ` OFFSET ${printLimitValue(print, call.limit.offset)}`}`,
    );
  }
  return parts.join(' ');
}

/** MySQL takes the path of JSON_VALUE as a string literal only (MariaDB takes any expression). */
function printJsonValue(print: PrintContext, { arguments: [document, path] }: FunctionCall): string {
  if (!document || path?.kind !== 'string') return print.unsupported('JSON_VALUE without a written path');
  return `${print.expression(document)}, ${printJsonPath(print, path.value)}`;
}

/** The grammar wants a literal here. No hexadecimal one is empty, so that one alone is quoted. */
function printSeparator(print: PrintContext, separator: string): string {
  if (print.quoted) return printString(print, separator);
  return separator === '' ? "''" : hexadecimal(separator);
}

function printFilter(print: PrintContext, { filter }: FunctionCall): string {
  if (filter === null) return '';
  if (!print.sqlite) print.unsupported('FILTER');
  return ` FILTER (WHERE ${print.expression(filter)})`;
}

function printOver(print: PrintContext, { over }: FunctionCall): string {
  if (over === null) return '';
  return over.kind === 'window-name' ? ` OVER ${print.name(over.name)}` : ` OVER ${printWindow(print, over)}`;
}

/** `ORDER BY …` */
export function printOrderBy(print: PrintContext, items: readonly OrderItem[]): string {
  const texts = items.map(({ expression, direction, nulls }) => {
    if (nulls !== null && !print.sqlite) print.unsupported('NULLS FIRST');
    const text = print.expression(expression);
    return text + (direction === null ? '' : ` ${direction}`) + (nulls === null ? '' : ` NULLS ${nulls}`);
  });
  return `ORDER BY ${texts.join(', ')}`;
}

/** `([base] [PARTITION BY …] [ORDER BY …] [frame])` */
export function printWindow(print: PrintContext, window: WindowSpecification): string {
  const parts: string[] = [];
  if (window.base !== null) parts.push(print.name(window.base));
  if (window.partitionBy.length > 0) parts.push(`PARTITION BY ${print.expressions(window.partitionBy)}`);
  if (window.orderBy.length > 0) parts.push(printOrderBy(print, window.orderBy));
  if (window.frame !== null) parts.push(printFrame(print, window.frame));
  return `(${parts.join(' ')})`;
}

function printFrame(print: PrintContext, { unit, start, end, exclude }: WindowFrame): string {
  if (!print.sqlite && (unit === 'GROUPS' || exclude !== null)) print.unsupported('this frame');
  const from = printBound(print, start);
  const range = end === null ? from : `BETWEEN ${from} AND ${printBound(print, end)}`;
  return `${unit} ${range}${exclude === null ? '' : ` EXCLUDE ${exclude}`}`;
}

function printBound(print: PrintContext, bound: FrameBound): string {
  if (!('offset' in bound)) return bound.type;
  const lowest = bound.offset.kind === 'interval' ? 0 : print.sqlite ? S.comparison : F.arithmetic;
  return `${print.expression(bound.offset, lowest)} ${bound.type}`;
}
