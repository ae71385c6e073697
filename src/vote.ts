import { createHash } from 'node:crypto';
import type { Candidate } from './domain/candidate.js';
import type { ResultSet, ResultType, ResultValue } from './domain/result-set.js';
import { SwaliError } from './errors/swali-error.js';

/** What came of a vote. */
export interface Vote<T> {
  readonly candidate: Candidate;
  readonly ran: T;
  /** Statements whose results were compared. */
  readonly compared: number;
  /** Answers of the model that came to this result, statements alike counted as often as they came. */
  readonly votes: number;
}

/**
 * Runs the statements that a model wrote to one question, each text once, and takes the result that most of its answers
 * come to; of equal numbers the one whose answer came first. Stops as soon as no other can win.
 *
 * @param candidates in the order of the answers, at least one
 * @param run seals and executes; what it refuses, and what fails on the source, has no vote
 * @returns the first statement of the largest group
 * @throws the error of the first answer where none runs, and at once whatever is no fault of a statement
 * @remarks Self-consistency over execution results: Wang et al., ICLR 2023; Ni et al. (LEVER), ICML 2023. What is compared was
 *   read in the principal's slice, so the choice tells of nothing outside it.
 */
export async function voteByResult<T extends { readonly result: ResultSet }>(
  candidates: readonly Candidate[],
  run: (candidate: Candidate) => Promise<T>,
): Promise<Vote<T>> {
  const groups: Group<T>[] = [];
  const failures = new Map<number, unknown>();
  const waiting = countTexts(candidates);
  let compared = 0;
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    try {
      const ran = await run(next.candidate);
      compared += 1;
      join(groups, { ...next, ran, key: digestResult(ran.result) });
    } catch (error) {
      if (!isFaultOfStatement(error)) throw error;
      failures.set(next.at, error);
    }
    if (isDecided(groups, waiting)) break;
  }
  const [winner] = groups.sort(byVotes);
  if (!winner) throw failures.get(Math.min(...failures.keys()));
  return { candidate: winner.candidate, ran: winner.ran, compared, votes: winner.votes };
}

/** One text, and the answers that are it. */
interface Ballot {
  readonly candidate: Candidate;
  /** Place of the first such answer. */
  readonly at: number;
  readonly votes: number;
}

interface Group<T> extends Ballot {
  readonly ran: T;
  readonly key: string;
}

/** Each text once, the most frequent first, so that a majority shows early. */
function countTexts(candidates: readonly Candidate[]): Ballot[] {
  const byText = new Map<string, Ballot>();
  for (const [at, candidate] of candidates.entries()) {
    const known = byText.get(candidate.sql) ?? { candidate, at, votes: 0 };
    byText.set(candidate.sql, { ...known, votes: known.votes + 1 });
  }
  return [...byText.values()].sort(byVotes);
}

function byVotes(one: Ballot, other: Ballot): number {
  return other.votes - one.votes || one.at - other.at;
}

function join<T>(groups: Group<T>[], fresh: Group<T>): void {
  const at = groups.findIndex(({ key }) => key === fresh.key);
  const group = groups[at];
  if (!group) groups.push(fresh);
  else groups[at] = { ...(group.at < fresh.at ? group : fresh), votes: group.votes + fresh.votes };
}

/** Whether nothing that still waits can make another group the largest. */
function isDecided(groups: readonly Ballot[], waiting: readonly Ballot[]): boolean {
  const [first, second] = [...groups].sort(byVotes);
  if (!first) return false;
  const open = waiting.reduce((sum, { votes }) => sum + votes, 0);
  return first.votes > (second?.votes ?? 0) + open;
}

const FAULTS_OF_STATEMENTS: ReadonlySet<string> = new Set(['EXECUTE_FAILED', 'EXECUTE_TIMEOUT', 'EXECUTE_TOO_COSTLY']);

/** Whether another statement may do better: not where the caller has left or the source is away. */
function isFaultOfStatement(error: unknown): boolean {
  if (!(error instanceof SwaliError)) return false;
  return error.code.startsWith('SEAL_') || FAULTS_OF_STATEMENTS.has(error.code);
}

/** The same for results of the same rows, in whatever order and under whatever names. */
function digestResult({ types, rows, truncated }: ResultSet): string {
  const texts = rows.map((row) => JSON.stringify(row.map((value, at) => showValue(value, types[at])))).sort();
  const hash = createHash('sha256').update(JSON.stringify([types.length, truncated]));
  for (const text of texts) hash.update('\n').update(text);
  return hash.digest('hex');
}

const NUMBERS: ReadonlySet<ResultType | undefined> = new Set(['integer', 'decimal', 'float']);

/** Digits of a floating-point number that two ways of computing it agree on. */
const FLOAT_DIGITS = 12;

/** A value so that equal ones look equal: 12.50 is 12.5, whichever numeric type it came in. */
function showValue(value: ResultValue, type: ResultType | undefined): unknown {
  if (value === null || !NUMBERS.has(type)) return value;
  if (type === 'float') return { number: String(Number(Number(value).toPrecision(FLOAT_DIGITS))) };
  const text = String(value);
  const bare = /^-?\d+\.\d*$/.test(text) ? text.replace(/\.?0+$/, '') : text;
  return { number: bare === '-0' ? '0' : bare };
}
