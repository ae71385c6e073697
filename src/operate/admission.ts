import type { Admission, AdmissionClass } from '../domain/ports.js';
import type { InFlightLimit } from './in-flight-limit.js';
import type { StatementTimes } from './statement-times.js';

/** Requests that may wait at the door for a place, and how long, in milliseconds: a moment's crowd is no overload. */
const ROOM = 64;
const PATIENCE_MS = 100;
/** In a standing crowd the newest goes first and nobody waits longer than this: the others would only make all wait. */
const CROWDED_PATIENCE_MS = 5;
/** A room that has not been empty for so long, in milliseconds, is a standing crowd. */
const CROWDED_AFTER_MS = 100;

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
  let emptyAt = now();
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
  const isCrowded = (): boolean => room.length > 0 && now() - emptyAt > CROWDED_AFTER_MS;
  const callNext = (): void => {
    while (room.length > 0 && load() < limit.limit()) {
      const next = isCrowded() ? room.pop() : room.shift();
      if (room.length === 0) emptyAt = now();
      next?.give();
    }
  };
  const wait = (): Promise<(() => void) | null> =>
    new Promise((resolve) => {
      if (room.length === 0) emptyAt = now();
      // The oldest makes way: it has waited the longest, and would be the last to have its turn.
      if (room.length >= ROOM) room.shift()?.refuse();
      const end = (leave: (() => void) | null): void => {
        clearTimeout(timer);
        const at = room.indexOf(waiter);
        if (at >= 0) room.splice(at, 1);
        if (room.length === 0) emptyAt = now();
        if (leave === null) refused += 1;
        resolve(leave);
      };
      const waiter: Waiter = { give: () => end(take()), refuse: () => end(null) };
      const timer = setTimeout(waiter.refuse, isCrowded() ? CROWDED_PATIENCE_MS : PATIENCE_MS);
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
