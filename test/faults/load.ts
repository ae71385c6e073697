import type { Told } from './caller.js';

/** Requests that go on until they are told to end. */
export interface Load {
  /** What has ended so far. */
  readonly told: readonly Told[];
  /** Begins no more, waits for those that run, and gives all. */
  end(): Promise<readonly Told[]>;
}

/**
 * Keeps a number of requests running: each that ends is followed by the next.
 *
 * @param running at the same time
 * @param next makes one; called with how many there were before
 * @param pauseMs between the end of one and the next, so that a gateway that refuses at once is not asked in a tight circle
 */
export function startLoad(running: number, next: (count: number) => Promise<Told>, pauseMs = 5): Load {
  const told: Told[] = [];
  let isOn = true;
  let count = 0;
  const goOn = async (): Promise<void> => {
    while (isOn) {
      count += 1;
      told.push(await next(count));
      await sleep(pauseMs);
    }
  };
  const workers = Promise.all(Array.from({ length: running }, goOn));
  return {
    told,
    async end() {
      isOn = false;
      await workers;
      return told;
    },
  };
}

/** Resolves after so many milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Tries until it is answered, and says how long that took.
 *
 * @returns seconds since `since`
 * @throws Error where it is not answered in `mostMs`
 */
export async function untilAnswered(attempt: () => Promise<Told>, since: number, mostMs = 60_000): Promise<number> {
  for (;;) {
    const told = await attempt();
    if (told.end === 'answered') return Math.round((told.at - since) / 10) / 100;
    if (performance.now() - since > mostMs) throw new Error(`no answer again: ${told.end} ${told.status} ${told.code}`);
    await sleep(50);
  }
}

/** The value below which so much of all lies: 0.99 for p99. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
