/** One fault that the gateway is put through. */
export interface Fault {
  /** As it is called in the tables. */
  readonly title: string;
  /** What the test does, for readers of docs/reliability.md. */
  readonly done: string;
  /** What must hold, beside that no answer leaves without its record. */
  readonly held: string;
}

/** Every fault, by its id. A test says by {@link reportFigures} what came of each, on each engine. */
export const FAULTS = {
  'source-killed': {
    title: 'Source killed and back',
    done: 'SIGKILL of the database server while statements run on it; started again two seconds later.',
    held: 'Each statement in flight ends with a code; answers flow again without a restart of the gateway.',
  },
  'source-silent': {
    title: 'Network to the source silent',
    done: 'A relay in front of the source passes nothing on and closes nothing (half-open TCP), under load.',
    held: 'Each request ends with a code within its deadline; answers flow again when the relay does.',
  },
  'store-killed': {
    title: 'Store killed mid-commit and back',
    done: 'SIGKILL of the store’s server under load, several times; started again each time.',
    held: 'No 200 without a durable record; the audit log verifies.',
  },
  'store-silent': {
    title: 'Network to the store silent',
    done: 'A relay in front of the store passes nothing on and closes nothing (half-open TCP), under load.',
    held: 'Each request ends with a code and is not answered; answers flow again when the relay does.',
  },
  'redis-killed': {
    title: 'Redis killed and back',
    done: 'SIGKILL of Redis under load; started again.',
    held: 'Sign-ins are refused closed, everything else is counted in the process and answered.',
  },
  'model-fails': {
    title: 'Model hanging, slow, failing, talking garbage',
    done: 'The model’s server hangs, answers too late, with 500, with garbage, or drops the connection, with TRANSLATOR=openai.',
    held: 'Each question ends with a code, within MODEL_TIMEOUT_MS and what is around it.',
  },
  'model-fallback': {
    title: 'Model failing, with the offline translator behind it',
    done: 'The same, with TRANSLATOR=auto.',
    held: 'Each question is answered by the offline translator, and soon without asking the model.',
  },
  'disk-full': {
    title: 'Disk full under the audit log',
    done: 'The file system of the SQLite store is filled to the last byte under load, then freed.',
    held: 'Answers stop with a code, nothing leaves unaudited, and answers flow again with the space.',
  },
  'gateway-killed': {
    title: 'Gateway killed under load',
    done: 'SIGKILL of the gateway under load, several times; started again each time.',
    held: 'No 200 without a durable record; the audit log verifies after each start.',
  },
  'gateway-stopped': {
    title: 'Gateway stopped under load',
    done: 'SIGTERM under load, which ends when /readyz fails.',
    held: 'Every request that was taken gets its whole answer; exit code 0 within SHUTDOWN_TIMEOUT_MS.',
  },
  'clock-jumps': {
    title: 'Clock jumping',
    done: 'The gateway’s clock jumps hours forward and back under load (libfaketime).',
    held: 'Nothing crashes; tokens end by the clock and sessions are renewed; the audit log stays in order and verifies.',
  },
  'slow-callers': {
    title: 'Slow-loris callers',
    done: 'Hundreds of connections that send their headers or bodies a byte at a time, beside honest callers.',
    held: 'Honest callers are answered; each slow connection is closed in the end.',
  },
  'no-descriptors': {
    title: 'File descriptors used up',
    done: 'The gateway may open few files, and more connections come than those are.',
    held: 'It does not crash and answers again when connections end.',
  },
  overload: {
    title: 'Ten times the capacity',
    done: 'The source is throttled to 100 answers a second and asked for 1000 a second.',
    held: 'Admitted requests keep p99 within twice that of no load; the rest is shed with 503 and Retry-After; memory is bounded; recovery within 5 s.',
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultId = keyof typeof FAULTS;
