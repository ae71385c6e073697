import type { SharedValues } from '../write-schema.js';
import { foldPhrase } from './read-terms.js';

/** Where the values stand that a principal may see: phrase → keys `relation.column`. */
export interface ValueIndex {
  /** Columns that hold a value, folded as by `foldPhrase`. */
  find(phrase: string): ReadonlySet<string>;
  /** How many values it holds. */
  readonly size: number;
}

/** Longest value that is looked for in a question, in characters. */
const MAX_LENGTH = 60;
const NOWHERE: ReadonlySet<string> = new Set();

/** Indexes shared values by their folded words; numbers alone say nothing of the column they stand in. */
export function indexValues(values: SharedValues): ValueIndex {
  const columns = new Map<string, Set<string>>();
  let size = 0;
  for (const [key, list] of values) {
    for (const value of list) {
      if (value.length > MAX_LENGTH) continue;
      const phrase = foldPhrase(value);
      if (phrase === '' || /^[\d\s.,-]+$/u.test(phrase)) continue;
      columns.set(phrase, (columns.get(phrase) ?? new Set()).add(key));
      size += 1;
    }
  }
  return { size, find: (phrase) => columns.get(phrase) ?? NOWHERE };
}
