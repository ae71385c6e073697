import { SwaliError } from '../errors/swali-error.js';
import { type AskOptions, askQuestion } from './ask-question.js';
import { groupBy } from './group-by.js';
import type { Journal } from './journal.js';
import { type DatabaseOptions, type EvaluatedDatabase, openEvaluated } from './open-database.js';
import type { Outcome } from './outcome.js';
import type { EvalQuestion } from './question.js';

/** What a run asks, of what, and how. */
export interface Evaluation extends AskOptions {
  readonly questions: readonly EvalQuestion[];
  /** Address of each database by its name. */
  readonly urls: ReadonlyMap<string, string>;
  readonly databases: DatabaseOptions;
  /** Questions at the same time. */
  readonly jobs: number;
  /** Null where nothing is kept. */
  readonly journal: Journal | null;
  /** Asks again what failed before, for another reason than a refusal. */
  readonly retryFailed: boolean;
  /** Told how many are finished, after each. */
  readonly progress: (finished: number) => void;
}

/** How often a database is tried that cannot be reached: a child that starts slowly on a busy machine is no loss of the gateway's. */
const OPENING_TRIES = 3;

/** A database that is open for as long as it has questions. */
interface Lease {
  left: number;
  opening: Promise<EvaluatedDatabase> | null;
  readonly index: number;
}

/**
 * Asks the questions, database by database; those that the journal holds are not asked again. Each database is opened when
 * its first question comes and closed after its last one, so that no more are open than questions are asked at a time.
 *
 * @returns an outcome for each question, in their order
 * @throws SwaliError `EXECUTE_CANCELLED` where the run is stopped; what is finished stands in the journal
 */
export async function runEvaluation(evaluation: Evaluation): Promise<readonly Outcome[]> {
  const { questions, journal, signal, progress } = evaluation;
  const finished = (journal?.finished ?? []).filter(({ verdict }) => !evaluation.retryFailed || verdict !== 'failed');
  const outcomes = new Map(finished.map((outcome) => [outcome.id, outcome]));
  const open = questions.filter(({ id }) => !outcomes.has(id));
  const byDatabase = groupBy(open, ({ database }) => database);
  const leases = new Map(
    [...byDatabase].map(([name, own], index): [string, Lease] => [name, { left: own.length, opening: null, index }]),
  );
  const queue = [...byDatabase.values()].flat();
  progress(outcomes.size);

  async function work(): Promise<void> {
    for (let question = queue.shift(); question && !signal.aborted; question = queue.shift()) {
      const lease = leases.get(question.database)!;
      const outcome = await askLeased(question, lease, evaluation);
      outcomes.set(outcome.id, outcome);
      journal?.append(outcome);
      progress(outcomes.size);
      lease.left -= 1;
      if (lease.left === 0) await closeLease(lease);
    }
  }
  try {
    const workers = await Promise.allSettled(Array.from({ length: evaluation.jobs }, work));
    const failed = workers.find((worker) => worker.status === 'rejected');
    if (failed) throw failed.reason;
    if (signal.aborted) throw new SwaliError('EXECUTE_CANCELLED');
  } finally {
    for (const lease of leases.values()) await closeLease(lease);
  }
  return questions.map(({ id }) => outcomes.get(id)!);
}

/** A database that cannot be opened fails its questions, not the run. */
async function askLeased(question: EvalQuestion, lease: Lease, evaluation: Evaluation): Promise<Outcome> {
  const url = evaluation.urls.get(question.database)!;
  const { database: name, question: text, ...told } = question;
  lease.opening ??= openPatiently({ name, url, index: lease.index }, evaluation);
  let database: EvaluatedDatabase;
  try {
    database = await lease.opening;
  } catch (error) {
    if (!(error instanceof SwaliError)) throw error;
    const nothing = { sql: null, translator: null, repairs: 0, prompt_tokens: 0, completion_tokens: 0, ms: 0 };
    const why = { verdict: 'failed', answered: false, reason: error.code, detail: error.detail } as const;
    return { ...told, database: name, question: text, ...why, ...nothing };
  }
  return askQuestion(question, database, evaluation);
}

async function openPatiently(
  place: Parameters<typeof openEvaluated>[0],
  { databases, signal }: Evaluation,
): Promise<EvaluatedDatabase> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await openEvaluated(place, databases);
    } catch (error) {
      const isAway = error instanceof SwaliError && error.code === 'SOURCE_UNAVAILABLE';
      if (!isAway || tries === OPENING_TRIES || signal.aborted) throw error;
    }
  }
}

async function closeLease(lease: Lease): Promise<void> {
  const { opening } = lease;
  lease.opening = null;
  const database = await opening?.catch(() => null);
  await database?.close();
}
