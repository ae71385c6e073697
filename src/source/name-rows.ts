import type { ResultValue } from '../domain/result-set.js';

/** Rows as records without a prototype, so that a column named `__proto__` is a column like any other. */
export function nameRows(
  names: readonly string[],
  rows: readonly (readonly ResultValue[])[],
): readonly Readonly<Record<string, ResultValue>>[] {
  return rows.map((row) => {
    const record: Record<string, ResultValue> = Object.create(null);
    names.forEach((name, index) => {
      record[name] = row[index] ?? null;
    });
    return record;
  });
}
