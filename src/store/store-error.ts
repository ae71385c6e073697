import { SwaliError } from '../errors/swali-error.js';
import { readTlsFault } from '../transport/tls-fault.js';

/** MySQL and MariaDB: ER_DUP_ENTRY. */
const MYSQL_DUPLICATE = 1062;

/**
 * What a failed statement becomes: SwaliErrors pass, everything else is `STORE_UNAVAILABLE` with the driver's error as
 * its private cause (driver messages quote values).
 */
export function toStoreError(error: unknown): SwaliError {
  if (error instanceof SwaliError) return error;
  const detail = readTlsFault(error);
  return new SwaliError('STORE_UNAVAILABLE', { cause: error, retryAfterS: 5, ...(detail === null ? {} : { detail }) });
}

/** Whether an error of the store (or its cause) says that a unique key is taken. */
export function isDuplicateKey(error: unknown): boolean {
  const cause = error instanceof SwaliError ? error.cause : error;
  if (!(cause instanceof Error)) return false;
  if ('errno' in cause && cause.errno === MYSQL_DUPLICATE) return true;
  return cause.message.includes('UNIQUE constraint failed');
}
