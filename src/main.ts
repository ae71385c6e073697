#!/usr/bin/env node
import { runProgram } from './cli/program.js';

/** What still holds the process after so many milliseconds, when all is done, is left behind. */
const LEFT_BEHIND_MS = 500;

/** Exit code of a program that was told twice to stop, or that broke. */
const BROKEN_OFF = 1;

// The only reader of the process's environment; dispatches `serve` and the commands.
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(BROKEN_OFF);
    stop.abort();
  });
}

let onFault = (error: unknown): void => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(BROKEN_OFF);
};
for (const fault of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(fault, (error: unknown) => onFault(error));
}

process.exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  onFault: (listener) => {
    onFault = listener;
  },
});
setTimeout(() => process.exit(), LEFT_BEHIND_MS).unref();
