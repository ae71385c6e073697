import type { Dialect } from '../domain/dialect.js';
import { mapForJudges, writeMapped } from './map-for-judges.js';
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

/** What a parser made of a printed text; null where it could not read it. */
export type Reading = JudgeFinding | null;

/** What the judges made of a printed text. */
export interface PrintedReading {
  /** What node-sql-parser made of the outline. */
  readonly outline: Reading;
  /** What sqlparser-rs made of the whole. */
  readonly sqlparserRs: Reading;
  /** What node-sql-parser made of the whole; asked only where sqlparser-rs cannot read it. */
  readonly nodeSqlParser: Reading;
}

await loadSqlparserRs();

function markStart(started: SharedArrayBuffer): void {
  Atomics.store(new BigInt64Array(started), 0, process.hrtime.bigint());
}

/** Reads text as it came in with node-sql-parser. Null where it cannot be read. */
export function readIncoming({ sql, dialect, started }: JudgeTask): Reading {
  markStart(started);
  return readWithNodeSqlParser(sql, dialect);
}

/**
 * Reads printed text: node-sql-parser its outline, over which it takes a quarter of the time, and sqlparser-rs the whole, so
 * that one of them has read every word. Where WebAssembly broke, this thread ends, for its instance is of no more use.
 *
 * @returns null where the text holds what no printed text may: then nobody read it
 */
export function readPrinted({ sql, dialect, started }: JudgeTask): PrintedReading | null {
  markStart(started);
  const mapped = mapForJudges(sql, dialect);
  if (mapped === null) return null;
  const whole = writeMapped(mapped);
  const outline = readWithNodeSqlParser(writeMapped(outlineForJudges(mapped)), dialect);
  const sqlparserRs = readOrEnd(whole, dialect);
  const nodeSqlParser = sqlparserRs === null ? readWithNodeSqlParser(whole, dialect) : null;
  return { outline, sqlparserRs, nodeSqlParser };
}

function readOrEnd(sql: string, dialect: Dialect): Reading {
  try {
    return readWithSqlparserRs(sql, dialect);
  } catch {
    process.exit(1);
  }
}
