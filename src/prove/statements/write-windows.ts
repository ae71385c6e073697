import { makeCall } from '../../sql/make-call.js';
import type {
  Expression,
  FrameBound,
  FunctionCall,
  OrderItem,
  WindowFrame,
  WindowSpecification,
} from '../../sql/nodes.js';
import { numberLiteral, smallNumber, stringLiteral } from './constants.js';
import type { Leaf, Place, ValueKind } from './place.js';
import { orderItem } from './write-aggregates.js';
import { anyUnit } from './write-calls.js';

const RANKS = ['ROW_NUMBER', 'ROW_NUMBER', 'RANK', 'DENSE_RANK', 'PERCENT_RANK', 'CUME_DIST', 'NTILE'];
const BOUND_ORDER = ['UNBOUNDED PRECEDING', 'PRECEDING', 'CURRENT ROW', 'FOLLOWING', 'UNBOUNDED FOLLOWING'] as const;

/** The place inside a window: no window in a window. */
function inside(place: Place): Place {
  return { ...place, windows: false };
}

function usable(place: Place): Leaf[] {
  return place.leaves.filter((leaf) => leaf.kind !== 'other');
}

function terms(place: Place): Expression[] {
  const { choices } = place.writer;
  const leaves = usable(place);
  if (leaves.length === 0) return [];
  return Array.from({ length: 1 + choices.below(2) }, () =>
    choices.chance(85)
      ? choices.pick(leaves).expression
      : place.writer.value(inside(place), choices.pick(['number', 'text'] as const), 1),
  ).filter((term) => term.kind !== 'number');
}

function bound(place: Place, at: number, offset: Expression | null): FrameBound {
  const type = BOUND_ORDER[at] as (typeof BOUND_ORDER)[number];
  if (type !== 'PRECEDING' && type !== 'FOLLOWING') return { type };
  return { type, offset: offset ?? smallNumber(place.writer.choices) };
}

/** A frame of ROWS, or on SQLite of GROUPS: any two bounds in order. */
function rowsFrame(place: Place, ordered: boolean): WindowFrame {
  const { choices, dialect } = place.writer;
  const sqlite = dialect === 'sqlite';
  const unit = sqlite && ordered && choices.chance(30) ? 'GROUPS' : 'ROWS';
  const start = choices.below(4);
  const end = Math.max(start, 1 + choices.below(4));
  const exclude =
    sqlite && choices.chance(20) ? choices.pick(['NO OTHERS', 'CURRENT ROW', 'GROUP', 'TIES'] as const) : null;
  if (start < 3 && choices.chance(25)) return { unit, start: bound(place, start, null), end: null, exclude };
  return { unit, start: bound(place, start, null), end: bound(place, end, null), exclude };
}

/** A frame of RANGE: with an offset only over one term of order that is a number, or on MySQL a date. */
function rangeFrame(place: Place, orderBy: readonly OrderItem[]): WindowFrame {
  const { choices, dialect } = place.writer;
  const [only, ...others] = orderBy;
  const leaf = only && others.length === 0 ? place.leaves.find((one) => one.expression === only.expression) : undefined;
  const byDate = leaf?.kind === 'date' && dialect === 'mysql';
  const withOffset = (leaf?.kind === 'number' || byDate) && choices.chance(60);
  const offset: Expression | null = byDate
    ? { kind: 'interval', value: smallNumber(choices), unit: anyUnit(place) }
    : null;
  if (!withOffset) {
    const start = choices.pick([0, 2]);
    return {
      unit: 'RANGE',
      start: bound(place, start, null),
      end: bound(place, choices.pick([2, 4]), null),
      exclude: null,
    };
  }
  const start = choices.below(3);
  return {
    unit: 'RANGE',
    start: bound(place, start, offset),
    end: bound(place, Math.max(start, 1 + choices.below(4)), offset),
    exclude: null,
  };
}

type FrameRule = 'none' | 'rows' | 'any';

/** A window over what is in sight. `rows`: a frame of rows or none, as the function picks rows of it. */
export function writeWindow(place: Place, frames: FrameRule): WindowSpecification {
  const { choices } = place.writer;
  const partitionBy = choices.chance(45) ? terms(place).slice(0, 1) : [];
  const orderBy = choices.chance(80) ? terms(place).map((term) => orderItem(place, term)) : [];
  const framed = frames !== 'none' && choices.chance(frames === 'rows' ? 75 : 55);
  const ordered = orderBy.length > 0;
  const range = frames === 'any' && ordered && choices.chance(45);
  const frame = !framed ? null : range ? rangeFrame(place, orderBy) : rowsFrame(place, ordered && frames === 'any');
  const exact = frames === 'rows' && !frame ? [] : orderBy;
  const picked = frames === 'rows' && frame ? { ...frame, exclude: null } : frame;
  return { kind: 'window', base: null, partitionBy, orderBy: exact, frame: picked };
}

