import type { DatabaseSync } from '@photostructure/sqlite';
import type { ResultType, ResultValue } from '../domain/result-set.js';
import type { ParameterValue } from '../domain/sealed-statement.js';
import { jsonBytes, openCursor, type SqliteCursor } from './sqlite-cursor.js';
import type { SqliteRequest } from './sqlite-protocol.js';
import { type SqliteValue, settleRows } from './sqlite-values.js';

type Database = InstanceType<typeof DatabaseSync>;
type Statement = ReturnType<Database['prepare']>;

/** Rows of one statement with the names SQLite gave its columns. */
export interface SqliteRows {
  readonly names: readonly string[];
  readonly types: readonly ResultType[];
  readonly rows: readonly (readonly ResultValue[])[];
  readonly truncated: boolean;
}

/** Prepared statements kept by text; the oldest leaves first. */
const KEPT_STATEMENTS = 200;

/**
 * A parameter as the driver must get it. It binds every JavaScript number as a double, so a whole number goes as a
 * bigint; else 7 compared with a text column would become `7.0`.
 */
function bindValue(value: ParameterValue): string | number | bigint | null {
  if (value === null || typeof value === 'string' || typeof value === 'bigint') return value;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('a parameter is of no bindable type');
  return Number.isSafeInteger(value) ? BigInt(value) : value;
}

/**
 * Refuses text that is more than one SELECT. SQLite compiles the first statement of a text and says nothing about the
 * rest, so the engine itself is asked whether the text also stands inside parentheses: a complete statement followed by
 * `;` and anything leaves the parenthesis open and does not compile, nor does EXPLAIN, PRAGMA or a write.
 */
function assertOneSelect(database: Database, sql: string): void {
  if (sql.includes('\0')) throw new Error('the text holds a NUL, which ends a statement for SQLite');
  database.prepare(`SELECT * FROM (\n${sql}\n)`);
}

/**
 * Refuses fewer values than the text has parameters; SQLite would take the others for NULL. It refuses too many itself.
 * Asking for the rows binds and runs nothing yet, so one value more than expected must not fit.
 */
function assertParameterCount(statement: Statement, count: number): void {
  try {
    statement.iterate(...Array.from({ length: count + 1 }, () => null));
  } catch {
    return;
  }
  throw new RangeError('a parameter has no value');
}

/**
 * Runs statements of one connection, one at a time.
 *
 * @param database an open, locked-down connection
 */
export function openStatements(database: Database) {
  const kept = new Map<string, Statement>();
  const compile = (sql: string): Statement => database.prepare(sql, { returnArrays: true, readBigInts: true });

  const prepare = (sql: string, parameterCount: number): Statement => {
    const found = kept.get(sql);
    kept.delete(sql);
    const statement = found ?? compile(sql);
    if (!found) assertOneSelect(database, sql);
    assertParameterCount(statement, parameterCount);
    kept.set(sql, statement);
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT_STATEMENTS) break;
      kept.delete(oldest);
    }
    return statement;
  };

  const read = (
    statement: Statement,
    parameters: readonly ParameterValue[],
    limits: { readonly maxRows: number; readonly maxBytes: number },
  ): SqliteRows => {
    const rows: SqliteValue[][] = [];
    let bytes = 2;
    let truncated = false;
    // Leaving the loop early resets the statement: `for…of` calls the iterator's return().
    for (const row of statement.iterate(...parameters.map(bindValue)) as Iterable<SqliteValue[]>) {
      bytes += jsonBytes(row);
      if (rows.length >= limits.maxRows || bytes > limits.maxBytes) {
        truncated = true;
        break;
      }
      rows.push(row);
    }
    const columns = statement.columns();
    const settled = settleRows(
      columns.map((column) => column.type),
      rows,
    );
    return { names: columns.map((column) => column.name), ...settled, truncated };
  };

  return {
    /** Runs one SELECT. @throws Error with SQLite's message; the text never runs in part */
    run(request: Extract<SqliteRequest, { kind: 'run' }>): SqliteRows {
      return read(prepare(request.sql, request.parameters.length), request.parameters, request);
    },
    /** Opens one SELECT, to be read batch by batch. @throws Error as `run`, as far as the first reading goes */
    open({ sql, parameters, maxRows, maxBytes }: Extract<SqliteRequest, { kind: 'open' }>): SqliteCursor {
      const statement = prepare(sql, parameters.length);
      return openCursor({ statement, values: parameters.map(bindValue), maxRows, maxBytes });
    },
    /** Says how one SELECT would run, and runs nothing. @throws Error with SQLite's message */
    explain(request: Extract<SqliteRequest, { kind: 'explain' }>): SqliteRows {
      assertOneSelect(database, request.sql);
      const statement = compile(`EXPLAIN QUERY PLAN ${request.sql}`);
      return read(statement, request.parameters, { maxRows: Infinity, maxBytes: Infinity });
    },
    /** Runs trusted metadata text: a SELECT or a reading PRAGMA, never cached. */
    inspect(request: Extract<SqliteRequest, { kind: 'inspect' }>): SqliteRows {
      return read(compile(request.sql), request.parameters, { maxRows: Infinity, maxBytes: Infinity });
    },
  };
}
