/**
 * Takes some of a list, in its own order: evenly spread over it, or by chance where a seed is given. Equal arguments take
 * equal items.
 *
 * @param limit how many; all where null, or where there are not so many
 * @param seed of the choice by chance; null spreads evenly, so that a file sorted by database is taken from all over
 */
export function sampleQuestions<Item>(items: readonly Item[], limit: number | null, seed: number | null): Item[] {
  if (limit === null || limit >= items.length) return [...items];
  if (seed === null) return Array.from({ length: limit }, (_, at) => items[Math.floor((at * items.length) / limit)]!);
  const next = countFrom(seed);
  const chosen = new Set<number>();
  // Floyd's way: one draw for each item that is taken, every subset as likely.
  for (let top = items.length - limit; top < items.length; top += 1) {
    const drawn = Math.floor(next() * (top + 1));
    chosen.add(chosen.has(drawn) ? top : drawn);
  }
  return items.filter((_, at) => chosen.has(at));
}

/** Mulberry32: numbers in 0 to 1, 1 excluded, from a seed. */
function countFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
