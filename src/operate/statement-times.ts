import { LRUCache } from 'lru-cache';

/** Statements whose time is kept. */
const MOST_STATEMENTS = 2000;
/** How much of the difference one request alone takes over. */
const LEARNING = 0.1;
/** Added to both times, in milliseconds: below it differences are the machine's. */
const NOISE_MS = 3;

/** How long statements take alone, and how much longer they take in a crowd. */
export interface StatementTimes {
  /**
   * @param key stands for the statement: requests of one key cost about the same
   * @param ms that the request took, without what it waited for the model
   * @param alone whether nothing else was in flight meanwhile
   * @returns how many times as long it took as alone; 1 for the first of a key
   */
  stretchOf(key: string, ms: number, alone: boolean): number;
}

/**
 * Makes the table of times. What runs alone teaches in both directions, so a source that has become slower for good is
 * learnt; what runs in a crowd can only show that it goes faster.
 */
export function createStatementTimes(): StatementTimes {
  const times = new LRUCache<string, { ms: number }>({ max: MOST_STATEMENTS });
  return {
    stretchOf(key, ms, alone) {
      const known = times.get(key);
      if (!known) {
        times.set(key, { ms });
        return 1;
      }
      if (alone) known.ms += (ms - known.ms) * LEARNING;
      else known.ms = Math.min(known.ms, ms);
      return Math.max(1, (ms + NOISE_MS) / (known.ms + NOISE_MS));
    },
  };
}
