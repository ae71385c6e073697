import { makeCall } from '../../sql/make-call.js';
import type { Expression, FunctionCall, OrderItem } from '../../sql/nodes.js';
import { numberLiteral, stringLiteral } from './constants.js';
import type { Leaf, Place, ValueKind } from './place.js';

const SERVER_NUMBERS = [
  'BIT_AND',
  'BIT_OR',
  'BIT_XOR',
  'STD',
  'STDDEV',
  'STDDEV_POP',
  'STDDEV_SAMP',
  'VARIANCE',
  'VAR_POP',
  'VAR_SAMP',
];

/** The place inside an aggregate's parentheses: names of the rows, no further aggregate, nothing of outer queries. */
function inside(place: Place): Place {
  return { ...place, leaves: place.aggregated ?? place.leaves, aggregated: null, windows: false, outer: null };
}

/** An argument that names a column of this level: an aggregate over nothing of it would belong to an outer query. */
function argument(place: Place, kind: ValueKind): Expression | null {
  const { choices } = place.writer;
  const rows = inside(place);
  const fitting = rows.leaves.filter((leaf) => leaf.kind === kind);
  if (fitting.length === 0) return null;
  const leaf = choices.pick(fitting);
  if (choices.chance(70)) return leaf.expression;
  const when = place.writer.condition({ ...rows, levels: 0 }, 1);
  return {
    kind: 'case',
    operand: null,
    // biome-ignore lint/suspicious/noThenProperty: the node's own word; nobody awaits a branch.
    branches: [{ when, then: leaf.expression }],
    otherwise: choices.chance(40) ? place.writer.value(rows, kind, 1) : null,
  };
}

/** One term of an order. */
export function orderItem(place: Place, expression: Expression): OrderItem {
  const { choices, dialect } = place.writer;
  return {
    expression,
    direction: choices.pick([null, null, 'ASC', 'DESC'] as const),
    nulls: dialect === 'sqlite' && choices.chance(8) ? choices.pick(['FIRST', 'LAST'] as const) : null,
  };
}

function withFilter(place: Place, call: FunctionCall): FunctionCall {
  const { choices, dialect } = place.writer;
  if (dialect !== 'sqlite' || !choices.chance(18)) return call;
  return { ...call, filter: place.writer.condition({ ...inside(place), levels: 0 }, 1) };
}

function anyLeaf(place: Place): Leaf | null {
  const leaves = inside(place).leaves.filter((leaf) => leaf.kind !== 'other');
  return leaves.length > 0 ? place.writer.choices.pick(leaves) : null;
}

function writeCount(place: Place): FunctionCall {
  const { choices, dialect } = place.writer;
  const leaf = anyLeaf(place);
  if (!leaf || choices.chance(50)) return { ...makeCall('COUNT'), star: true };
  const distinct = choices.chance(45);
  const second = distinct && dialect !== 'sqlite' && choices.chance(20) ? anyLeaf(place) : null;
  return { ...makeCall('COUNT', leaf.expression, ...(second ? [second.expression] : [])), distinct };
}

function writeNumberAggregate(place: Place): FunctionCall {
  const { choices, dialect } = place.writer;
  const value = argument(place, 'number');
  if (!value) return writeCount(place);
  const call = (name: string, ...more: Expression[]) => makeCall(name, value, ...more);
  const distinct = choices.chance(12);
  const server = dialect !== 'sqlite';
  return choices.weighted<FunctionCall>([
    [6, () => writeCount(place)],
    [6, () => ({ ...call('SUM'), distinct })],
    [4, () => ({ ...call('AVG'), distinct })],
    [6, () => call(choices.pick(['MIN', 'MAX']))],
    [server ? 2 : 0, () => call(choices.pick(SERVER_NUMBERS))],
    [server ? 0 : 2, () => call(choices.pick(['TOTAL', 'MEDIAN']))],
    [server ? 0 : 1, () => call('PERCENTILE', numberLiteral(choices.pick(['0', '25', '50', '100'])))],
    [
      server ? 0 : 1,
      () => call(choices.pick(['PERCENTILE_CONT', 'PERCENTILE_DISC']), numberLiteral(choices.pick(['0.5', '0.25']))),
    ],
  ]);
}

