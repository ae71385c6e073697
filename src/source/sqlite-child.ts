import { Worker } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';
import { createAuthorizer } from './sqlite-authorizer.js';
import type { SqliteCursor } from './sqlite-cursor.js';
import { proveSqliteFence } from './sqlite-fence.js';
import type { SqliteChildOptions, SqliteFaultKind, SqliteReply, SqliteRequest } from './sqlite-protocol.js';
import { openStatements } from './sqlite-statements.js';
import type { SqliteWatchData } from './sqlite-watch.js';

/**
 * Entry of a child process that reads one SQLite database. It answers one request at a time and is killed by its parent
 * when a statement runs too long: SQLite in Node has no interrupt.
 */
const options = JSON.parse(process.argv[2] ?? '') as SqliteChildOptions;

/** Messages of SQLite that speak of the file or the host, not of the statement. */
const SOURCE_FAULT =
  /unable to open|disk i\/o error|disk image is malformed|not a database|database is locked|out of memory|attempt to write a readonly/i;

function send(reply: SqliteReply): void {
  process.send?.(reply);
}

function faultOf(error: unknown): SqliteReply {
  const message = error instanceof Error ? error.message : String(error);
  const fault: SqliteFaultKind = SOURCE_FAULT.test(message) ? 'source' : 'statement';
  return { kind: 'fault', fault, message };
}

/** Opens the database read-only and takes away everything but reading. The order matters: pragmas first, then the lock. */
function open() {
  const database = new DatabaseSync(options.path, {
    readOnly: true,
    allowExtension: false,
    enableDoubleQuotedStringLiterals: false,
    defensive: true,
    timeout: options.busyTimeoutMs,
    limits: { length: options.maxValueBytes, attach: 0, sqlLength: 1_000_000 },
  });
  for (const pragma of ['query_only=ON', 'trusted_schema=OFF', 'cell_size_check=ON', 'mmap_size=0', 'cache_size=-8000'])
    database.exec(`PRAGMA ${pragma}`);
  // The first read shows whether the file is a database at all.
  database.prepare('SELECT count(*) FROM sqlite_schema').get();
  let trusted = false;
  database.setAuthorizer(createAuthorizer(() => trusted));
  const statements = openStatements(database);
  const trust = <T>(work: () => T): T => {
    trusted = true;
    try {
      return work();
    } finally {
      trusted = false;
    }
  };
  return { statements, trust, execute: (sql: 'BEGIN' | 'ROLLBACK') => trust(() => database.exec(sql)) };
}

function readVersion(): string {
  const memory = new DatabaseSync(':memory:');
  try {
    const row = memory.prepare('SELECT sqlite_version() AS version').get() as { version: string };
    return row.version;
  } finally {
    memory.close();
  }
}

function serve(): void {
  const { statements, trust, execute } = open();
  let cursor: SqliteCursor | null = null;
  const close = (): void => {
    cursor?.close();
    cursor = null;
    execute('ROLLBACK');
  };
  /** In a transaction, so that both readings of a large result see the same data. */
  const openCursor = (request: Extract<SqliteRequest, { kind: 'open' }>): SqliteReply => {
    execute('BEGIN');
    try {
      cursor = statements.open(request);
    } catch (error) {
      close();
      throw error;
    }
    const { types, truncated } = cursor;
    return { kind: 'opened', types, truncated };
  };
  const readNext = (): SqliteReply => {
    try {
      const rows = cursor?.next() ?? null;
      if (rows === null) close();
      return { kind: 'batch', rows };
    } catch (error) {
      close();
      throw error;
    }
  };
  const answer = (request: SqliteRequest): SqliteReply => {
    switch (request.kind) {
      case 'run':
        return { kind: 'rows', ...statements.run(request) };
      case 'explain':
        return { kind: 'rows', ...statements.explain(request) };
      case 'inspect':
        return { kind: 'rows', ...trust(() => statements.inspect(request)) };
      case 'open':
        return openCursor(request);
      case 'next':
        return readNext();
      case 'close':
        close();
        return { kind: 'closed' };
      case 'prove-fence':
        return { kind: 'fence', faults: proveSqliteFence() };
    }
  };
  process.on('message', (request: SqliteRequest) => {
    try {
      send(answer(request));
    } catch (error) {
      send(faultOf(error));
    }
  });
}

process.on('disconnect', () => process.exit(0));
try {
  const workerData: SqliteWatchData = { parent: process.ppid, maxMemoryBytes: options.maxMemoryBytes };
  new Worker(new URL('./sqlite-watch.js', import.meta.url), { workerData, env: {} }).unref();
  serve();
  send({ kind: 'ready', serverVersion: readVersion() });
} catch (error) {
  const reply = faultOf(error);
  send(reply.kind === 'fault' ? { ...reply, fault: 'source' } : reply);
}
