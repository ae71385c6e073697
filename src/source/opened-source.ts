import type { PoolUse } from '../domain/ports.js';
import type { PrincipalKind } from '../domain/principal.js';
import type { ReadRight } from './grant-line.js';
import type { Source } from './source.js';

/** One account of a server, and what it is for. */
export interface SourceAccount {
  /** Kinds of principal whose statements it runs; empty for one that reads the catalog alone. */
  readonly kinds: readonly PrincipalKind[];
  /** Whether metadata is read with it. */
  readonly readsCatalog: boolean;
  readonly reads: readonly ReadRight[];
}

/** `account for customer, employee`; for people. */
export function nameAccount({ kinds }: Pick<SourceAccount, 'kinds'>): string {
  return `account for ${kinds.length > 0 ? kinds.join(', ') : 'the catalog'}`;
}

/** A source as {@link openSource} gives it: with what was found about it when it was opened. */
export interface OpenedSource extends Source {
  /** Database name; `main` for SQLite. */
  readonly database: string;
  /** Why {@link Source.fenceHolds} is false, for the log and the operator; empty where it holds. */
  readonly fenceFaults: readonly string[];
  /** Rights of the accounts beyond reading the database; not empty only where wide grants were allowed. */
  readonly grantFaults: readonly string[];
  /** The accounts of a server; empty for SQLite, which has none. */
  readonly accounts: readonly SourceAccount[];
  /** What each pool of connections, or of children, lends out now. */
  poolUse(): readonly PoolUse[];
}
