import { SwaliError } from '../errors/swali-error.js';

/** Nodes that a statement may grow by while names are spelled out and terms of order are added. A written text has about 8 000 at most. */
const MAX_GROWTH = 40_000;

/**
 * Measures trees in nodes, counting a part that several places share once for each: what a walk over the tree would meet.
 * Each part is walked once however often it is shared, so that measuring stays linear where walking would not.
 */
export function createMeasure(): (node: object) => number {
  const known = new WeakMap<object, number>();
  const measure = (value: object): number => {
    // The most frequent of all, and nothing is below it.
    if ('kind' in value && value.kind === 'column') return 1;
    const before = known.get(value);
    if (before !== undefined) return before;
    let size = 'kind' in value ? 1 : 0;
    for (const name in value) {
      const child = (value as Readonly<Record<string, unknown>>)[name];
      if (typeof child === 'object' && child !== null) size += measure(child);
    }
    known.set(value, size);
    return size;
  };
  return measure;
}

/**
 * Makes a purse from which every copy of a part is paid: text of 16 KiB can ask for more copies than any machine can hold.
 *
 * @returns a function that takes the parts about to be copied
 * @throws (the function) SwaliError `SEAL_TOO_DEEP` when copies exceed {@link MAX_GROWTH} nodes
 */
export function createPurse(): (parts: object) => void {
  const measure = createMeasure();
  let spent = 0;
  return (parts) => {
    spent += measure(parts);
    if (spent > MAX_GROWTH)
      throw new SwaliError('SEAL_TOO_DEEP', { detail: 'names and their order, spelled out, make it too long' });
  };
}
