import type { MysqlPool, MysqlPoolConnection } from 'kysely';
import type { Pool, PoolConnection } from 'mysql2';
import { SwaliError } from '../errors/swali-error.js';
import { STORE_SILENT } from './store-rules.js';

/** How long and how many may wait. */
export interface PoolBounds {
  /** Callers that may wait for a connection; one more is refused. */
  readonly queueLimit: number;
  /** Longest wait for a connection, in milliseconds. */
  readonly waitMs: number;
  /** Longest wait for the answer to one statement, in milliseconds; read at each statement. */
  readonly statementMs: () => number;
}

/**
 * A pool of mysql2 for kysely whose waits all have an end: mysql2 alone waits for a silent server for as long as the network
 * lets it.
 *
 * @returns a pool that gives SwaliError `OVERLOADED` where the queue is full or the wait too long, and the driver's error; a
 *   statement without an answer ends its connection, with an error marked `fatal`
 */
export function createBoundedPool(pool: Pool, bounds: PoolBounds): MysqlPool {
  let waiting = 0;
  return {
    getConnection(callback) {
      if (waiting >= bounds.queueLimit) return callback(refusal(), undefined as never);
      waiting += 1;
      let isOver = false;
      const end = (): boolean => {
        if (isOver) return false;
        isOver = true;
        waiting -= 1;
        clearTimeout(timer);
        return true;
      };
      const timer = setTimeout(() => {
        if (end()) callback(refusal(), undefined as never);
      }, bounds.waitMs);
      pool.getConnection((error, connection) => {
        if (!end()) connection?.release();
        else if (error) callback(error, undefined as never);
        else callback(null, limitStatements(connection, bounds.statementMs));
      });
    },
    end: (callback) => pool.end((error) => callback(error)),
  };
}

function refusal(): SwaliError {
  return new SwaliError('OVERLOADED', { retryAfterS: 1, cause: 'too many wait for a connection to the store' });
}

/** kysely streams nothing here, so every statement has a callback. */
function limitStatements(connection: PoolConnection, statementMs: () => number): MysqlPoolConnection {
  const query = (sql: string, parameters: readonly unknown[], callback: (error: unknown, result: unknown) => void) => {
    const limit = statementMs();
    let isOver = false;
    const end = (error: unknown, result: unknown): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      callback(error, result);
    };
    const timer = Number.isFinite(limit)
      ? setTimeout(() => {
          connection.destroy();
          end(Object.assign(new Error('the store does not answer'), { fatal: true, code: STORE_SILENT }), undefined);
        }, limit)
      : undefined;
    connection.query(sql, [...parameters], (error: unknown, result: unknown) => end(error, result));
  };
  return { query: query as unknown as MysqlPoolConnection['query'], release: () => connection.release() };
}
