import { groupBy } from './group-by.js';
import type { Outcome } from './outcome.js';

/** What the model charges, in any currency, for a million tokens. */
export interface Prices {
  readonly prompt: number;
  readonly completion: number;
}

/** The figures of some questions, in the spelling of `report.json`. Shares are 0 to 1, null where they would be of nothing. */
export interface Score {
  /** That were judged. */
  readonly questions: number;
  /** With rows. */
  readonly answered: number;
  /** By the translator's word or by the seal. */
  readonly refused: number;
  /** For any other reason: a time-out, say, or a model that is away. */
  readonly failed: number;
  readonly right: number;
  /** Right of all questions. */
  readonly execution_accuracy: number | null;
  /** Right of those that were answered. */
  readonly precision: number | null;
}

/** Further figures of a whole run. */
export interface RunScore extends Score {
  /** Of the statements that a translator wrote, those that the seal and the database took. */
  readonly valid_sql_rate: number | null;
  /** How well questions that cannot be answered were told from those that can. */
  readonly refusals: {
    readonly unanswerable: number;
    readonly unanswerable_refused: number;
    /** Of the refusals, those of unanswerable questions; null where the set has none of them. */
    readonly precision: number | null;
    /** Of the unanswerable questions, those that were refused. */
    readonly recall: number | null;
  };
  readonly repairs: number;
  readonly tokens: { readonly prompt: number; readonly completion: number; readonly per_question: number | null };
  /** In the prices' currency; null where none were given. */
  readonly cost: { readonly total: number; readonly per_question: number | null } | null;
  readonly latency_ms: { readonly p50: number | null; readonly p95: number | null; readonly mean: number | null };
  readonly by_hardness: Readonly<Record<string, Score>>;
  readonly by_database: Readonly<Record<string, Score>>;
  readonly by_translator: Readonly<Record<string, Score>>;
  /** Questions that are not right, by their reason, most first. */
  readonly failures: Readonly<Record<string, number>>;
  /** Questions that could not be judged, by their reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** The figures of some outcomes. Those that are skipped count nowhere. */
export function scoreSome(outcomes: readonly Outcome[]): Score {
  const judged = outcomes.filter(({ verdict }) => verdict !== 'skipped');
  const answered = judged.filter((outcome) => outcome.answered);
  const right = judged.filter(({ verdict }) => verdict === 'right');
  const failed = judged.filter(({ verdict }) => verdict === 'failed').length;
  return {
    questions: judged.length,
    answered: answered.length,
    refused: judged.length - answered.length - failed,
    failed,
    right: right.length,
    execution_accuracy: share(right.length, judged.length),
    precision: share(right.filter((outcome) => outcome.answered).length, answered.length),
  };
}

/** All figures of a run. @param prices null where nothing is paid, or unknown */
export function scoreRun(outcomes: readonly Outcome[], prices: Prices | null): RunScore {
  const judged = outcomes.filter(({ verdict }) => verdict !== 'skipped');
  const written = judged.filter(({ sql }) => sql !== null);
  const prompt = sum(judged, ({ prompt_tokens: tokens }) => tokens);
  const completion = sum(judged, ({ completion_tokens: tokens }) => tokens);
  const total = prices && (prompt * prices.prompt + completion * prices.completion) / 1e6;
  const times = judged.map(({ ms }) => ms).sort((left, right) => left - right);
  return {
    ...scoreSome(outcomes),
    valid_sql_rate: share(written.filter((outcome) => outcome.answered).length, written.length),
    refusals: scoreRefusals(judged),
    repairs: sum(judged, ({ repairs }) => repairs),
    tokens: { prompt, completion, per_question: round(share(prompt + completion, judged.length)) },
    cost: total === null ? null : { total: round(total)!, per_question: round(share(total, judged.length)) },
    latency_ms: {
      p50: percentile(times, 0.5),
      p95: percentile(times, 0.95),
      mean: round(share(sum(times, Number), times.length)),
    },
    by_hardness: scoreBy(outcomes, ({ hardness }) => hardness),
    by_database: scoreBy(outcomes, ({ database }) => database),
    by_translator: scoreBy(outcomes, ({ translator }) => translator ?? 'none'),
    failures: countReasons(judged.filter(({ verdict }) => verdict !== 'right')),
    skipped: countReasons(outcomes.filter(({ verdict }) => verdict === 'skipped')),
  };
}

function scoreRefusals(judged: readonly Outcome[]): RunScore['refusals'] {
  const refused = judged.filter(({ answered, verdict }) => !answered && verdict !== 'failed');
  const unanswerable = judged.filter(({ gold }) => gold === null).length;
  const rightly = refused.filter(({ gold }) => gold === null).length;
  return {
    unanswerable,
    unanswerable_refused: rightly,
    precision: unanswerable === 0 ? null : share(rightly, refused.length),
    recall: share(rightly, unanswerable),
  };
}

function scoreBy(outcomes: readonly Outcome[], keyOf: (outcome: Outcome) => string): Readonly<Record<string, Score>> {
  const groups = [...groupBy(outcomes, keyOf)].sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(groups.map(([key, own]) => [key, scoreSome(own)]));
}

function countReasons(outcomes: readonly Outcome[]): Readonly<Record<string, number>> {
  const groups = [...groupBy(outcomes, ({ reason }) => reason ?? 'unknown')];
  const counts = groups.map(([reason, own]): [string, number] => [reason, own.length]);
  return Object.fromEntries(counts.sort(([, left], [, right]) => right - left));
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

const round = (value: number | null): number | null => (value === null ? null : Math.round(value * 1e6) / 1e6);

function sum<Item>(items: readonly Item[], amountOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + amountOf(item), 0);
}

/** Nearest rank. @param sorted smallest first */
function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
