import type { ResultStream } from '../domain/result-set.js';
import type { SealedStatement } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Source } from '../source/source.js';
import { assertColumns, type Pace, requestOf, startPace, UNPACED, type WatchStatements } from './execute.js';

/** Runs sealed statements on one source and hands over their rows as they come. */
export type ExecuteStream = (statement: SealedStatement, signal?: AbortSignal) => Promise<ResultStream>;

/** How long streams wait for whoever reads them, in milliseconds. */
export interface ReaderLimits {
  /** For one batch. */
  readonly idleMs: number;
  /** Altogether. */
  readonly readerMs: number;
}

/**
 * Makes the stage that runs what the seal made, and nothing else, for results that leave as they come. What holds of
 * `createExecute` holds of this: the same refusals, and of a filtered statement the opening, each batch, the end and any failure
 * leave at whole steps of time.
 *
 * @param pace at once where it is left out
 * @param watch told once, when the statement is over or left; its time is that of the source, without the waits of the reader
 * @throws SwaliError as `createExecute`; so do the batches
 */
export function createExecuteStream(
  source: Source,
  reader: ReaderLimits,
  pace: Pace = UNPACED,
  watch: WatchStatements | null = null,
): ExecuteStream {
  return async (statement, signal) => {
    const request = requestOf(statement, source);
    const keepPace = startPace(statement.filtered ? pace : UNPACED);
    let ms = 0;
    let rows = 0;
    let isTold = false;
    const tell = (code: string | null): void => {
      if (!isTold) watch?.({ statement, ms, rows: code === null ? rows : null, code });
      isTold = true;
    };
    /** Work of the source, counted as such. */
    const timed = <Result>(work: () => Promise<Result>): Promise<Result> =>
      keepPace(async () => {
        const began = pace.now();
        let code: string | null = null;
        try {
          return await work();
        } catch (error) {
          code = error instanceof SwaliError ? error.code : 'INTERNAL';
          throw error;
        } finally {
          ms += pace.now() - began;
          if (code !== null) tell(code);
        }
      });

    const stream = await timed(async () => {
      const opened = await source.stream({ ...request, ...reader }, signal);
      try {
        assertColumns(statement, opened);
      } catch (error) {
        await opened.batches[Symbol.asyncIterator]().return?.();
        throw error;
      }
      return opened;
    });
    const batches = stream.batches[Symbol.asyncIterator]();
    return {
      types: stream.types,
      isTruncated: () => stream.isTruncated(),
      batches: {
        [Symbol.asyncIterator]: () => ({
          async next() {
            const step = await timed(() => batches.next());
            if (step.done) tell(null);
            else rows += step.value.length;
            return step;
          },
          async return() {
            await batches.return?.();
            tell(null);
            return { done: true, value: undefined };
          },
        }),
      },
    };
  };
}
