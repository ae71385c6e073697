import type { CountTokens } from './link/count-tokens.js';
import type { LinkedSchema } from './link/linked-schema.js';
import { type SharedValues, writeSchema, writeValues } from './write-schema.js';

const NO_VALUES: SharedValues = new Map();

/**
 * The shared values that a schema's budget still holds, relation by relation in the schema's order; a column's values are
 * shown all or not at all, and only where its relation is shown in detail.
 *
 * @param tokens of the schema's text, values included
 */
export function fitValues(
  schema: LinkedSchema,
  values: SharedValues,
  tokens: number,
  count: CountTokens,
): SharedValues {
  if (values.size === 0) return NO_VALUES;
  let left = tokens - count(writeSchema(schema, NO_VALUES));
  const fitting = new Map<string, readonly string[]>();
  for (const { obligation, columns, isBrief = false } of schema.relations) {
    if (isBrief) continue;
    for (const column of columns) {
      const key = `${obligation.relation.name}.${column.column.name}`;
      const text = writeValues(column, values.get(key));
      // The text of many long values is not worth cutting into tokens to find that it does not fit.
      if (text === '' || text.length > left * LONGEST_TOKEN) continue;
      const cost = count(text);
      if (cost > left) continue;
      fitting.set(key, values.get(key)!);
      left -= cost;
    }
  }
  // Pieces that were counted one by one may be cut otherwise when they stand together.
  while (fitting.size > 0 && count(writeSchema(schema, fitting)) > tokens) fitting.delete([...fitting.keys()].at(-1)!);
  return fitting;
}

/** Characters that a token stands for at most in such lists, roughly. */
const LONGEST_TOKEN = 12;
