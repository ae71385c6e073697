import type { MessagePort } from 'node:worker_threads';
import type { Dialect } from '../domain/dialect.js';
import { type JudgeFinding, readWithNodeSqlParser } from './read-node-sql-parser.js';
import { loadSqlparserRs, readWithSqlparserRs } from './read-sqlparser-rs.js';

/** Work for one judge thread. `started` is told when the work begins, so that its time is counted from there. */
export interface JudgeTask {
  readonly sql: string;
  readonly dialect: Dialect;
  readonly started: MessagePort;
}

/** What the two parsers made of a printed text; null for one that could not read it. */
export interface JudgeFindings {
  readonly nodeSqlParser: JudgeFinding | null;
  readonly sqlparserRs: JudgeFinding | null;
}

await loadSqlparserRs();

/** Reads text as it came in with node-sql-parser. Null where it cannot be read. */
export function readIncoming({ sql, dialect, started }: JudgeTask): JudgeFinding | null {
  started.postMessage('started');
  return readWithNodeSqlParser(sql, dialect);
}

/** Reads printed text with both parsers. Where WebAssembly broke, this thread ends, for its instance is of no more use. */
export function readPrintedText({ sql, dialect, started }: JudgeTask): JudgeFindings {
  started.postMessage('started');
  const nodeSqlParser = readWithNodeSqlParser(sql, dialect);
  try {
    return { nodeSqlParser, sqlparserRs: readWithSqlparserRs(sql, dialect) };
  } catch {
    process.exit(1);
  }
}
