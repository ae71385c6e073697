/** Column type families of an answer, independent of the engine. */
export type ResultType =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'text'
  | 'binary'
  | 'boolean'
  | 'date'
  | 'time'
  | 'datetime'
  | 'json'
  | 'unknown';

/**
 * A value as JSON carries it. DECIMAL is always text; integers beyond 2^53-1 are text; dates are ISO text
 * (`2026-03-01`, `2026-03-01 12:00:00`); binary is `0x…` text.
 */
export type ResultValue = string | number | boolean | null;

/** Rows of one statement, capped. */
export interface ResultSet {
  /** One per output column, in order. */
  readonly types: readonly ResultType[];
  readonly rows: readonly (readonly ResultValue[])[];
  /** True where the row or byte cap cut the result. */
  readonly truncated: boolean;
}

/** Rows of one statement as they come. They are read once, and the source waits for whoever reads them. */
export interface ResultStream {
  /** As {@link ResultSet.types}. */
  readonly types: readonly ResultType[];
  /** Some rows at a time, at most some hundreds. Leaving the loop ends the statement on the source. */
  readonly batches: AsyncIterable<readonly (readonly ResultValue[])[]>;
  /** As {@link ResultSet.truncated}; known when the last batch has been read. */
  isTruncated(): boolean;
}