function over(place: Place, call: FunctionCall, frames: FrameRule): FunctionCall {
  const { choices } = place.writer;
  const name = place.windowNames.length > 0 && choices.chance(60) ? choices.pick(place.windowNames) : null;
  // A named window has ORDER BY and no frame: what picks rows of a frame would be refused over it.
  if (name !== null && frames !== 'rows') {
    const refined = frames === 'any' && choices.chance(40);
    if (!refined) return { ...call, over: { kind: 'window-name', name } };
    return {
      ...call,
      over: {
        kind: 'window',
        base: name,
        partitionBy: [],
        orderBy: [],
        frame: { ...rowsFrame(place, false), exclude: null },
      },
    };
  }
  return { ...call, over: writeWindow(place, frames) };
}

function pick(place: Place, kind: ValueKind): Expression {
  const { choices } = place.writer;
  const leaves = place.leaves.filter((leaf) => leaf.kind === kind);
  return leaves.length > 0 && choices.chance(80)
    ? choices.pick(leaves).expression
    : place.writer.value(inside(place), kind, 1);
}

function rankCall(place: Place): FunctionCall {
  const { choices } = place.writer;
  const name = choices.pick(RANKS);
  const call = name === 'NTILE' ? makeCall(name, numberLiteral(choices.pick(['1', '2', '3', '4']))) : makeCall(name);
  return over(place, call, 'none');
}

function shiftCall(place: Place, kind: ValueKind): FunctionCall {
  const { choices, dialect } = place.writer;
  const value = pick(place, kind);
  const name = choices.pick(['LAG', 'LEAD']);
  const offset = choices.chance(50) ? [numberLiteral(choices.pick(['1', '2', '3']))] : [];
  const spare =
    offset.length > 0 && dialect !== 'mariadb' && choices.chance(40)
      ? [place.writer.value(inside(place), kind, 0)]
      : [];
  return over(place, makeCall(name, value, ...offset, ...spare), 'none');
}

function pickingCall(place: Place, kind: ValueKind): FunctionCall {
  const { choices } = place.writer;
  const name = choices.pick(['FIRST_VALUE', 'LAST_VALUE', 'NTH_VALUE']);
  const more = name === 'NTH_VALUE' ? [numberLiteral(choices.pick(['1', '2', '3']))] : [];
  return over(place, makeCall(name, pick(place, kind), ...more), 'rows');
}

function aggregateCall(place: Place, kind: ValueKind): FunctionCall {
  const { choices, dialect } = place.writer;
  const sqlite = dialect === 'sqlite';
  if (kind === 'text') {
    if (sqlite && choices.chance(40))
      return over(place, makeCall('GROUP_CONCAT', pick(place, 'text'), stringLiteral(',')), 'rows');
    if (dialect === 'mysql' && choices.chance(10))
      return over(place, makeCall('JSON_ARRAYAGG', pick(place, 'text')), 'rows');
    return over(place, makeCall(choices.pick(['MIN', 'MAX']), pick(place, 'text')), 'any');
  }
  if (kind === 'date') return over(place, makeCall(choices.pick(['MIN', 'MAX']), pick(place, 'date')), 'any');
  const names = [
    'SUM',
    'SUM',
    'COUNT',
    'AVG',
    'MIN',
    'MAX',
    ...(sqlite ? ['TOTAL'] : ['STDDEV_POP', 'BIT_OR', 'VAR_SAMP']),
  ];
  const call = choices.chance(15)
    ? { ...makeCall('COUNT'), star: true }
    : makeCall(choices.pick(names), pick(place, 'number'));
  const filter = sqlite && choices.chance(12) ? place.writer.condition({ ...inside(place), levels: 0 }, 1) : null;
  return over(place, { ...call, filter }, 'any');
}

/** MEDIAN is a window function on MariaDB, over partitions only. */
function medianCall(place: Place): FunctionCall {
  return {
    ...makeCall('MEDIAN', pick(place, 'number')),
    over: { ...writeWindow(place, 'none'), orderBy: [], frame: null },
  };
}

/** A window function that gives about that kind. */
export function writeWindowCall(place: Place, kind: ValueKind): Expression {
  const { choices, dialect } = place.writer;
  if (kind === 'json') return place.writer.value(inside(place), kind, 0);
  return choices.weighted<FunctionCall>([
    [kind === 'number' ? 6 : 0, () => rankCall(place)],
    [4, () => shiftCall(place, kind)],
    [4, () => pickingCall(place, kind)],
    [6, () => aggregateCall(place, kind)],
    [kind === 'number' && dialect === 'mariadb' ? 1 : 0, () => medianCall(place)],
  ]);
}
