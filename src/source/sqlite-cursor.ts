import type { DatabaseSync } from '@photostructure/sqlite';
import type { ResultType } from '../domain/result-set.js';
import { BATCH_BYTES, BATCH_ROWS, type Batch } from './open-stream.js';
import { createRowSettler, type SqliteValue, toResultValue, watchColumn } from './sqlite-values.js';

type Statement = ReturnType<InstanceType<typeof DatabaseSync>['prepare']>;
type Row = readonly SqliteValue[];

/** Rows and bytes of a result that is kept while its types are settled; a larger one is read twice. */
const KEPT_ROWS = 2 * BATCH_ROWS;
const KEPT_BYTES = 2 * BATCH_BYTES;

/** What a cursor reads, and the most of it. */
export interface CursorRequest {
  readonly statement: Statement;
  /** Values as the driver takes them. */
  readonly values: readonly (string | number | bigint | null)[];
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** A result that is read batch by batch. */
export interface SqliteCursor {
  readonly types: readonly ResultType[];
  readonly truncated: boolean;
  /** Null after the last. */
  next(): Batch | null;
  /** Resets the statement; may be called at any time. */
  close(): void;
}

interface FirstPass {
  readonly types: readonly ResultType[];
  readonly truncated: boolean;
  readonly count: number;
  /** Null where they were too many to keep. */
  readonly rows: readonly Row[] | null;
}

/** Bytes of a row as JSON, as the cap counts them. */
export function jsonBytes(row: Row): number {
  return Buffer.byteLength(JSON.stringify(row.map(toResultValue))) + 1;
}

/**
 * Opens a result. In SQLite a column's type belongs to its values, and a value is written by the type of its column, so all
 * of them are looked at before the first leaves: a result that is too large to keep is read once for its types and again for
 * its rows. The caller sees to it that both readings see the same data.
 *
 * @throws Error with SQLite's message
 */
export function openCursor(request: CursorRequest): SqliteCursor {
  const { statement, values } = request;
  const { types, truncated, count, rows: kept } = readTypes(request);
  const settle = createRowSettler(declaredOf(statement), types);
  const rows = kept?.values() ?? (statement.iterate(...values) as IterableIterator<Row>);
  let left = count;
  return {
    types,
    truncated,
    next() {
      const batch: ReturnType<typeof settle>[] = [];
      for (let bytes = 0; left > 0 && batch.length < BATCH_ROWS && bytes < BATCH_BYTES; left -= 1) {
        const { value: row, done } = rows.next();
        if (done) break;
        const settled = settle(row);
        bytes += Buffer.byteLength(JSON.stringify(settled)) + 1;
        batch.push(settled);
      }
      return batch.length > 0 ? batch : null;
    },
    close: () => void rows.return?.(undefined),
  };
}

function declaredOf(statement: Statement): readonly (string | null)[] {
  return statement.columns().map((column) => column.type);
}

function readTypes({ statement, values, maxRows, maxBytes }: CursorRequest): FirstPass {
  const columns = declaredOf(statement).map(watchColumn);
  let rows: Row[] | null = [];
  let count = 0;
  let bytes = 2;
  let truncated = false;
  // Leaving the loop early resets the statement: `for…of` calls the iterator's return().
  for (const row of statement.iterate(...values) as Iterable<Row>) {
    bytes += jsonBytes(row);
    if (count >= maxRows || bytes > maxBytes) {
      truncated = true;
      break;
    }
    count += 1;
    for (const [index, column] of columns.entries()) column.see(row[index] ?? null);
    if (count > KEPT_ROWS || bytes > KEPT_BYTES) rows = null;
    rows?.push(row);
  }
  return { types: columns.map((column) => column.type()), truncated, count, rows };
}
