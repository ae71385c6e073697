import { INTERVAL_UNITS, type IntervalUnit } from './nodes.js';
import type { TokenStream } from './token-stream.js';

const UNITS: ReadonlyMap<string, IntervalUnit> = new Map([
  ...INTERVAL_UNITS.map((unit) => [unit, unit] as const),
  ...INTERVAL_UNITS.slice(1, 9).map((unit) => [`SQL_TSI_${unit}`, unit] as const),
]);

/** Takes the unit of an interval, EXTRACT or TIMESTAMPDIFF. `SQL_TSI_DAY` is DAY. */
export function readUnit(stream: TokenStream): IntervalUnit {
  const unit = UNITS.get(stream.current.key);
  if (unit === undefined) stream.fail();
  stream.next();
  return unit;
}
