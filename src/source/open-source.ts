import type { Guarded, MakeGuard } from '../domain/ports.js';
import type { PrincipalKind } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { STRICT_TRANSPORT, type TransportRules } from '../transport/transport-rules.js';
import { openMysqlSource } from './mysql-source.js';
import type { OpenedSource } from './opened-source.js';
import { openSqliteSource } from './sqlite-source.js';

/** Where the company's data is and how it is read. */
export interface OpenSourceOptions {
  /** `sqlite:PATH`, `mysql://user:password@host:port/database` or `mariadb://…` (the server says which it is). */
  readonly url: string;
  /** Accounts of single kinds of principal; the others use `url`, as the catalog does. Not for SQLite, which has no accounts. */
  readonly urlsByKind?: Partial<Readonly<Record<PrincipalKind, string>>>;
  /** Connections of each account, or child processes. Default 8 and 3. */
  readonly size?: number;
  /** Statements of one kind of principal that may wait. Default 64. */
  readonly queueLimit?: number;
  /** What NOW() means on MySQL and MariaDB. Default `UTC`. */
  readonly timeZone?: string;
  /** Rows that the optimiser may mean to visit, where it may refuse at all. Default 1e9. */
  readonly maxEstimatedRows?: number;
  /** Lets accounts through that can do more than read. Default false; the caller records that it was set. */
  readonly allowWideGrants?: boolean;
  /** How a server may be spoken to. Default TLS, verified, off loopback. */
  readonly transport?: TransportRules;
  /** Makes its breakers, `source` and `source-KIND` for accounts of single kinds; none where it is left out, as in tests. */
  readonly makeGuard?: MakeGuard;
  /** Told how long each statement waited for its place, in milliseconds. */
  readonly onWait?: (ms: number) => void;
}

/** A circuit that is always closed. */
const UNGUARDED: Guarded = {
  run: (work) => work(),
  note: () => undefined,
  retryNow: () => undefined,
  state: () => 'closed',
  running: () => 0,
};

const SCHEME_SQLITE = 'sqlite:';

/**
 * Opens the source that a URL names, proves that it is read-only, and tests the fence on it.
 *
 * @returns the source, with what was found: `fenceFaults`, `grantFaults`, `accounts`
 * @throws SwaliError `SETTINGS_INVALID`, `SOURCE_UNAVAILABLE`, `SOURCE_NOT_READ_ONLY`
 */
export async function openSource(options: OpenSourceOptions): Promise<OpenedSource> {
  const queueLimit = options.queueLimit ?? 64;
  const { makeGuard = () => UNGUARDED, onWait } = options;
  const watch = { makeGuard, ...(onWait ? { onWait } : {}) };
  if (options.url.startsWith(SCHEME_SQLITE)) {
    const path = options.url.slice(SCHEME_SQLITE.length);
    if (path === '') throw new SwaliError('SETTINGS_INVALID', { detail: 'the source URL names no file: sqlite:PATH' });
    return openSqliteSource({ path, size: options.size ?? 3, queueLimit, ...watch });
  }
  const { customer = options.url, employee = options.url, admin = options.url } = options.urlsByKind ?? {};
  return openMysqlSource({
    urls: { customer, employee, admin },
    catalogUrl: options.url,
    size: options.size ?? 8,
    queueLimit,
    timeZone: options.timeZone ?? 'UTC',
    maxEstimatedRows: options.maxEstimatedRows ?? 1e9,
    allowWideGrants: options.allowWideGrants ?? false,
    transport: options.transport ?? STRICT_TRANSPORT,
    ...watch,
  });
}
