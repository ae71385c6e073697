/** How long a stream may take, in milliseconds. */
export interface StreamLimits {
  /** What the statement itself may take, its waits for whoever reads not counted. */
  readonly timeoutMs: number;
  /** How long whoever reads may let one batch wait. */
  readonly idleMs: number;
  /** How long whoever reads may let the stream wait altogether. */
  readonly readerMs: number;
}

/** Counts the statement's own time and its reader's apart: at any moment one of the two is waited for. */
export interface StreamClock {
  /** From now on the source is waited for. */
  forSource(): void;
  /** From now on the reader is. */
  forReader(): void;
  /** What the statement may still take, 0 at least. */
  sourceLeftMs(): number;
  stop(): void;
}

/**
 * Makes the clock of a stream; it counts for the source from the start.
 *
 * @param onOver told once that the time of one of the two is over
 * @param now milliseconds that only grow
 */
export function createStreamClock(
  limits: StreamLimits,
  onOver: (whose: 'source' | 'reader') => void,
  now: () => number = () => performance.now(),
): StreamClock {
  const spent = { source: 0, reader: 0 };
  let whose: 'source' | 'reader' = 'source';
  let since = now();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const leftMs = (): number =>
    whose === 'source' ? limits.timeoutMs - spent.source : Math.min(limits.idleMs, limits.readerMs - spent.reader);
  const turn = (to: 'source' | 'reader'): void => {
    if (isStopped) return;
    const at = now();
    spent[whose] += at - since;
    [whose, since] = [to, at];
    clearTimeout(timer);
    timer = setTimeout(() => onOver(to), Math.max(0, Math.ceil(leftMs())));
  };
  turn('source');
  return {
    forSource: () => turn('source'),
    forReader: () => turn('reader'),
    sourceLeftMs: () => Math.max(0, limits.timeoutMs - spent.source - (whose === 'source' ? now() - since : 0)),
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
