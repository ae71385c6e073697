import type { ErrorCode } from '../errors/catalogue.js';
import { SwaliError } from '../errors/swali-error.js';
import { readTlsFault } from '../transport/tls-fault.js';

/** Server error numbers that mean something other than "this statement failed". */
const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [1317, 'EXECUTE_TIMEOUT'], // query interrupted: by KILL or by the time limit
  [1969, 'EXECUTE_TIMEOUT'], // MariaDB: max_statement_time
  [3024, 'EXECUTE_TIMEOUT'], // MySQL: max_execution_time
  [1205, 'EXECUTE_TIMEOUT'], // a lock was not given in time
  [1461, 'EXECUTE_BUSY'], // no more prepared statements
  [1040, 'EXECUTE_BUSY'], // too many connections
  [1203, 'EXECUTE_BUSY'],
  [1226, 'EXECUTE_BUSY'],
  [1044, 'SOURCE_UNAVAILABLE'], // no right to the database
  [1045, 'SOURCE_UNAVAILABLE'], // wrong user or password
  [1049, 'SOURCE_UNAVAILABLE'], // no such database
  [1053, 'SOURCE_UNAVAILABLE'], // shutting down
  [1129, 'SOURCE_UNAVAILABLE'], // host is blocked
  [1130, 'SOURCE_UNAVAILABLE'], // host is not allowed
]);

/** Whether the connection itself is gone: no statement can have run to its end on it. */
export function isConnectionLost(error: unknown): boolean {
  return error instanceof Error && (error as { fatal?: boolean }).fatal === true;
}

/** Whether the server stated the error, with a number of its own. */
export function hasServerNumber(error: unknown): boolean {
  const { errno, syscall } = (error ?? {}) as { errno?: number; syscall?: string };
  return errno !== undefined && syscall === undefined;
}

/**
 * A driver's error as one of ours; the driver's words go to the log only.
 *
 * @param error anything that was thrown
 */
export function toSourceError(error: unknown): SwaliError {
  if (error instanceof SwaliError) return error;
  const detail = readTlsFault(error);
  if (detail !== null) return new SwaliError('SOURCE_UNAVAILABLE', { detail, cause: error });
  const { errno, syscall } = (error ?? {}) as { errno?: number; syscall?: string };
  const known = hasServerNumber(error) ? CODES.get(errno!) : undefined;
  const code = known ?? (syscall !== undefined || isConnectionLost(error) ? 'SOURCE_UNAVAILABLE' : 'EXECUTE_FAILED');
  return new SwaliError(code, code === 'EXECUTE_BUSY' ? { cause: error, retryAfterS: 1 } : { cause: error });
}
