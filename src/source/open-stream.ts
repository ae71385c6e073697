import type { ResultStream, ResultValue } from '../domain/result-set.js';

/** Rows of one batch at most. */
export const BATCH_ROWS = 500;
/** Bytes of one batch as JSON, about: the row that passes this is its last. */
export const BATCH_BYTES = 256 * 1024;

/** Rows that are handed over together. */
export type Batch = readonly (readonly ResultValue[])[];

/** A statement whose rows are taken batch by batch. */
export interface OpenStream extends Pick<ResultStream, 'types' | 'isTruncated'> {
  /** The next batch, null after the last. One at a time. @throws SwaliError as `Source.stream` */
  next(): Promise<Batch | null>;
  /** Ends the statement on the source where it still runs; resolves when nothing of it is left there. Never rejects. */
  leave(): Promise<void>;
  /** Settles when the source has nothing more to do for it: rejects with what `next` throws. */
  readonly ended: Promise<void>;
}

/** A stream as callers read it: leaving the loop leaves the stream. */
export function toResultStream({ types, isTruncated, next, leave }: OpenStream): ResultStream {
  const done = { done: true, value: undefined } as const;
  return {
    types,
    isTruncated,
    batches: {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const batch = await next();
          return batch === null ? done : { done: false, value: batch };
        },
        async return() {
          await leave();
          return done;
        },
      }),
    },
  };
}

/**
 * Holds places, sessions and so on for as long as a stream lasts.
 *
 * @param work takes them, hands the stream over, waits for its end and gives them back
 * @returns the stream as soon as it is handed over; rejects where `work` fails before that. What fails later its reader is told
 */
export function whileStreaming(
  work: (handOver: (stream: ResultStream) => void) => Promise<void>,
): Promise<ResultStream> {
  return new Promise((resolve, reject) => {
    work(resolve).catch(reject);
  });
}
