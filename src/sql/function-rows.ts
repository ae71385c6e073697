import type { FunctionRule } from './function-rule.js';

/**
 * Reads a list of functions that share kind, class and volatility.
 *
 * @param shared what all of them have in common
 * @param list names in upper case with their numbers of arguments, `;` between two: `ABS 1; ATAN 1-2; COALESCE 1+; PI 0`
 * @throws Error where an entry is not of that form: a fault of the table, seen at the first import
 */
export function readRows(shared: Omit<FunctionRule, 'name' | 'arity'>, list: string): readonly FunctionRule[] {
  return list
    .split(';')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const parts = /^([A-Z][A-Z0-9_]*) (\d+)(\+|-(\d+))?$/.exec(entry);
      if (!parts) throw new Error(`function table: ${JSON.stringify(entry)}`);
      const least = Number(parts[2]);
      const most = parts[3] === '+' ? Number.POSITIVE_INFINITY : Number(parts[4] ?? least);
      return { ...shared, name: parts[1] as string, arity: [least, most] as const };
    });
}

/**
 * Rules by name.
 *
 * @throws Error where a name is listed twice: the later rule must not silently win
 */
export function indexRules(...lists: readonly (readonly FunctionRule[])[]): ReadonlyMap<string, FunctionRule> {
  const rules = new Map<string, FunctionRule>();
  for (const rule of lists.flat()) {
    if (rules.has(rule.name)) throw new Error(`function table: ${rule.name} is listed twice`);
    rules.set(rule.name, Object.freeze(rule));
  }
  return rules;
}

/** Shorthands for the columns of the tables. */
export const SCALAR_LEAKPROOF = { kind: 'scalar', class: 'leakproof', volatility: 'immutable' } as const;
export const SCALAR_FALLIBLE = { kind: 'scalar', class: 'fallible', volatility: 'immutable' } as const;
export const SCALAR_CLOCK = { kind: 'scalar', class: 'fallible', volatility: 'clock' } as const;
export const AGGREGATE_FALLIBLE = { kind: 'aggregate', class: 'fallible', volatility: 'immutable' } as const;
export const BOTH_LEAKPROOF = { kind: 'both', class: 'leakproof', volatility: 'immutable' } as const;
export const BOTH_FALLIBLE = { kind: 'both', class: 'fallible', volatility: 'immutable' } as const;
export const WINDOW_LEAKPROOF = { kind: 'window', class: 'leakproof', volatility: 'immutable' } as const;
export const WINDOW_FALLIBLE = { kind: 'window', class: 'fallible', volatility: 'immutable' } as const;
