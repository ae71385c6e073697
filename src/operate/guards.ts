import { CircuitState as Circuit, ConsecutiveBreaker, circuitBreaker, handleWhen, type IBreaker } from 'cockatiel';
import type { CircuitState, Guarded, GuardRules, Logger, MakeGuard } from '../domain/ports.js';
import { createBackoff } from './backoff.js';

/** Calls in a row that find a thing away before its circuit opens. */
const FAILURES_TO_OPEN = 5;

/** First pause before an open circuit is tried again, in milliseconds; it doubles with each try that fails. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** The breakers of the process. */
export interface Guards {
  readonly make: MakeGuard;
  /** State of each circuit by name, for `/healthz/deep` and metrics. */
  states(): Readonly<Record<string, CircuitState>>;
  /** Calls that run now on the thing of that name; 0 where there is none. */
  running(name: string): number;
}

/** What breakers are made with; passed in, so that tests can set it. */
export interface GuardsDeps {
  readonly logger: Logger;
  /** Milliseconds that only grow: the time of day may jump. */
  readonly now: () => number;
  /** 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** Told of the first state of each circuit, and of every change. */
  readonly onState?: (name: string, state: CircuitState) => void;
}

/** Makes the place where breakers are made and shown. */
export function createGuards(deps: GuardsDeps): Guards {
  const guards = new Map<string, Guarded>();
  return {
    make(name, rules) {
      const guard = guards.get(name) ?? createGuard(name, rules, deps);
      guards.set(name, guard);
      return guard;
    },
    states: () => Object.fromEntries([...guards].map(([name, guard]) => [name, guard.state()])),
    running: (name) => guards.get(name)?.running() ?? 0,
  };
}

const STATES: Readonly<Record<Circuit, CircuitState>> = {
  [Circuit.Closed]: 'closed',
  [Circuit.Open]: 'open',
  [Circuit.HalfOpen]: 'half-open',
  [Circuit.Isolated]: 'open',
};

/** Opens after failures in a row, or at once where the thing asks to be left alone. */
class Breaker implements IBreaker {
  readonly #inRow = new ConsecutiveBreaker(FAILURES_TO_OPEN);
  openAtOnce = false;
  get state(): unknown {
    return this.#inRow.state;
  }
  set state(value: unknown) {
    this.#inRow.state = value as number;
  }
  success(): void {
    this.openAtOnce = false;
    this.#inRow.success();
  }
  failure(): boolean {
    const enough = this.#inRow.failure();
    const opens = enough || this.openAtOnce;
    this.openAtOnce = false;
    return opens;
  }
}

/**
 * One circuit, by cockatiel. When it may be tried again is decided here, by a clock that does not jump; cockatiel's own would
 * be the time of day. Whoever comes while the one call of a half-open circuit runs is refused, not kept waiting.
 */
function createGuard(name: string, rules: GuardRules, deps: GuardsDeps): Guarded {
  const { logger, now, random } = deps;
  const breaker = new Breaker();
  const backoff = createBackoff({
    firstMs: FIRST_PAUSE_MS,
    longestMs: rules.longestPauseMs ?? LONGEST_PAUSE_MS,
    random,
  });
  /** An error that reaches several callers, or a pool and then its callers, is one failure. */
  const counted = new WeakSet<object>();
  let opened = 0;
  let triedAgainAt = 0;
  let askedToWaitMs = 0;
  let running = 0;

  const counts = (error: unknown): boolean => {
    const outcome = rules.judge(error);
    if (policy.state !== Circuit.Closed) return outcome !== 'answered';
    if (outcome !== 'away') return false;
    if (typeof error !== 'object' || error === null) return true;
    if (counted.has(error)) return false;
    counted.add(error);
    return true;
  };
  const noteWait = (error: unknown): void => {
    const ms = rules.asksToWait?.(error) ?? null;
    if (ms === null) return;
    breaker.openAtOnce = true;
    askedToWaitMs = Math.max(askedToWaitMs, ms);
  };
  const always = { duration: Number.NEGATIVE_INFINITY, next: () => always };
  const policy = circuitBreaker(handleWhen(counts), { breaker, halfOpenAfter: always });
  const tell = (): void => deps.onState?.(name, STATES[policy.state]);
  policy.onStateChange(tell);
  tell();
  policy.onBreak((reason) => {
    opened += 1;
    const pauseMs = Math.max(backoff(opened), askedToWaitMs);
    askedToWaitMs = 0;
    triedAgainAt = now() + pauseMs;
    const cause = 'error' in reason ? wordsOf(reason.error) : null;
    logger.error({ circuit: name, cause, retryInMs: Math.round(pauseMs) }, 'circuit open: it is away');
  });
  policy.onReset(() => {
    opened = 0;
    logger.info({ circuit: name }, 'circuit closed: it is back');
  });

  return {
    async run<T>(work: () => Promise<T>): Promise<T> {
      const leftMs = policy.state === Circuit.Open ? triedAgainAt - now() : 0;
      if (policy.state === Circuit.HalfOpen || leftMs > 0) throw rules.refuse(Math.max(1, Math.ceil(leftMs / 1000)));
      running += 1;
      try {
        // An answer that is an error is an answer: it ends a row of failures, and goes around the circuit.
        const settled = await policy.execute(async () => {
          try {
            return { value: await work() };
          } catch (error) {
            noteWait(error);
            if (rules.judge(error) === 'answered') return { error };
            throw error;
          }
        });
        if ('error' in settled) throw settled.error;
        return settled.value;
      } finally {
        running -= 1;
      }
    },
    note(error) {
      if (policy.state !== Circuit.Closed) return;
      policy.execute(() => Promise.reject(error)).catch(() => undefined);
    },
    retryNow() {
      triedAgainAt = 0;
    },
    state: () => STATES[policy.state],
    running: () => running,
  };
}

/** The words of an error alone, and of what caused it: beside them it may carry a statement or a password. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { readonly code?: unknown };
  const cause = error.cause === undefined ? '' : `: ${wordsOf(error.cause)}`;
  return `${typeof code === 'string' ? code : error.name}${cause}`;
}
