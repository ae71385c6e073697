/** How many requests may be in flight, found out as they come and go. */
export interface InFlightLimit {
  /** Requests that may be in flight; 1 at least. */
  limit(): number;
  /**
   * One request has ended.
   *
   * @param sample.stretch how many times as long it took as it takes alone; 1 is the best there is
   * @param sample.load requests in flight when it ended, itself included
   */
  note(sample: { readonly stretch: number; readonly load: number }): void;
  /** One statement has waited so long for its place on the source, in milliseconds. */
  noteWait(ms: number): void;
  /** So late were the timers of the event loop of late, in milliseconds. */
  noteDelay(ms: number): void;
}

/** What the limit is found by. */
export interface InFlightLimitOptions {
  readonly start: number;
  /** Below it nothing is cut: so few cannot be a crowd, whatever the machine's noise says. 1 where it is left out. */
  readonly least?: number;
  readonly most: number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/** A window is judged once it has lasted so long, in milliseconds, and holds so many samples. */
const WINDOW_MS = 100;
const LEAST_SAMPLES = 3;
/** So many samples are enough, however short the window. */
const ENOUGH_SAMPLES = 24;

/** Requests that take longer than this many times as long as alone say that there are too many. */
const TOLERATED_STRETCH = 1.35;
/** The most that one window takes away, as a factor. */
const DEEPEST_CUT = 0.4;
/** What one good window adds where the limit was reached: a share, and at least a part of one. */
const GROWTH = 0.1;
const LEAST_GROWTH = 0.25;

/** A statement waits at least this long, in milliseconds, throughout a window: then there are too many (after CoDel, RFC 8289). */
const STANDING_WAIT_MS = 15;
/** Timers later than this, in milliseconds, say that the process itself does not keep up. */
const LATE_MS = 100;

/**
 * Makes a limit that is cut by as much as requests are stretched, and grows slowly where they are not: a gradient, as in
 * Netflix's concurrency-limits (2018), whose measure is each statement's own time alone, so that slow statements are no overload.
 * It does not grow past what is used, so that a crowd after a quiet time meets a limit that has been tried.
 */
export function createInFlightLimit({ start, least = 1, most, now }: InFlightLimitOptions): InFlightLimit {
  let limit = start;
  let stretches: number[] = [];
  let peak = 0;
  let leastWait = Number.POSITIVE_INFINITY;
  let waits = 0;
  let delay = 0;
  let since = now();

  const judge = (): void => {
    const middle = medianOf(stretches);
    const isLate = delay > LATE_MS;
    const isQueue = waits >= LEAST_SAMPLES && leastWait > STANDING_WAIT_MS;
    if (middle > TOLERATED_STRETCH) limit *= Math.max(DEEPEST_CUT, TOLERATED_STRETCH / middle);
    else if (isLate || isQueue) limit *= 0.8;
    else if (peak >= Math.floor(limit)) limit += Math.max(LEAST_GROWTH, limit * GROWTH);
    else if (limit > Math.max(start, 2 * peak)) limit -= (limit - Math.max(start, 2 * peak)) * GROWTH;
    limit = Math.min(most, Math.max(least, limit));
    stretches = [];
    peak = 0;
    leastWait = Number.POSITIVE_INFINITY;
    waits = 0;
    delay = 0;
    since = now();
  };
  const judgeWhereDue = (): void => {
    const isFull = stretches.length >= LEAST_SAMPLES && now() - since >= WINDOW_MS;
    if (isFull || stretches.length >= ENOUGH_SAMPLES) judge();
  };

  return {
    limit: () => Math.floor(limit),
    note({ stretch, load }) {
      stretches.push(stretch);
      peak = Math.max(peak, load);
      judgeWhereDue();
    },
    noteWait(ms) {
      leastWait = Math.min(leastWait, ms);
      waits += 1;
    },
    noteDelay(ms) {
      delay = Math.max(delay, ms);
      // While the process stands still no request ends, so this alone must cut.
      if (ms > LATE_MS) judge();
    },
  };
}

/** A limit that somebody has set. */
export function fixedLimit(limit: number): InFlightLimit {
  return { limit: () => limit, note: () => undefined, noteWait: () => undefined, noteDelay: () => undefined };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 1;
}
