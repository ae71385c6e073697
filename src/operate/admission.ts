import type { Admission, AdmissionClass } from '../domain/ports.js';
import type { InFlightLimit } from './in-flight-limit.js';
import type { StatementTimes } from './statement-times.js';

/** Requests that may wait at the door for a place, and how long, in milliseconds: a moment's crowd is no overload. */
const ROOM = 64;
const PATIENCE_MS = 100;
/** In a standing crowd the newest goes first and nobody waits longer than this: the others would only make all wait. */
const CROWDED_PATIENCE_MS = 5;
/** For so long after somebody waited in vain, in milliseconds, the crowd counts as standing. */
const CROWDED_FOR_MS = 1000;

/** What the door is kept by. */
export interface AdmissionDeps {
  /** Of what reads the source. */
  readonly limit: InFlightLimit;
  readonly times: StatementTimes;
  /** Requests that wait for the model: they hold no place, as nothing here is busy with them. */
  readonly parked: () => number;
  /** Fixed limits of the classes that do not read the source. */
  readonly fixed: Readonly<Record<Exclude<AdmissionClass, 'ask'>, number>>;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Does something after so many milliseconds. @returns calls it off */
  readonly later: (ms: number, work: () => void) => () => void;
}

/** The door, and how many it has refused since the start. */
export interface AdmissionDoor extends Admission {
  refused(): number;
}

interface Waiter {
  readonly give: () => void;
  readonly refuse: () => void;
}

/**
 * Keeps the door: each class of requests has places of its own. Those of what reads the source follow the limit; whoever finds
 * none free waits a moment, first come first served, and in a standing crowd newest first and hardly at all (B. Maurer, "Fail at
 * scale", ACM Queue 13, 2015).
 */
export function createAdmission(deps: AdmissionDeps): AdmissionDoor {
  const { limit, now } = deps;
  const inFlight: Record<AdmissionClass, number> = { ask: 0, 'sign-in': 0, other: 0 };
  const room: Waiter[] = [];
  let refusedAt = Number.NEGATIVE_INFINITY;
  let crowdedAt = Number.NEGATIVE_INFINITY;
  let refused = 0;

  const load = (): number => Math.max(0, inFlight.ask - deps.parked());
  const take = (): (() => void) => {
    inFlight.ask += 1;
    if (load() > 1) crowdedAt = now();
    return once(() => {
      if (load() > 1) crowdedAt = now();
      inFlight.ask -= 1;
      callNext();
    });
  };
  const countRefused = (): null => {
    refused += 1;
    refusedAt = now();
    return null;
  };
  const isCrowded = (): boolean => now() - refusedAt < CROWDED_FOR_MS;
  const callNext = (): void => {
    while (room.length > 0 && load() < limit.limit()) {
      const next = isCrowded() ? room.pop() : room.shift();
      next?.give();
    }
  };
  const wait = (): Promise<(() => void) | null> =>
    new Promise((resolve) => {
      // The oldest makes way: it has waited the longest, and would be the last to have its turn.
      if (room.length >= ROOM) room.shift()?.refuse();
      const end = (leave: (() => void) | null): void => {
        callOff();
        const at = room.indexOf(waiter);
        if (at >= 0) room.splice(at, 1);
        resolve(leave);
      };
      const waiter: Waiter = { give: () => end(take()), refuse: () => end(countRefused()) };
      const callOff = deps.later(isCrowded() ? CROWDED_PATIENCE_MS : PATIENCE_MS, waiter.refuse);
      room.push(waiter);
    });

  return {
    enter(kind) {
      if (kind === 'ask') {
        if (room.length === 0 && load() < limit.limit()) return take();
        return wait();
      }
      if (inFlight[kind] >= deps.fixed[kind]) {
        refused += 1;
        return null;
      }
      inFlight[kind] += 1;
      return once(() => {
        inFlight[kind] -= 1;
      });
    },
    noteAnswer(key, ms) {
      const alone = crowdedAt < now() - ms;
      limit.note({ stretch: deps.times.stretchOf(key, ms, alone), load: load() });
    },
    inFlight: () => ({ ...inFlight }),
    limit: () => limit.limit(),
    refused: () => refused,
  };
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
