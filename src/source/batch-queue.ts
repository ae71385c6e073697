import type { ResultValue } from '../domain/result-set.js';
import { BATCH_BYTES, BATCH_ROWS, type Batch } from './open-stream.js';

/** Rows between a source that sends and a reader that takes. */
export interface BatchQueue {
  /** @param bytes of the row as JSON */
  push(row: readonly ResultValue[], bytes: number): void;
  /** There are no more rows than those that wait. */
  end(): void;
  /** There will be none: what waits is dropped. */
  fail(error: Error): void;
  /** Resolves with a full batch, or at the end with what is left; null after it. One call at a time. */
  next(): Promise<Batch | null>;
}

/**
 * Makes a queue of one batch: once it is full the source is told to hold, and to go on when the batch has been taken.
 *
 * @param tap.hold what comes after it is kept, but asked for no more
 * @param tap.goOn may push at once
 */
export function createBatchQueue(tap: { readonly hold: () => void; readonly goOn: () => void }): BatchQueue {
  let rows: (readonly ResultValue[])[] = [];
  let bytes = 0;
  let isHeld = false;
  let isEnded = false;
  let failure: Error | null = null;
  let wake: (() => void) | null = null;

  const isFull = (): boolean => rows.length >= BATCH_ROWS || bytes >= BATCH_BYTES;
  const tell = (): void => {
    const waiting = wake;
    wake = null;
    waiting?.();
  };
  return {
    push(row, size) {
      rows.push(row);
      bytes += size;
      if (!isFull()) return;
      if (!isHeld) {
        isHeld = true;
        tap.hold();
      }
      tell();
    },
    end() {
      isEnded = true;
      tell();
    },
    fail(error) {
      failure = error;
      rows = [];
      tell();
    },
    async next() {
      while (!isFull() && !isEnded && !failure) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (failure) throw failure;
      if (rows.length === 0) return null;
      const batch = rows;
      rows = [];
      bytes = 0;
      if (isHeld && !isEnded) {
        isHeld = false;
        tap.goOn();
      }
      return batch;
    },
  };
}
