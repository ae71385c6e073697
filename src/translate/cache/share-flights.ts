import { SwaliError } from '../../errors/swali-error.js';

/** Work that several callers wait for. */
interface Flight<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

/** What a caller got, and whether the work was begun for them. */
export interface Landed<T> {
  readonly value: T;
  readonly isLeader: boolean;
}

/**
 * Runs work once for all who ask for it under one key at the same time.
 *
 * A caller who hangs up leaves alone; the work is stopped when the last one has left. A failure is everybody's, but for one
 * that is about whoever the work was begun for: then each of the others begins anew.
 *
 * @param isLeadersOwn whether a failure is about the caller for whom the work was begun, e.g. that their budget is spent
 */
export function createFlights<T>(isLeadersOwn: (error: unknown) => boolean): {
  /** @throws what the work throws; SwaliError `EXECUTE_CANCELLED` where the caller's own signal is aborted */
  run(key: string, caller: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<Landed<T>>;
  /** Keys under which work runs now. */
  size(): number;
} {
  const flights = new Map<string, Flight<T>>();

  function begin(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const stop = new AbortController();
    const flight: Flight<T> = { result: work(stop.signal), stop, waiting: 0 };
    flights.set(key, flight);
    // Whoever waits hears of a failure; where nobody does any more it is nobody's.
    flight.result.catch(() => undefined).finally(() => forget(key, flight));
    return flight;
  }

  function forget(key: string, flight: Flight<T>): void {
    if (flights.get(key) === flight) flights.delete(key);
  }

  async function waitFor(key: string, flight: Flight<T>, caller: AbortSignal): Promise<T> {
    flight.waiting += 1;
    let leave = (): void => undefined;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(new SwaliError('EXECUTE_CANCELLED'));
      caller.addEventListener('abort', leave, { once: true });
    });
    try {
      if (caller.aborted) throw new SwaliError('EXECUTE_CANCELLED');
      return await Promise.race([flight.result, left]);
    } finally {
      caller.removeEventListener('abort', leave);
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        // Nobody may join what is being stopped.
        forget(key, flight);
        flight.stop.abort();
      }
    }
  }

  return Object.freeze({
    async run(key: string, caller: AbortSignal, work: (signal: AbortSignal) => Promise<T>) {
      for (;;) {
        const running = flights.get(key);
        if (!running) return { value: await waitFor(key, begin(key, work), caller), isLeader: true };
        try {
          return { value: await waitFor(key, running, caller), isLeader: false };
        } catch (error) {
          if (caller.aborted || !isLeadersOwn(error)) throw error;
        }
      }
    },
    size: () => flights.size,
  });
}
