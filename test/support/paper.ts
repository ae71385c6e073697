import { Writable } from 'node:stream';

/** What was written, for tests that look for what must not be there. */
export interface Written {
  readonly lines: string[];
  /** A stream whose lines are kept. */
  paper(): Writable;
}

/** Keeps what is written to its streams. */
export function keepWritten(): Written {
  const lines: string[] = [];
  return {
    lines,
    paper: () =>
      new Writable({
        write(chunk, _encoding, done) {
          lines.push(String(chunk));
          done();
        },
      }),
  };
}
