import type { ResultSet } from '../domain/result-set.js';
import type { SealedStatement } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import type { Source, SourceRequest, SourceResult } from '../source/source.js';

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

export const UNPACED: Pace = { stepMs: 0, now: () => 0, wait: async () => undefined };

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

/** Runs work and hands on what it gives, or throws, at a whole step. */
type KeepPace = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Begins to count steps: what runs in what it returns leaves at the next whole one after this began. */
export function startPace({ stepMs, now, wait }: Pace): KeepPace {
  if (stepMs <= 0) return (work) => work();
  const began = now();
  return async (work) => {
    try {
      return await work();
    } finally {
      const due = began + Math.ceil((now() - began) / stepMs) * stepMs;
      // A timer counts whole milliseconds and drops the rest: what it wakes too early waits again, or the rest would tell.
      for (let left = due - now(); left > 0; left = due - now()) await wait(Math.ceil(left));
    }
  };
}

/**
 * What the source is asked for a statement.
 *
 * @throws SwaliError `INTERNAL` where it was printed for another dialect, `SOURCE_FENCE_FAILED` where it is filtered and the
 *   fence does not hold
 */
export function requestOf(statement: SealedStatement, source: Pick<Source, 'dialect' | 'fenceHolds'>): SourceRequest {
  if (statement.dialect !== source.dialect)
    throw new SwaliError('INTERNAL', {
      cause: new Error(`a statement for ${statement.dialect} came to a source of ${source.dialect}`),
    });
  if (statement.filtered && !source.fenceHolds) throw new SwaliError('SOURCE_FENCE_FAILED');
  return {
    sql: statement.sql,
    parameters: statement.parameters.map((parameter) => parameter.value),
    kind: statement.kind,
    timeoutMs: statement.limits.timeoutMs,
    maxRows: statement.limits.rows,
    maxBytes: statement.limits.bytes,
    mayEstimate: !statement.filtered,
  };
}

/** @throws SwaliError `INTERNAL` where another number of columns arrived than was sealed */
export function assertColumns(statement: SealedStatement, { types }: { readonly types: readonly unknown[] }): void {
  if (types.length !== statement.columns.length)
    throw new SwaliError('INTERNAL', {
      cause: new Error(`${types.length} columns arrived, ${statement.columns.length} were sealed`),
    });
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
    const request = requestOf(statement, source);
    const result = await watched(statement, () => source.execute(request, signal));
    assertColumns(statement, result);
    return { types: result.types, rows: result.rows, truncated: result.truncated };
  };
  return (statement, signal) =>
    statement.filtered ? startPace(pace)(() => run(statement, signal)) : run(statement, signal);
}
