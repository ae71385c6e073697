import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often it is told, and the step of the timer that is watched, in milliseconds. */
const TELL_EVERY_MS = 100;
const STEP_MS = 10;

/**
 * Watches how late the timers of this process are.
 *
 * @param tell gets the mean of the last tenth of a second, in milliseconds
 * @returns ends the watch
 */
export function watchEventLoop(tell: (ms: number) => void): () => void {
  const delay = monitorEventLoopDelay({ resolution: STEP_MS });
  delay.enable();
  const timer = setInterval(() => {
    // Not a number where nothing was counted since the last time.
    const mean = Number.isNaN(delay.mean) ? 0 : delay.mean / 1e6 - STEP_MS;
    delay.reset();
    tell(Math.max(0, mean));
  }, TELL_EVERY_MS).unref();
  return () => {
    clearInterval(timer);
    delay.disable();
  };
}
