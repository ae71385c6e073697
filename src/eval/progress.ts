import type { Writable } from 'node:stream';

/** Characters of the bar. */
const WIDTH = 30;
/** Lines of a whole run where there is no terminal to draw on. */
const LINES = 20;

/** Shows how far a run is: a bar on a terminal, else a line every twentieth. */
export interface Progress {
  show(finished: number): void;
  /** Leaves the bar's line. */
  end(): void;
}

/** @param stream standard error, so that what is printed stays clean */
export function createProgress(stream: Writable & { readonly isTTY?: boolean }, total: number): Progress {
  const step = Math.max(1, Math.ceil(total / LINES));
  let told = -1;
  const bar = (finished: number): string => {
    const filled = Math.round((WIDTH * finished) / Math.max(1, total));
    return `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
  };
  return {
    show(finished) {
      if (stream.isTTY) {
        stream.write(`\r${bar(finished)} ${finished}/${total}`);
        return;
      }
      // Several questions may finish between two looks, so a step is passed rather than met.
      const reached = Math.floor(finished / step);
      if (reached === told && finished < total) return;
      told = reached;
      stream.write(`${finished} of ${total} questions\n`);
    },
    end() {
      if (stream.isTTY) stream.write('\n');
    },
  };
}
