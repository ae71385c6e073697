import type { Source } from './source.js';

/** A source as {@link openSource} gives it: with what was found about it when it was opened. */
export interface OpenedSource extends Source {
  /** Database name; `main` for SQLite. */
  readonly database: string;
  /** Why {@link Source.fenceHolds} is false, for the log and the operator; empty where it holds. */
  readonly fenceFaults: readonly string[];
  /** Rights of the accounts beyond reading the database; not empty only where wide grants were allowed. */
  readonly grantFaults: readonly string[];
}
