import type { Duplex } from 'node:stream';
import type { Connection, FieldPacket } from 'mysql2';
import type { ResultType, ResultValue } from '../domain/result-set.js';
import type { ParameterValue } from '../domain/sealed-statement.js';
import { type Prepared, prepare } from './mysql-connection.js';
import { bindParameter, type MysqlColumn, readColumn } from './mysql-values.js';

/** The server ends a statement at its deadline; after this much more, in milliseconds, it is killed from outside. */
const GRACE_MS = 200;
/** What the wire may carry beyond twice the cap of a result: descriptions of its columns, in bytes. */
const WIRE_SLACK_BYTES = 1024 * 1024;
/** A result that passed its cap mostly ends with the next packet; else it is killed after this, in milliseconds. */
export const CAP_PATIENCE_MS = 50;

/** What one statement gave. `names` are the server's column names. */
export interface MysqlRows {
  readonly names: readonly string[];
  readonly types: readonly ResultType[];
  readonly rows: readonly (readonly ResultValue[])[];
  readonly truncated: boolean;
}

export interface MysqlRun {
  readonly sql: string;
  readonly parameters: readonly ParameterValue[];
  readonly timeoutMs: number;
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** A statement that is being received. */
export interface Receiving {
  /** Settles when the server has said everything, failed, or is gone. */
  readonly done: Promise<void>;
  /** Resolves when a cap was passed. */
  readonly capped: Promise<void>;
  /** Where a cap was passed, so that rows were left out. */
  isTruncated(): boolean;
}

/** Who is told what comes: the columns once, before the first row. */
export interface Receiver {
  columns(names: readonly string[], types: readonly ResultType[]): void;
  /** @param bytes of the row as JSON */
  row(values: ResultValue[], bytes: number): void;
}

/** A statement that is being read. */
export interface Reading extends Receiving {
  collect(): MysqlRows;
}

/** Reads rows as they come and keeps no more than the caps allow. */
export function readRows(connection: Connection, request: MysqlRun, before: Promise<void>): Reading {
  let columns: Pick<MysqlRows, 'names' | 'types'> = { names: [], types: [] };
  const rows: ResultValue[][] = [];
  const receiving = receiveRows(connection, request, before, {
    columns: (names, types) => {
      columns = { names, types };
    },
    row: (values) => void rows.push(values),
  });
  return { ...receiving, collect: () => ({ ...columns, rows, truncated: receiving.isTruncated() }) };
}

/**
 * Sends a statement and hands on what comes, as far as the caps allow.
 *
 * @param before what must be through before the statement is sent
 */
export function receiveRows(
  connection: Connection,
  request: MysqlRun,
  before: Promise<void>,
  receiver: Receiver,
): Receiving {
  const { sql, parameters, maxRows, maxBytes } = request;
  let columns: readonly MysqlColumn[] = [];
  let taken = 0;
  let bytes = 2;
  let truncated = false;
  let received = 0;
  let passCap = (): void => undefined;
  const capped = new Promise<void>((resolve) => {
    passCap = resolve;
  });
  // The driver puts a row together before anyone sees it, and a server sends rows of any size: 60 cells of 16 MB are one row.
  const { stream } = connection as unknown as { readonly stream: Duplex };
  const mostReceived = 2 * maxBytes + WIRE_SLACK_BYTES;
  const count = (chunk: Buffer): void => {
    received += chunk.length;
    if (received <= mostReceived) return;
    truncated = true;
    stream.pause();
    passCap();
  };
  stream.on('data', count);
  const read = (statement: Prepared): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      // Without a callback the driver hands over row by row and keeps none.
      const command = statement.execute(parameters.map(bindParameter));
      command.on('error', reject);
      command.on('fields', (fields: FieldPacket[] | undefined) => {
        if (!fields) return;
        columns = fields.map(readColumn);
        const names = fields.map((field) => field.name);
        // The driver compiles a row reader from the names after this event, and some (`__proto__`) break it.
        for (const [index, field] of fields.entries()) field.name = `c${index}`;
        receiver.columns(
          names,
          columns.map((column) => column.type),
        );
      });
      command.on('result', (row: unknown) => {
        if (!Array.isArray(row)) {
          reject(new Error('the statement gave no rows: it was not a SELECT'));
          return;
        }
        if (truncated) return;
        const values = row.map((value: unknown, index) => columns[index]!.toResult(value));
        const size = Buffer.byteLength(JSON.stringify(values)) + 1;
        bytes += size;
        if (taken >= maxRows || bytes > maxBytes) {
          truncated = true;
          passCap();
          return;
        }
        taken += 1;
        receiver.row(values, size);
      });
      command.on('end', () => resolve());
    });
  // The driver tells the connection alone that the server is gone, not a statement whose rows it hands over one by one.
  let onLost = (_error: unknown): void => undefined;
  const lost = new Promise<never>((_, reject) => {
    onLost = reject;
  });
  connection.on('error', onLost);
  const done = Promise.race([before.then(() => prepare(connection, sql, parameters.length)).then(read), lost]);
  // A reading that is stopped may fail later; that failure has no other listener.
  done
    .catch(() => undefined)
    .finally(() => {
      stream.off('data', count);
      connection.off('error', onLost);
    });
  return { done, capped, isTruncated: () => truncated };
}

/** Resolves with why a reading must stop before its end; `release` takes the timers away. */
export function watch(reading: Reading, timeoutMs: number, signal: AbortSignal | undefined) {
  let release = (): void => undefined;
  const stopped = new Promise<'EXECUTE_TIMEOUT' | 'EXECUTE_CANCELLED' | 'capped'>((resolve) => {
    const timers = [setTimeout(() => resolve('EXECUTE_TIMEOUT'), timeoutMs + GRACE_MS)];
    const onAbort = (): void => resolve('EXECUTE_CANCELLED');
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    void reading.capped.then(() => timers.push(setTimeout(() => resolve('capped'), CAP_PATIENCE_MS)));
    release = () => {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
  });
  return { stopped, release };
}
