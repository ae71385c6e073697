import type { ResultSet } from '../domain/result-set.js';
import type { SealedStatement } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Source, SourceResult } from '../source/source.js';

/** Runs sealed statements on one source. */
export type Execute = (statement: SealedStatement, signal?: AbortSignal) => Promise<ResultSet>;

/**
 * Lets the outcome of a filtered statement leave only at whole steps of time after it began. A unique-key probe that meets
 * another's row takes the server some microseconds longer than one that meets none; behind a step of milliseconds the two
 * cannot be told apart. What differs by more than a step still shows.
 */
export interface Pace {
  /** Milliseconds; 0 switches it off. */
  readonly stepMs: number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

const UNPACED: Pace = { stepMs: 0, now: () => 0, wait: async () => undefined };

/** A statement that the source has run, or has failed to. */
export interface StatementRun {
  readonly statement: SealedStatement;
  /** From when it was handed to the source; the wait for a connection is part of it. */
  readonly ms: number;
  /** Null where it gave none. */
  readonly rows: number | null;
  /** Why it failed; null where it did not. */
  readonly code: string | null;
}

/** Told of each run; must not throw, and must not keep the answer waiting. */
export type WatchStatements = (run: StatementRun) => void;

/** Runs `work` and hands on what it gives, or throws, at the next whole step after it began. */
async function keepPace<Result>({ stepMs, now, wait }: Pace, work: () => Promise<Result>): Promise<Result> {
  if (stepMs <= 0) return work();
  const began = now();
  try {
    return await work();
  } finally {
    const due = began + Math.ceil((now() - began) / stepMs) * stepMs;
    // A timer counts whole milliseconds and drops the rest: what it wakes too early waits again, or the rest would tell.
    for (let left = due - now(); left > 0; left = due - now()) await wait(Math.ceil(left));
  }
}

/**
 * Makes the stage that runs what the seal made, and nothing else.
 *
 * @param source where the statement runs; its dialect must be the one the statement was printed for
 * @param pace when the outcomes of filtered statements leave, errors too; at once where it is left out
 * @param watch told of what ran, inside the pace: its own time does not tell either
 * @returns a function that throws SwaliError: `SOURCE_FENCE_FAILED` for a filtered statement where the fence does not
 *   hold, the codes of {@link Source.execute} for what the source refuses, `INTERNAL` where statement and source do not
 *   fit each other. It never answers in part without `truncated`
 * @remarks Only statements without a row filter may be refused by the optimiser's estimate: an estimate knows hidden rows.
 */
export function createExecute(source: Source, pace: Pace = UNPACED, watch: WatchStatements | null = null): Execute {
  async function watched(statement: SealedStatement, work: () => Promise<SourceResult>): Promise<SourceResult> {
    if (!watch) return work();
    const began = pace.now();
    try {
      const result = await work();
      watch({ statement, ms: pace.now() - began, rows: result.rows.length, code: null });
      return result;
    } catch (error) {
      const code = error instanceof SwaliError ? error.code : 'INTERNAL';
      watch({ statement, ms: pace.now() - began, rows: null, code });
      throw error;
    }
  }

  const run: Execute = async (statement, signal) => {
    if (statement.dialect !== source.dialect)
      throw new SwaliError('INTERNAL', {
        cause: new Error(`a statement for ${statement.dialect} came to a source of ${source.dialect}`),
      });
    if (statement.filtered && !source.fenceHolds) throw new SwaliError('SOURCE_FENCE_FAILED');
    const request = {
      sql: statement.sql,
      parameters: statement.parameters.map((parameter) => parameter.value),
      kind: statement.kind,
      timeoutMs: statement.limits.timeoutMs,
      maxRows: statement.limits.rows,
      maxBytes: statement.limits.bytes,
      mayEstimate: !statement.filtered,
    };
    const result = await watched(statement, () => source.execute(request, signal));
    if (result.types.length !== statement.columns.length)
      throw new SwaliError('INTERNAL', {
        cause: new Error(`${result.types.length} columns arrived, ${statement.columns.length} were sealed`),
      });
    return { types: result.types, rows: result.rows, truncated: result.truncated };
  };
  return (statement, signal) =>
    statement.filtered ? keepPace(pace, () => run(statement, signal)) : run(statement, signal);
}
