import { SwaliError } from '../errors/swali-error.js';
import { expressionKey } from '../sql/expression-key.js';
import type { FrameBound, FunctionCall, OrderItem, Select, WindowFrame, WindowSpecification } from '../sql/nodes.js';

/** Window functions that count rows in order and take no notice of a frame. */
const COUNTING: ReadonlySet<string> = new Set(['ROW_NUMBER', 'NTILE', 'LAG', 'LEAD']);

/** Window functions that pick a row of the frame, or join its rows together: the order of peers shows. RANK and its like do not. */
const PICKING: ReadonlySet<string> = new Set([
  'FIRST_VALUE',
  'LAST_VALUE',
  'NTH_VALUE',
  'GROUP_CONCAT',
  'STRING_AGG',
  'JSON_ARRAYAGG',
  'JSON_OBJECTAGG',
  'JSON_GROUP_ARRAY',
  'JSON_GROUP_OBJECT',
  'JSONB_GROUP_ARRAY',
  'JSONB_GROUP_OBJECT',
]);

/** The whole of a window specification, named windows spelled out. */
export function spellOut(over: NonNullable<FunctionCall['over']>, select: Select): WindowSpecification {
  const base = over.kind === 'window' ? over.base : over.name;
  const named = base === null ? null : select.windows.find((entry) => entry.name === base);
  if (!named)
    return over.kind === 'window' ? over : { kind: 'window', base: null, partitionBy: [], orderBy: [], frame: null };
  const inherited = spellOut(named.window, select);
  if (over.kind === 'window-name') return inherited;
  return {
    kind: 'window',
    base: null,
    partitionBy: inherited.partitionBy,
    orderBy: inherited.orderBy.length > 0 ? inherited.orderBy : over.orderBy,
    frame: over.frame ?? inherited.frame,
  };
}

const WHOLE: WindowFrame = {
  unit: 'ROWS',
  start: { type: 'UNBOUNDED PRECEDING' },
  end: { type: 'UNBOUNDED FOLLOWING' },
  exclude: null,
};
const isUnbounded = (bound: FrameBound) => bound.type.startsWith('UNBOUNDED');

function refuse(call: FunctionCall): never {
  throw new SwaliError('SEAL_UNSUPPORTED', {
    detail: `${call.name} over a frame of peers; order by a key, or say ROWS instead of RANGE or GROUPS`,
  });
}

/** Whether a call's value depends on the order in which the server reads peers. */
export function dependsOnPeers(call: FunctionCall, window: WindowSpecification): boolean {
  return COUNTING.has(call.name) || PICKING.has(call.name) || window.frame?.unit === 'ROWS';
}

/** A frame by value (RANGE, GROUPS, or none said) ends with a whole group of peers: more terms would make peers of none. */
function orderPeerFrame(
  call: FunctionCall,
  window: WindowSpecification,
  total: readonly OrderItem[],
): WindowSpecification {
  const start = window.frame?.start ?? { type: 'UNBOUNDED PRECEDING' };
  const end = window.frame?.end ?? { type: 'CURRENT ROW' };
  if ('offset' in start || 'offset' in end) refuse(call);
  const whole = { ...window, orderBy: total, frame: WHOLE };
  // Without ORDER BY all rows of the partition are peers.
  if (window.orderBy.length === 0 || (isUnbounded(start) && isUnbounded(end))) return whole;
  if (call.name !== 'FIRST_VALUE' && call.name !== 'LAST_VALUE') refuse(call);
  if (isUnbounded(call.name === 'FIRST_VALUE' ? start : end)) return whole;
  // The first or last of the current row's peers: they are a partition of their own.
  const partitionBy = [...window.partitionBy, ...window.orderBy.map((item) => item.expression)];
  const said = new Set(partitionBy.map(expressionKey));
  const orderBy = total.filter((item) => !said.has(expressionKey(item.expression)));
  return { ...whole, partitionBy, orderBy };
}

/**
 * The window over which a call gives the same in whatever order the server reads peers: a result that the written window
 * allows, made the only one.
 *
 * @param window spelled out, of a call that {@link dependsOnPeers}
 * @param terms that order the rows totally
 * @throws SwaliError `SEAL_UNSUPPORTED` where a frame is made of peers and no frame of rows says the same
 */
export function orderWindow(
  call: FunctionCall,
  window: WindowSpecification,
  terms: readonly OrderItem[],
): WindowSpecification {
  const said = new Set(window.orderBy.map((item) => expressionKey(item.expression)));
  const added = terms.filter((item) => {
    const key = expressionKey(item.expression);
    return said.has(key) ? false : said.add(key);
  });
  const total = [...window.orderBy, ...added];
  if (COUNTING.has(call.name)) return { ...window, orderBy: total, frame: null };
  if (added.length === 0) return window;
  if (window.frame?.exclude && window.frame.exclude !== 'NO OTHERS') refuse(call);
  if (window.frame?.unit === 'ROWS') return { ...window, orderBy: total };
  return orderPeerFrame(call, window, total);
}
