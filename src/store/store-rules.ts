import type { CallOutcome, GuardRules } from '../domain/ports.js';
import { SwaliError } from '../errors/swali-error.js';

/** Server errors that are about the server or our account, not about the statement. */
const SERVER_AWAY: ReadonlySet<number> = new Set([
  1040, // too many connections
  1044, // no right to the database
  1045, // wrong user or password
  1049, // no such database
  1053, // shutting down
  1129, // host is blocked
  1130, // host is not allowed
  1290, // read-only: another server leads now
  1836, // read-only
]);

/** SQLITE_READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB: the file or its disk. */
const FILE_AWAY: ReadonlySet<number> = new Set([8, 10, 11, 13, 14, 26]);

/** What a statement without an answer ends with. */
export const STORE_SILENT = 'STORE_SILENT';

const SQLITE_BUSY = 5;
const MYSQL_LOCK_WAIT = 1205;
const MYSQL_DEADLOCK = 1213;

/** Why a transaction did not come to its end, where it may come to it if it is run again. */
export type Transient = 'deadlock' | 'lock-wait' | 'busy' | 'lost';

/** How the breaker of the store reads errors of the drivers. */
export const STORE_RULES: GuardRules = {
  judge: judgeStoreError,
  refuse: (retryAfterS) => new SwaliError('STORE_UNAVAILABLE', { cause: 'the circuit is open', retryAfterS }),
  longestPauseMs: 5000,
};

function judgeStoreError(error: unknown): CallOutcome {
  if (error instanceof SwaliError) return error.code === 'OVERLOADED' ? 'unknown' : 'answered';
  if (isConnectionLost(error)) return 'away';
  const file = sqliteCodeOf(error);
  if (file !== null) return FILE_AWAY.has(file) ? 'away' : file === SQLITE_BUSY ? 'unknown' : 'answered';
  return SERVER_AWAY.has(serverNumberOf(error) ?? 0) ? 'away' : 'answered';
}

/**
 * What an error says of its transaction, once that has been rolled back as a whole; null for everything that would come again.
 * `lost` says nothing of whether a COMMIT that was on its way took effect.
 */
export function readTransient(error: unknown): Transient | null {
  if (error instanceof SwaliError) return null;
  const number = serverNumberOf(error);
  if (number === MYSQL_DEADLOCK) return 'deadlock';
  if (number === MYSQL_LOCK_WAIT) return 'lock-wait';
  // The low byte: SQLITE_BUSY_SNAPSHOT and SQLITE_BUSY_RECOVERY are 5 too.
  if (sqliteCodeOf(error) === SQLITE_BUSY) return 'busy';
  return isConnectionLost(error) && !isRefused(error) && !isSilent(error) ? 'lost' : null;
}

/** Whether the connection broke or never was: the driver says so itself, without a number of the server. */
function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { fatal, syscall } = error as { readonly fatal?: unknown; readonly syscall?: unknown };
  return (fatal === true || typeof syscall === 'string') && !SERVER_AWAY.has(serverNumberOf(error) ?? 0);
}

/** Whether the server was waited for in vain: its caller has waited long enough for two. */
function isSilent(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === STORE_SILENT;
}

/** Whether no connection was made: trying again a moment later would end the same. */
function isRefused(error: unknown): boolean {
  return (error as { readonly syscall?: unknown }).syscall === 'connect';
}

/** A number that the server itself stated; Node's numbers of failed system calls are others. */
function serverNumberOf(error: unknown): number | null {
  if (!(error instanceof Error) || 'syscall' in error) return null;
  const { errno } = error as { readonly errno?: unknown };
  return typeof errno === 'number' ? errno : null;
}

function sqliteCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null;
  return Number(error.errcode) & 0xff;
}
