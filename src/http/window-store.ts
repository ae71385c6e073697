import type { Options, Store } from 'express-rate-limit';

interface Window {
  hits: number;
  /** By the clock that only grows. */
  readonly endsAt: number;
}

/**
 * Counts requests in windows of fixed length, in this process. A window is measured by a clock that only grows: by the time of day, a
 * clock that is put back would keep callers out for as long as it went.
 *
 * @param now milliseconds that only grow
 * @returns a store of one window; what is over is forgotten, at the latest when as much time has passed again
 */
export function createWindowStore(now: () => number): Store {
  const windows = new Map<string, Window>();
  let windowMs = 0;
  let sweptAt = now();

  function sweep(at: number): void {
    if (at - sweptAt < windowMs) return;
    sweptAt = at;
    for (const [key, { endsAt }] of windows) if (endsAt <= at) windows.delete(key);
  }

  return {
    localKeys: true,
    init(options: Options) {
      windowMs = options.windowMs;
    },
    increment(key) {
      const at = now();
      sweep(at);
      const known = windows.get(key);
      const window = known && known.endsAt > at ? known : { hits: 0, endsAt: at + windowMs };
      window.hits += 1;
      windows.set(key, window);
      return { totalHits: window.hits, resetTime: new Date(Date.now() + window.endsAt - at) };
    },
    decrement(key) {
      const window = windows.get(key);
      if (window && window.hits > 0) window.hits -= 1;
    },
    resetKey: (key) => void windows.delete(key),
  };
}
