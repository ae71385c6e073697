import type { CircuitState, Metrics } from '../domain/ports.js';

/** What is true now of breakers and of the audit log, whether metrics are on or off. */
export interface StateBoard {
  /** Counts on, and notes. */
  readonly metrics: Metrics;
  /** The last state of each breaker that has said one. */
  breakers(): Readonly<Record<string, CircuitState>>;
  /** Records that wait for being durable. */
  auditWaiting(): number;
}

/** Puts a board in front of metrics. */
export function createStateBoard(metrics: Metrics): StateBoard {
  const breakers = new Map<string, CircuitState>();
  let waiting = 0;
  return {
    metrics: {
      ...metrics,
      breakerState(breaker, state) {
        breakers.set(breaker, state);
        metrics.breakerState(breaker, state);
      },
      auditAppend() {
        waiting += 1;
        const end = metrics.auditAppend();
        return () => {
          waiting -= 1;
          end();
        };
      },
    },
    breakers: () => Object.fromEntries(breakers),
    auditWaiting: () => waiting,
  };
}
