/** A stream of pseudo-random numbers: equal seeds and names give equal streams, on every machine. Not for secrets. */
export interface Random {
  /** 0 ≤ x < 1. */
  next(): number;
  /** A whole number, both ends included. */
  integer(min: number, max: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** One of a list of `[value, weight]`, by weight. */
  weighted<T>(list: readonly (readonly [T, number])[]): T;
}

/**
 * Makes a stream for one concern, so that drawing more for one table does not shift the values of another.
 *
 * @param seed any whole number
 * @param name of the concern, e.g. `customers`
 * @remarks sfc32 (Chris Doty-Humphrey, PractRand), seeded by FNV-1a over the name and mixed by murmur3's finaliser.
 */
export function createRandom(seed: number, name: string): Random {
  let a = mix(seed ^ 0x9e3779b9);
  let b = mix(hashText(name) ^ Math.trunc(seed / 0x1_0000_0000));
  let c = mix(a ^ b);
  let counter = 1;
  const next = (): number => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 0x1_0000_0000;
  };
  for (let warm = 0; warm < 12; warm += 1) next();
  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (list) => list[integer(0, list.length - 1)]!,
    weighted: (list) => {
      let left = next() * list.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [value, weight] of list) {
        left -= weight;
        if (left < 0) return value;
      }
      return list[list.length - 1]![0];
    },
  };
}

/** A fixed number 0 ≤ x < 1 for one member of a set, without a stream: what a customer is like, however often it is asked. */
export function unitOf(seed: number, name: string, index: number): number {
  return mix(mix(seed ^ hashText(name)) ^ Math.imul(index + 1, 0x9e3779b1)) / 0x1_0000_0000;
}

function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const unit of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ unit, 0x01000193);
  return hash >>> 0;
}

function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
