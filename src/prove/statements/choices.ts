/** Where a writer of statements gets its luck from: whole numbers of a seeded source, and what is made of them. */
export interface Choices {
  /** A whole number of 0 to `count` - 1. */
  below(count: number): number;
  /** True in about so many cases of a hundred. */
  chance(percent: number): boolean;
  /** One entry of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** What one of the options gives, each taken as often as its weight says; those of weight 0 never. */
  weighted<T>(options: readonly (readonly [weight: number, make: () => T])[]): T;
}

/**
 * Choices made of a source of random numbers.
 *
 * @param below gives a whole number of 0 to `count` - 1, `count` being at least 1
 */
export function makeChoices(below: (count: number) => number): Choices {
  return {
    below,
    chance: (percent) => below(100) < percent,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
    weighted: (options) => {
      const total = options.reduce((sum, [weight]) => sum + weight, 0);
      let left = below(Math.max(1, total));
      for (const [weight, make] of options) {
        if (left < weight) return make();
        left -= weight;
      }
      return (options[0] as (typeof options)[number])[1]();
    },
  };
}
