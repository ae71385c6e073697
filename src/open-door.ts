import { availableParallelism } from 'node:os';
import type { Settings } from './config/settings.js';
import { type AdmissionDoor, createAdmission } from './operate/admission.js';
import { watchEventLoop } from './operate/event-loop-delay.js';
import type { Guards } from './operate/guards.js';
import { createInFlightLimit, fixedLimit } from './operate/in-flight-limit.js';
import { createStatementTimes } from './operate/statement-times.js';
import { MODEL_CIRCUITS } from './translate/providers/open-providers.js';

/** Requests that read the source: where the limit begins, and between what it moves. */
const START = 8;
const MOST = 256;
/** As many as a source runs beside each other on any machine that it should be asked on. */
const LEAST = 4;
/** Sign-ins for each thread that hashes passwords, of which there are at most so many. */
const SIGN_INS_PER_THREAD = 8;
const MOST_THREADS = 4;
/** Everything else, which costs little. */
const OTHERS = 200;

/** The door of one process, and what tells it how it stands. */
export interface OpenedDoor {
  readonly admission: AdmissionDoor;
  readonly onSourceWait: (ms: number) => void;
  close(): void;
}

/** Opens the door. @param guards whose circuits of the model say how many requests wait for it */
export function openDoor({ maxInFlight }: Pick<Settings, 'maxInFlight'>, guards: Guards): OpenedDoor {
  const now = () => performance.now();
  const limit =
    maxInFlight > 0 ? fixedLimit(maxInFlight) : createInFlightLimit({ start: START, least: LEAST, most: MOST, now });
  const threads = Math.min(MOST_THREADS, Math.max(1, availableParallelism() - 1));
  const admission = createAdmission({
    limit,
    times: createStatementTimes(),
    parked: () => MODEL_CIRCUITS.reduce((sum, name) => sum + guards.running(name), 0),
    fixed: { 'sign-in': SIGN_INS_PER_THREAD * threads, other: OTHERS },
    now,
    later: (ms, work) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  });
  const close = watchEventLoop((ms) => limit.noteDelay(ms));
  return { admission, onSourceWait: (ms) => limit.noteWait(ms), close };
}
