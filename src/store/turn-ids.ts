import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/ports.js';

const MOST_OF_ONE_MS = 0xffff;

/**
 * Makes ids that grow with time, so that they put turns in order and are a place in a list: 48 bits of milliseconds, 16 of a
 * count, 64 of chance (as RFC 9562 §6.2 does it for UUIDv7). A clock that is set back makes no id smaller than those before
 * it in this process.
 *
 * @param random source of randomness
 * @returns a function that gives 32 hexadecimal digits
 */
export function createTurnIds(clock: Clock, random: (size: number) => Buffer = randomBytes): () => string {
  let at = 0;
  let count = 0;
  return () => {
    const now = clock();
    if (now > at) [at, count] = [now, 0];
    else if (count < MOST_OF_ONE_MS) count += 1;
    else [at, count] = [at + 1, 0];
    return `${hex(at, 12)}${hex(count, 4)}${random(8).toString('hex')}`;
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
