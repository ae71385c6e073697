import { Piscina } from 'piscina';
import type { Dialect } from '../domain/dialect.js';
import { threadEntry } from '../domain/thread-entry.js';
import { SwaliError } from '../errors/swali-error.js';
import { assertGate } from './gate.js';
import type { JudgeTask, PrintedReading, Reading } from './judge-worker.js';
import type { JudgeFinding } from './read-node-sql-parser.js';

/** Bytes of text that the gate takes; the parser of `sql/` takes no more either. */
const MAX_TEXT_BYTES = 16_384;

/** A thread that does not begin within this time, in milliseconds, counts as one that ran out of it. */
const MAX_WAIT_MS = 10_000;

/** Texts that may wait for a thread. */
const MAX_WAITING = 256;

/** A printed text and the base relations that it may read. */
export interface JudgeRequest {
  readonly sql: string;
  readonly dialect: Dialect;
  /** Base relations in catalog spelling, those of policy predicates among them. Order and repetition do not matter. */
  readonly relations: readonly string[];
}

/** The foreign parsers, in threads of their own. */
export interface Judges {
  /**
   * Looks at text as it came in.
   *
   * @param isOpen whether a name, as spelled in the text, is a relation open to the principal
   * @returns milliseconds that the reading took in its thread: what {@link judge} has less of
   * @throws SwaliError `SEAL_SEVERAL_STATEMENTS`, `SEAL_NOT_SELECT`, `SEAL_RELATION_UNKNOWN`, `SEAL_TOO_LONG`,
   *   `SEAL_JUDGE_TIMEOUT`, `EXECUTE_BUSY`
   */
  gate(sql: string, dialect: Dialect, isOpen: (name: string) => boolean): Promise<number>;
  /**
   * Resolves where at least one of two parsers read the printed text as a whole, and all that read it or its outline found
   * one SELECT that reads exactly the given relations.
   *
   * @param spentMs what the gate took: one deadline holds for both
   * @throws SwaliError `SEAL_UNPROVEN`, `SEAL_JUDGE_TIMEOUT`, `EXECUTE_BUSY`
   */
  judge(request: JudgeRequest, spentMs: number): Promise<void>;
  /** Ends the threads. */
  close(): Promise<void>;
}

export interface JudgeOptions {
  /** Longest run of the gate and of the judges behind it together, in milliseconds; threads are ended then and the text refused. */
  readonly timeoutMs: number;
  /** Threads; each takes about 60 MB. */
  readonly threads: number;
}

/** Says why a finding does not prove the text; null where it does. */
function findObjection(name: string, finding: JudgeFinding | null, relations: readonly string[]): string | null {
  if (!finding) return null;
  if (finding.statements !== 1) return `${name}: ${finding.statements} statements`;
  if (!finding.isSelect) return `${name}: not a SELECT`;
  if (finding.fault) return `${name}: ${finding.fault}`;
  const same =
    finding.relations.length === relations.length && finding.relations.every((found, at) => found === relations[at]);
  return same ? null : `${name}: reads ${JSON.stringify(finding.relations)}, not ${JSON.stringify(relations)}`;
}

/** @throws SwaliError `SEAL_UNPROVEN` with the private reason as its cause */
function assertProven(found: PrintedReading | null, given: readonly string[]): void {
  const relations = [...new Set(given)].sort();
  const look = (): string | null => {
    if (!found) return 'the printed text holds a character that has no place in it';
    const { outline, sqlparserRs, nodeSqlParser } = found;
    if (!sqlparserRs && !nodeSqlParser) return 'neither parser reads the printed text';
    return (
      findObjection('node-sql-parser', outline, relations) ??
      findObjection('sqlparser-rs', sqlparserRs, relations) ??
      findObjection('node-sql-parser', nodeSqlParser, relations)
    );
  };
  const objection = look();
  if (objection) throw new SwaliError('SEAL_UNPROVEN', { cause: objection });
}

/** Nanoseconds at which a thread began a task; null while the task waits for one. */
function startOf({ started }: JudgeTask): bigint | null {
  return Atomics.load(new BigInt64Array(started), 0) || null;
}

/**
 * Calls `expire` when a task has run for `timeoutMs` milliseconds, or has waited for a thread for too long: what it waited
 * behind others is not held against it.
 *
 * @returns a function that ends the watch
 */
function watch(task: JudgeTask, timeoutMs: number, expire: () => void): () => void {
  const given = process.hrtime.bigint();
  const since = (time: bigint) => Number(process.hrtime.bigint() - time) / 1e6;
  let timer: NodeJS.Timeout;
  const look = () => {
    const began = startOf(task);
    const left = began === null ? MAX_WAIT_MS - since(given) : timeoutMs - since(began);
    if (left <= 0) expire();
    else timer = setTimeout(look, Math.min(left, timeoutMs));
  };
  timer = setTimeout(look, timeoutMs);
  return () => clearTimeout(timer);
}

/** What the functions of `judge-worker.ts` give. */
interface Readings {
  readIncoming: Reading;
  readPrinted: PrintedReading | null;
}

/** Starts the threads. */
export function createJudges({ timeoutMs, threads }: JudgeOptions): Judges {
  const pool = new Piscina({
    filename: threadEntry(import.meta.url, './judge-worker.js'),
    minThreads: threads,
    maxThreads: threads,
    maxQueue: MAX_WAITING,
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
  });

  /** Runs one reading; its time is counted from when a thread begins it. */
  async function run<Name extends keyof Readings>(
    name: Name,
    sql: string,
    dialect: Dialect,
    withinMs: number,
  ): Promise<{ readonly found: Readings[Name]; readonly tookMs: number }> {
    if (pool.queueSize >= MAX_WAITING) throw new SwaliError('EXECUTE_BUSY', { retryAfterS: 1 });
    const controller = new AbortController();
    const task: JudgeTask = { sql, dialect, started: new SharedArrayBuffer(8) };
    const endWatch = watch(task, withinMs, () => controller.abort());
    try {
      const found = await pool.run(task, { name, signal: controller.signal });
      const began = startOf(task);
      return { found, tookMs: began === null ? 0 : Number(process.hrtime.bigint() - began) / 1e6 };
    } catch (cause) {
      // A thread that ran out of time was ended and replaced; one that broke counts as having proven nothing.
      throw new SwaliError(controller.signal.aborted ? 'SEAL_JUDGE_TIMEOUT' : 'SEAL_UNPROVEN', { cause });
    } finally {
      endWatch();
    }
  }

  return {
    async gate(sql, dialect, isOpen) {
      if (Buffer.byteLength(sql) > MAX_TEXT_BYTES) throw new SwaliError('SEAL_TOO_LONG');
      const { found, tookMs } = await run('readIncoming', sql, dialect, timeoutMs);
      assertGate(found, isOpen);
      return tookMs;
    },
    async judge({ sql, dialect, relations }, spentMs) {
      const { found } = await run('readPrinted', sql, dialect, Math.max(1, timeoutMs - spentMs));
      assertProven(found, relations);
    },
    close: () => pool.destroy(),
  };
}
