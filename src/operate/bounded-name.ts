/** What stands for every value that is not let in. */
export const OTHER = 'other';

/** Lets in what is of one form, and no more than so many different values; everything else is {@link OTHER}. */
export type BoundName = (value: string) => string;

/**
 * Bounds the values of one label, as each one is kept for the life of the process.
 *
 * @param form of values that the code writes
 * @param most different values at most
 */
export function createBoundName(form: RegExp, most: number): BoundName {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most || !form.test(value)) return OTHER;
    known.add(value);
    return value;
  };
}

/** Lets in the values of a list. */
export function listNames(values: Iterable<string>): BoundName {
  const known = new Set(values);
  return (value) => (known.has(value) ? value : OTHER);
}
