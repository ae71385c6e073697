import type { AdmissionClass } from '../../../src/domain/ports.js';
import { type AdmissionDeps, type AdmissionDoor, createAdmission } from '../../../src/operate/admission.js';
import { createInFlightLimit, type InFlightLimit } from '../../../src/operate/in-flight-limit.js';
import { createStatementTimes } from '../../../src/operate/statement-times.js';

/** What became of the requests of one stretch of time. */
export interface Outcome {
  /** Milliseconds from the door to the answer, of those let in. */
  readonly answered: number[];
  refused: number;
}

/** A gateway over a source that answers one statement at a time, in time that only events move on. */
export interface Simulation {
  readonly door: AdmissionDoor;
  readonly limit: InFlightLimit;
  now(): number;
  /** Lets requests come at a rate for so long. */
  run(perSecond: number, seconds: number, statements?: readonly string[]): Promise<Outcome>;
}

/**
 * @param options.perSecond statements that the source answers a second, one after the other
 * @param options.ownMs what a request takes besides
 * @param options.random spreads arrivals and times
 */
export function simulate(options: {
  readonly perSecond: () => number;
  readonly ownMs: (statement: string) => number;
  readonly random: () => number;
  readonly deps?: Partial<AdmissionDeps>;
}): Simulation {
  let now = 0;
  const events: { readonly at: number; readonly work: () => void; off?: true }[] = [];
  const later = (ms: number, work: () => void): (() => void) => {
    const event: (typeof events)[number] = { at: now + ms, work };
    let index = events.length;
    while (index > 0 && events[index - 1]!.at > event.at) index -= 1;
    events.splice(index, 0, event);
    return () => {
      event.off = true;
    };
  };
  const limit = createInFlightLimit({ start: 8, least: 4, most: 256, now: () => now });
  const door = createAdmission({
    limit,
    times: createStatementTimes(),
    parked: () => 0,
    fixed: { 'sign-in': 4, other: 100 },
    now: () => now,
    later,
    ...options.deps,
  });
  let freeAt = 0;

  const serve = (leave: () => void, statement: string, cameAt: number, outcome: Outcome): void => {
    const letIn = now;
    freeAt = Math.max(now, freeAt) + 1000 / options.perSecond();
    const noise = 0.8 + 0.4 * options.random();
    later(freeAt - now + options.ownMs(statement) * noise, () => {
      leave();
      door.noteAnswer(statement, now - letIn);
      outcome.answered.push(now - cameAt);
    });
  };

  return {
    door,
    limit,
    now: () => now,
    async run(perSecond, seconds, statements = ['one']) {
      const outcome: Outcome = { answered: [], refused: 0 };
      const endsAt = now + seconds * 1000;
      const arrive = (): void => {
        if (now >= endsAt) return;
        const cameAt = now;
        const statement = statements[Math.floor(options.random() * statements.length)] ?? 'one';
        const entered = door.enter('ask' satisfies AdmissionClass);
        const settle = (leave: (() => void) | null): void => {
          if (leave) serve(leave, statement, cameAt, outcome);
          else outcome.refused += 1;
        };
        if (entered instanceof Promise) void entered.then(settle);
        else settle(entered);
        later((-Math.log(1 - options.random()) * 1000) / perSecond, arrive);
      };
      later(0, arrive);
      while (events.length > 0 && (events[0]!.at <= endsAt || door.inFlight().ask > 0)) {
        const event = events.shift()!;
        if (event.off) continue;
        now = event.at;
        event.work();
        // Whoever waited at the door goes in before time moves on.
        for (let turn = 0; turn < 3; turn += 1) await null;
      }
      now = Math.max(now, endsAt);
      return outcome;
    },
  };
}

/** The time that 99 in a hundred requests stay below. */
export function p99(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
