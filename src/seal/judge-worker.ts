import type { Dialect } from '../domain/dialect.js';
import { type MappedToken, mapForJudges, writeMapped } from './map-for-judges.js';
import { outlineForJudges } from './outline-for-judges.js';
import { type JudgeFinding, readWithNodeSqlParser } from './read-node-sql-parser.js';
import { loadSqlparserRs, readWithSqlparserRs } from './read-sqlparser-rs.js';

/** Work for one judge thread. */
export interface JudgeTask {
  readonly sql: string;
  readonly dialect: Dialect;
  /** Room for 64 bits: the monotonic time at which the work began, in nanoseconds, is put there; its deadline is counted from it. */
  readonly started: SharedArrayBuffer;
}

/** What one parser made of a printed text. */
export interface PrintedReading {
  /** False where the text holds what no printed text may: then nobody read it. */
  readonly isPrinted: boolean;
  /** Null where the parser could not read the text. */
  readonly finding: JudgeFinding | null;
}

await loadSqlparserRs();

function markStart(started: SharedArrayBuffer): void {
  Atomics.store(new BigInt64Array(started), 0, process.hrtime.bigint());
}

function readPrinted(
  { sql, dialect, started }: JudgeTask,
  read: (sql: string, dialect: Dialect) => JudgeFinding | null,
  prepare: (tokens: readonly MappedToken[]) => readonly MappedToken[] = (tokens) => tokens,
): PrintedReading {
  markStart(started);
  const mapped = mapForJudges(sql, dialect);
  if (mapped === null) return { isPrinted: false, finding: null };
  return { isPrinted: true, finding: read(writeMapped(prepare(mapped)), dialect) };
}

/** Reads text as it came in with node-sql-parser. Null where it cannot be read. */
export function readIncoming({ sql, dialect, started }: JudgeTask): JudgeFinding | null {
  markStart(started);
  return readWithNodeSqlParser(sql, dialect);
}

/** Reads the outline of printed text with node-sql-parser. */
export function readOutlineWithNodeSqlParser(task: JudgeTask): PrintedReading {
  return readPrinted(task, readWithNodeSqlParser, outlineForJudges);
}

/** Reads the whole of printed text with node-sql-parser. */
export function readPrintedWithNodeSqlParser(task: JudgeTask): PrintedReading {
  return readPrinted(task, readWithNodeSqlParser);
}

/** Reads printed text with sqlparser-rs. Where WebAssembly broke, this thread ends, for its instance is of no more use. */
export function readPrintedWithSqlparserRs(task: JudgeTask): PrintedReading {
  try {
    return readPrinted(task, readWithSqlparserRs);
  } catch {
    process.exit(1);
  }
}
