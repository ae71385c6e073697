import { SwaliError } from '../errors/swali-error.js';
import { foldName } from '../sql/fold-name.js';
import { makeCall } from '../sql/make-call.js';
import type { Enclosure, Expression, FunctionCall, OrderItem, Select } from '../sql/nodes.js';
import { uniqueKeys } from './fence.js';
import type { OrderContext } from './tie-breakers.js';

/** Families whose JSON is the same after it was written as text and read again. A DECIMAL comes back as a double. */
const SAME_AS_TEXT: ReadonlySet<string> = new Set([
  'integer',
  'float',
  'text',
  'enum',
  'set',
  'date',
  'datetime',
  'time',
  'year',
]);

/** Functions that give text, a document or one of their arguments: as exact as what goes in. */
const KEEPING: ReadonlySet<string> = new Set([
  'COALESCE',
  'CONCAT',
  'CONCAT_WS',
  'DATE',
  'DATE_FORMAT',
  'IFNULL',
  'JSON_ARRAY',
  'JSON_OBJECT',
  'LCASE',
  'LEFT',
  'LOWER',
  'RIGHT',
  'SUBSTR',
  'SUBSTRING',
  'UCASE',
  'UPPER',
]);

function isSameAsText(expression: Expression, context: OrderContext): boolean {
  switch (expression.kind) {
    case 'string':
    case 'null':
      return true;
    case 'number':
      return expression.form === 'integer';
    case 'parameter':
      return expression.origin === 'literal';
    case 'column':
    case 'output':
      return SAME_AS_TEXT.has(context.trace(expression)?.family ?? 'unknown');
    case 'call':
      return KEEPING.has(expression.name) && expression.arguments.every((argument) => isSameAsText(argument, context));
    default:
      return false;
  }
}

const text = (value: string): Expression => ({ kind: 'string', value });

/** MySQL's JSON_ARRAYAGG takes no ORDER BY; GROUP_CONCAT of the items' JSON does. */
function orderArray(node: FunctionCall, terms: readonly OrderItem[], context: OrderContext): Expression {
  const [item] = node.arguments as [Expression];
  if (!isSameAsText(item, context))
    throw new SwaliError('SEAL_UNSUPPORTED', {
      detail: 'JSON_ARRAYAGG of such a value has no order; use GROUP_CONCAT, or make it text',
    });
  context.payFor(terms);
  const json = makeCall('JSON_EXTRACT', makeCall('JSON_ARRAY', item), text('$[0]'));
  const items: FunctionCall = { ...makeCall('GROUP_CONCAT', json), orderBy: terms, separator: ',' };
  return {
    kind: 'cast',
    operand: makeCall('CONCAT', text('['), items, text(']')),
    type: { name: 'JSON', length: null, scale: null, characterSet: null },
  };
}

/** True where no two rows of the select share the key: then MySQL's objects, sorted by key, do not show the order of rows. */
function isKeyOfOneRow(key: Expression, select: Select, context: OrderContext): boolean {
  const [only, ...others] = select.from;
  if (only?.kind !== 'enclosure' || others.length > 0 || key.kind !== 'column') return false;
  const shown = (only as Enclosure).columns.find((column) => column.name === key.name)?.expression;
  const relation = context.view.relations.get(foldName(only.relation))?.relation;
  if (shown?.kind !== 'column' || !relation || !context.trace(key)) return false;
  return uniqueKeys(relation).some((columns) => columns.length === 1 && columns[0] === shown.name);
}

/**
 * JSON aggregates of the servers that take no ORDER BY, in a total order all the same.
 *
 * @throws SwaliError `SEAL_UNSUPPORTED` where that cannot be had: the order of rows, or which of two equal keys wins, would
 *   be the server's choice
 */
export function orderJson(
  node: FunctionCall,
  select: Select,
  terms: readonly OrderItem[],
  context: OrderContext,
): Expression {
  const { dialect } = context;
  if (dialect === 'mysql' && node.name === 'JSON_ARRAYAGG') return orderArray(node, terms, context);
  if (dialect !== 'sqlite' && node.name === 'JSON_OBJECTAGG') {
    // MariaDB keeps equal keys, and all keys in the order of rows.
    if (dialect === 'mysql' && isKeyOfOneRow(node.arguments[0] as Expression, select, context)) return node;
    throw new SwaliError('SEAL_UNSUPPORTED', { detail: 'JSON_OBJECTAGG has no order; use GROUP_CONCAT' });
  }
  return node;
}
