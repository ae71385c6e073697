import { groupBy } from './group-by.js';
import type { Outcome } from './outcome.js';
import { type Prices, type RunScore, scoreRun } from './score.js';

/** Failures that a report shows of each reason. */
const SHOWN_OF_A_REASON = 10;

/** A failure as the report shows it. */
type Failure = Pick<Outcome, 'id' | 'database' | 'hardness' | 'question' | 'gold' | 'sql' | 'detail' | 'translator'>;

/** What a run was, beside its figures. */
export interface RunDescription {
  /** As it was named on the command line. */
  readonly file: string;
  /** `sha256:…` of the questions and of every option that can change an outcome. */
  readonly digest: string;
  readonly translator: string;
  /** Name of the model; null where none was asked. */
  readonly model: string | null;
  readonly as: string;
  readonly limit: number | null;
  readonly sample_seed: number | null;
  readonly finished_at: string;
}

/** `report.json`. */
export interface EvalReport extends RunScore {
  readonly run: RunDescription;
  /** The first failures by their reason. */
  readonly first_failures: Readonly<Record<string, readonly Failure[]>>;
}

/**
 * Makes the report of a run.
 *
 * @param leftOut questions of the file that were not asked, by why
 */
export function makeReport(
  outcomes: readonly Outcome[],
  run: RunDescription,
  prices: Prices | null,
  leftOut: Readonly<Record<string, number>>,
): EvalReport {
  const score = scoreRun(outcomes, prices);
  const wrong = outcomes.filter(({ verdict }) => verdict !== 'right' && verdict !== 'skipped');
  const byReason = [...groupBy(wrong, ({ reason }) => reason ?? 'unknown')];
  const shown = byReason.map(([reason, own]) => [reason, own.slice(0, SHOWN_OF_A_REASON).map(toFailure)]);
  const more = Object.entries(leftOut).filter(([, count]) => count > 0);
  const skipped = { ...score.skipped };
  for (const [reason, count] of more) skipped[reason] = (skipped[reason] ?? 0) + count;
  return { ...score, skipped, run, first_failures: Object.fromEntries(shown) };
}

function toFailure({ id, database, hardness, question, gold, sql, detail, translator }: Outcome): Failure {
  return { id, database, hardness, question, gold, sql, detail, translator };
}
