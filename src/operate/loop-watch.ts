/** How often the loop has to come round, in milliseconds. */
const BEAT_MS = 100;
/** How long a lateness is remembered, in milliseconds. */
const WINDOW_MS = 5000;

/** Knows how late the event loop runs. */
export interface LoopWatch {
  /** Longest lateness of the last seconds in milliseconds, the one that lasts still among it. */
  lateMs(): number;
  stop(): void;
}

/**
 * Watches the event loop by a heartbeat: what keeps it from coming round in time keeps requests waiting too. A process
 * whose loop stands still answers no probe at all; one that was held for long, or is held again and again, says so here.
 *
 * @param deps.now milliseconds that only grow
 * @param deps.every calls again and again until the returned function is called; must not keep the process from ending
 */
export function createLoopWatch(
  deps: { readonly now: () => number; readonly every: (ms: number, beat: () => void) => () => void } = {
    now: () => performance.now(),
    every: beatEvery,
  },
): LoopWatch {
  let last = deps.now();
  const seen: { readonly at: number; readonly lateMs: number }[] = [];
  const latenessAt = (now: number): number => Math.max(0, now - last - BEAT_MS);
  const forget = (now: number): void => {
    while (seen[0] && now - seen[0].at > WINDOW_MS) seen.shift();
  };
  const stop = deps.every(BEAT_MS, () => {
    const now = deps.now();
    forget(now);
    seen.push({ at: now, lateMs: latenessAt(now) });
    last = now;
  });
  return {
    lateMs() {
      const now = deps.now();
      forget(now);
      return seen.reduce((most, { lateMs }) => Math.max(most, lateMs), latenessAt(now));
    },
    stop,
  };
}

function beatEvery(ms: number, beat: () => void): () => void {
  const timer = setInterval(beat, ms).unref();
  return () => clearInterval(timer);
}
