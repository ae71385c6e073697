import { ExponentialBackoff } from 'cockatiel';
import type { Backoff } from '../domain/ports.js';

/**
 * Makes pauses that double each time, of which a random half to whole is waited ("equal jitter", AWS Architecture Blog,
 * "Exponential backoff and jitter", 2015): a pause is never nothing, and callers that failed together do not come back together.
 *
 * @param options.firstMs bound of the first pause
 * @param options.longestMs bound of every pause
 * @param options.random 0 to 1, 1 excluded
 */
export function createBackoff(options: {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly random: () => number;
}): Backoff {
  const factory = new ExponentialBackoff<number>({
    initialDelay: options.firstMs,
    maxDelay: options.longestMs,
    exponent: 2,
    generator: (failures = 0, { initialDelay, maxDelay, exponent }) => {
      const whole = Math.min(maxDelay, initialDelay * exponent ** failures);
      return [Math.ceil((whole + whole * options.random()) / 2), failures + 1];
    },
  });
  return (failures) => {
    let pause = factory.next();
    // Past this the bound has long been met.
    for (let each = 1; each < Math.min(failures, 32); each += 1) pause = pause.next(undefined);
    return pause.duration;
  };
}
