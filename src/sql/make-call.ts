import type { Expression, FunctionCall } from './nodes.js';

/** A plain call, as `NAME(a, b)` is read: no DISTINCT, order, filter or window. */
export function makeCall(name: string, ...operands: readonly Expression[]): FunctionCall {
  return {
    kind: 'call',
    name,
    star: false,
    distinct: false,
    arguments: operands,
    orderBy: [],
    separator: null,
    limit: null,
    filter: null,
    over: null,
    at: -1,
  };
}
