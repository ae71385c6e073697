import type { PrincipalKind } from '../domain/principal.js';
import type { SealedStatement } from '../domain/sealed-statement.js';
import { SwaliError } from '../errors/swali-error.js';
import { createExecute } from '../execute/execute.js';
import { openSource } from '../source/open-source.js';
import type { Source, SourceResult } from '../source/source.js';
import type { Outcome } from './outcome.js';
import type { SpoiledStatement } from './sabotage.js';
import type { OwnedDatabase } from './world.js';

/** Runs statements on one database and says what a caller would observe. */
export interface Observer {
  /** What the gateway would hand out: the stage `execute` runs it. What a spoiled seal made goes past that stage. */
  runSealed(statement: SealedStatement | SpoiledStatement): Promise<Outcome>;
  /** Text past the seal, in the same session settings, all its rows. */
  runText(sql: string, kind: PrincipalKind, timeoutMs: number): Promise<Outcome>;
  close(): Promise<void>;
}

/** Codes that say something about the machine and nothing about the statement. */
const ENVIRONMENTAL = new Set(['SOURCE_UNAVAILABLE', 'EXECUTE_BUSY', 'INTERNAL']);

/** How often a server that is still ending an earlier statement is asked again, and how long it is given each time. */
const BUSY_RETRIES = 20;
const BUSY_WAIT_MS = 1_000;

/** Rows and bytes of a caller's own text at most; far more than any generated statement gives on data of this size. */
export const TEXT_ROWS = 50_000;
export const TEXT_BYTES = 64 * 1024 * 1024;

async function observe(
  run: () => Promise<Omit<Outcome & { kind: 'rows' }, 'kind'>>,
  retries = BUSY_RETRIES,
): Promise<Outcome> {
  try {
    return { kind: 'rows', ...(await run()) };
  } catch (error) {
    if (error instanceof SwaliError && error.code === 'EXECUTE_BUSY' && retries > 0) {
      await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
      return observe(run, retries - 1);
    }
    if (error instanceof SwaliError && !ENVIRONMENTAL.has(error.code)) return { kind: 'error', code: error.code };
    throw error;
  }
}

function runSpoiled(source: Source, { sql, parameters, kind, limits }: SpoiledStatement): Promise<SourceResult> {
  return source.execute({
    sql,
    parameters: parameters.map((parameter) => parameter.value),
    kind,
    timeoutMs: limits.timeoutMs,
    maxRows: limits.rows,
    maxBytes: limits.bytes,
    mayEstimate: false,
  });
}

/**
 * Opens a database as the gateway would open its source.
 *
 * @throws SwaliError `SOURCE_UNAVAILABLE`, `SOURCE_FENCE_FAILED` where the engine's self-test finds that the fence leaks
 */
export async function openObserver(database: OwnedDatabase): Promise<Observer> {
  // The owner's account may do everything; what is proved here is the statement, not the account.
  const source = await openSource({ url: database.url, size: 1, allowWideGrants: true });
  if (!source.fenceHolds) {
    await source.close();
    throw new SwaliError('SOURCE_FENCE_FAILED', { detail: source.fenceFaults.join('; ') });
  }
  const execute = createExecute(source);
  return {
    runSealed: (statement) =>
      observe(async () => ({
        names: statement.columns.map((column) => column.name),
        ...(await ('spoiled' in statement ? runSpoiled(source, statement) : execute(statement))),
      })),
    runText: (sql, kind, timeoutMs) =>
      observe(async () => ({
        names: [],
        ...(await source.execute({
          sql,
          parameters: [],
          kind,
          timeoutMs,
          maxRows: TEXT_ROWS,
          maxBytes: TEXT_BYTES,
          mayEstimate: false,
        })),
      })),
    close: () => source.close(),
  };
}