/** Terms of order inside GROUP_CONCAT and its like: a DISTINCT list may be ordered by its own value only. */
function listOrder(place: Place, value: Expression, distinct: boolean): OrderItem[] {
  const { choices } = place.writer;
  if (!choices.chance(60)) return [];
  const leaf = distinct ? null : anyLeaf(place);
  const items = [orderItem(place, leaf?.expression ?? value)];
  const key = inside(place).leaves.find((one) => one.expression.kind === 'column');
  return !distinct && key && choices.chance(40) ? [...items, orderItem(place, key.expression)] : items;
}

function writeList(place: Place): FunctionCall | null {
  const { choices, dialect } = place.writer;
  const value = argument(place, choices.pick(['text', 'number', 'date'] as const)) ?? anyLeaf(place)?.expression;
  if (!value) return null;
  const distinct = choices.chance(25);
  const separator = choices.chance(40) ? choices.pick(['; ', '', "'", '|', 'é']) : null;
  const orderBy = listOrder(place, value, distinct);
  if (dialect === 'sqlite') {
    const separated = separator === null || distinct ? [] : [stringLiteral(separator)];
    const name = separated.length > 0 && choices.chance(20) ? 'STRING_AGG' : 'GROUP_CONCAT';
    return { ...makeCall(name, value, ...separated), distinct, orderBy };
  }
  const limit =
    dialect === 'mariadb' && choices.chance(10)
      ? { count: { kind: 'integer' as const, value: BigInt(1 + choices.below(3)) }, offset: null }
      : null;
  return { ...makeCall('GROUP_CONCAT', value), distinct, separator, orderBy, limit };
}

function writeTextAggregate(place: Place): FunctionCall {
  const { choices } = place.writer;
  const value = argument(place, 'text');
  if (value && choices.chance(45)) return makeCall(choices.pick(['MIN', 'MAX']), value);
  return writeList(place) ?? writeCount(place);
}

function writeJsonAggregate(place: Place): FunctionCall {
  const { choices, dialect } = place.writer;
  const leaf = anyLeaf(place);
  if (!leaf) return writeCount(place);
  const value = leaf.expression;
  if (dialect === 'sqlite') {
    const arrays = ['JSON_GROUP_ARRAY', 'JSON_GROUP_ARRAY', 'JSONB_GROUP_ARRAY'];
    if (choices.chance(75))
      return { ...makeCall(choices.pick(arrays), value), orderBy: listOrder(place, value, false) };
    return makeCall(choices.pick(['JSON_GROUP_OBJECT', 'JSONB_GROUP_OBJECT']), makeCall('CONCAT', value), value);
  }
  if (choices.chance(5)) return makeCall('JSON_OBJECTAGG', makeCall('CONCAT', stringLiteral('k'), value), value);
  const orderBy = dialect === 'mariadb' ? listOrder(place, value, false) : [];
  return { ...makeCall('JSON_ARRAYAGG', value), orderBy };
}

/** An aggregate over the rows of this level that gives about that kind; where no column fits, a count. */
export function writeAggregate(place: Place, kind: ValueKind): Expression {
  const { choices } = place.writer;
  switch (kind) {
    case 'text':
      return withFilter(place, writeTextAggregate(place));
    case 'json':
      return withFilter(place, writeJsonAggregate(place));
    case 'date': {
      const value = argument(place, 'date');
      return withFilter(place, value ? makeCall(choices.pick(['MIN', 'MAX']), value) : writeCount(place));
    }
    default:
      return withFilter(place, writeNumberAggregate(place));
  }
}
