import type { ResultType, ResultValue } from '../domain/result-set.js';
import type { ParameterValue } from '../domain/sealed-statement.js';

/** How a child opens its database. Passed as JSON in the child's first argument; holds no secret. */
export interface SqliteChildOptions {
  readonly path: string;
  /** Longest wait for a lock that a writer holds, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** Longest string, blob or row that SQLite may make, in bytes. */
  readonly maxValueBytes: number;
  /** The child ends itself when its resident memory passes this, in bytes. */
  readonly maxMemoryBytes: number;
}

/**
 * What the parent asks. `inspect` takes trusted text only; `run`, `open` and `explain` take one SELECT. What is opened is read
 * by `next`, a batch each time, and given up by `close`; nothing else is asked between.
 */
export type SqliteRequest =
  | {
      readonly kind: 'run';
      readonly sql: string;
      readonly parameters: readonly ParameterValue[];
      readonly maxRows: number;
      readonly maxBytes: number;
    }
  | { readonly kind: 'inspect'; readonly sql: string; readonly parameters: readonly ParameterValue[] }
  | { readonly kind: 'explain'; readonly sql: string; readonly parameters: readonly ParameterValue[] }
  | {
      readonly kind: 'open';
      readonly sql: string;
      readonly parameters: readonly ParameterValue[];
      readonly maxRows: number;
      readonly maxBytes: number;
    }
  | { readonly kind: 'next' }
  | { readonly kind: 'close' }
  | { readonly kind: 'prove-fence' };

/** Why a child could not answer: `source` is a fault of the file or the host, `statement` one of the statement. */
export type SqliteFaultKind = 'source' | 'statement';

/** What the child answers: one `ready` (or `fault`) at start, then one message for each request. */
export type SqliteReply =
  | { readonly kind: 'ready'; readonly serverVersion: string }
  | { readonly kind: 'fault'; readonly fault: SqliteFaultKind; readonly message: string }
  | {
      readonly kind: 'rows';
      readonly names: readonly string[];
      readonly types: readonly ResultType[];
      readonly rows: readonly (readonly ResultValue[])[];
      readonly truncated: boolean;
    }
  | { readonly kind: 'opened'; readonly types: readonly ResultType[]; readonly truncated: boolean }
  /** The last one is null, and then nothing is open any more. */
  | { readonly kind: 'batch'; readonly rows: readonly (readonly ResultValue[])[] | null }
  | { readonly kind: 'closed' }
  | { readonly kind: 'fence'; readonly faults: readonly string[] };
