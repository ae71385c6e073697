import type { Dialect } from '../domain/dialect.js';
import type { PrincipalKind } from '../domain/principal.js';
import type { ResultStream, ResultType, ResultValue } from '../domain/result-set.js';
import type { ParameterValue } from '../domain/sealed-statement.js';

/** One read of the source. */
export interface SourceRequest {
  readonly sql: string;
  readonly parameters: readonly ParameterValue[];
  /** Which account runs it. */
  readonly kind: PrincipalKind;
  /** Killed on the server (or with its child process) when this has passed. */
  readonly timeoutMs: number;
  /** Rows to take at most; one more marks the result truncated. */
  readonly maxRows: number;
  /** Bytes to take at most, counted as the JSON of the rows. */
  readonly maxBytes: number;
  /** Where true, the optimiser's estimate may refuse the statement (`EXECUTE_TOO_COSTLY`). Never for filtered statements. */
  readonly mayEstimate: boolean;
}

/** One read whose rows are taken as they come. `timeoutMs` is the statement's own time: waits for the reader do not count. */
export interface SourceStreamRequest extends SourceRequest {
  /** How long the reader may let one batch wait, in milliseconds; then the statement is killed with `EXECUTE_TIMEOUT`. */
  readonly idleMs: number;
  /** How long the reader may let the stream wait altogether, in milliseconds. */
  readonly readerMs: number;
}

export interface SourceResult {
  readonly types: readonly ResultType[];
  readonly rows: readonly (readonly ResultValue[])[];
  readonly truncated: boolean;
}

/** A reachable source: pools of pinned sessions, or SQLite children. */
export interface Source {
  readonly dialect: Dialect;
  readonly serverVersion: string;
  /** False where the self-test found that the fence leaks on this engine: then row-filtered principals are not served. */
  readonly fenceHolds: boolean;
  /**
   * @throws SwaliError `EXECUTE_FAILED`, `EXECUTE_TIMEOUT`, `EXECUTE_CANCELLED`, `EXECUTE_TOO_COSTLY`, `EXECUTE_BUSY`, `SOURCE_UNAVAILABLE`
   */
  execute(request: SourceRequest, signal?: AbortSignal): Promise<SourceResult>;
  /**
   * The same, rows handed over as they come: values, order, types and caps are those of `execute`. The source waits while the
   * reader does; connection and place are held until the stream has ended or is left.
   *
   * @throws SwaliError as {@link Source.execute}; the batches throw the same for what fails later
   */
  stream(request: SourceStreamRequest, signal?: AbortSignal): Promise<ResultStream>;
  /**
   * How the engine means to run a statement, as it says so itself: EXPLAIN, with the account that runs it. Nothing of the
   * statement is run. Only on a connection that nobody uses now: null where there is none.
   *
   * @param request `sql` must be sealed; the plan tells about rows that its caller may not see, so it is the operator's alone
   * @throws SwaliError as {@link Source.execute}
   */
  explain(
    request: Pick<SourceRequest, 'sql' | 'parameters' | 'kind' | 'timeoutMs'>,
  ): Promise<readonly Readonly<Record<string, ResultValue>>[] | null>;
  /** Reads metadata with trusted text written in this repository: `information_schema`, `pragma`. Values as `execute` gives them. */
  inspect(
    sql: string,
    parameters?: readonly ParameterValue[],
  ): Promise<readonly Readonly<Record<string, ResultValue>>[]>;
  /** Resolves when the source answers. @throws SwaliError `SOURCE_UNAVAILABLE` */
  ping(): Promise<void>;
  close(): Promise<void>;
}
