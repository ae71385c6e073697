import type { Ask, Stages } from '../ask.js';
import type { Answer } from '../domain/answer.js';
import type { Translation } from '../domain/candidate.js';
import type { Dialect } from '../domain/dialect.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import type { SourceResult } from '../source/source.js';
import { compareRows } from './compare-rows.js';
import type { EvaluatedDatabase } from './open-database.js';
import { ordersRows } from './orders-rows.js';
import type { Outcome } from './outcome.js';
import type { EvalQuestion } from './question.js';
import type { EvaluatedTranslator } from './run-settings.js';

/** What every question of a run is asked with. */
export interface AskOptions {
  readonly principal: Principal;
  readonly translator: EvaluatedTranslator;
  readonly skipEmpty: boolean;
  readonly signal: AbortSignal;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly newId: () => string;
}

type Judged = Pick<Outcome, 'verdict' | 'answered' | 'reason' | 'detail'>;

/** What the translate stage gave for one question, in turn. */
interface Recorded {
  readonly ask: Ask;
  readonly translations: readonly Translation[];
}

const skipped = (reason: string, detail: string | null): Judged => ({
  verdict: 'skipped',
  answered: false,
  reason,
  detail,
});

/**
 * Asks one question as a request does, and judges the answer by the gold's rows.
 *
 * @throws SwaliError `EXECUTE_CANCELLED` where the run is stopped: then the question has no outcome
 */
export async function askQuestion(
  question: EvalQuestion,
  database: EvaluatedDatabase,
  options: AskOptions,
): Promise<Outcome> {
  const { signal, now } = options;
  const { ask, translations } = recordTranslations(database);
  const gold = question.gold === null ? null : await runGold(question.gold, database, signal);
  const context = { requestId: options.newId(), address: 'eval', userAgent: null, signal, operator: true };
  const startedAt = now();
  let judged: Judged;
  if (gold instanceof SwaliError) judged = skipped('gold-failed', gold.message);
  else if (gold?.truncated) judged = skipped('gold-truncated', null);
  else if (gold?.rows.length === 0 && options.skipEmpty) judged = skipped('gold-empty', null);
  else {
    try {
      const answer = await ask.ask(question.question, options.principal, context);
      judged = judgeAnswer(answer, question, gold, database.gateway.catalog.dialect, options.translator);
    } catch (error) {
      if (signal.aborted) throw new SwaliError('EXECUTE_CANCELLED', { cause: error });
      judged = judgeError(error, question);
    }
  }
  const { question: text, id, database: name, hardness } = question;
  const ms = Math.round((now() - startedAt) * 10) / 10;
  const told = { id, database: name, hardness, question: text, gold: question.gold };
  return { ...told, ...judged, ...describeTranslations(translations), ms };
}

/** The spine with the translate stage listened to: what a refused statement was is told nowhere else. */
function recordTranslations({ gateway, audit }: EvaluatedDatabase): Recorded {
  const translations: Translation[] = [];
  const listen = (stages: Stages): Stages => ({
    ...stages,
    translate: async (request) => {
      const translation = await stages.translate(request);
      translations.push(translation);
      return translation;
    },
  });
  return { ask: gateway.createAsk(audit, listen), translations };
}

async function runGold(
  sql: string,
  database: EvaluatedDatabase,
  signal: AbortSignal,
): Promise<SourceResult | SwaliError> {
  try {
    return await database.runGold(sql, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof SwaliError)) throw error;
    return error;
  }
}

function judgeAnswer(
  answer: Answer,
  { gold: sql }: EvalQuestion,
  gold: SourceResult | null,
  dialect: Dialect,
  translator: EvaluatedTranslator,
): Judged {
  const verdictOfRefusal = gold === null ? 'right' : 'refused';
  if (answer.status !== 'answered') {
    const reason = answer.status === 'clarify' ? 'asked-back' : 'declined';
    return {
      verdict: verdictOfRefusal,
      answered: false,
      reason: gold === null ? null : reason,
      detail: answer.message,
    };
  }
  if (translator === 'verified' && answer.provenance.translator !== 'verified') {
    return { verdict: verdictOfRefusal, answered: false, reason: gold === null ? null : 'not-verified', detail: null };
  }
  const wrong = (reason: string, detail: string | null): Judged => ({
    verdict: 'wrong',
    answered: true,
    reason,
    detail,
  });
  if (gold === null || sql === null) return wrong('unanswerable', null);
  if (answer.truncated) return wrong('truncated', `${answer.row_count} rows of more`);
  const ordered = ordersRows(sql, dialect);
  const answered = { columns: answer.columns.length, rows: answer.rows };
  const difference = compareRows({ columns: gold.types.length, rows: gold.rows }, answered, ordered);
  if (difference === null) return { verdict: 'right', answered: true, reason: null, detail: null };
  const shape = (columns: number, rows: number) => `${columns} columns, ${rows} rows`;
  return wrong(
    difference,
    `${shape(answered.columns, answered.rows.length)}; the gold ${shape(gold.types.length, gold.rows.length)}`,
  );
}

/** A refusal by the seal is a refusal; what else went wrong is a failure. */
function judgeError(error: unknown, { gold }: EvalQuestion): Judged {
  const { code, detail, message } = error instanceof SwaliError ? error : new SwaliError('INTERNAL', { cause: error });
  const words = detail ?? message;
  if (!code.startsWith('SEAL_') && code !== 'TRANSLATE_QUESTION_INVALID')
    return { verdict: 'failed', answered: false, reason: code, detail: words };
  if (gold === null) return { verdict: 'right', answered: false, reason: null, detail: words };
  return { verdict: 'refused', answered: false, reason: code, detail: words };
}

function describeTranslations(
  translations: readonly Translation[],
): Pick<Outcome, 'sql' | 'translator' | 'repairs' | 'prompt_tokens' | 'completion_tokens'> {
  const last = translations.at(-1);
  const usages = translations.map((each) => (each.kind === 'sql' ? each.candidate.usage : each.usage));
  return {
    sql: translations.findLast((each) => each.kind === 'sql')?.candidate.sql ?? null,
    translator: (last?.kind === 'sql' ? last.candidate.translator : last?.translator) ?? null,
    repairs: Math.max(0, translations.length - 1),
    prompt_tokens: usages.reduce((sum, usage) => sum + usage.promptTokens, 0),
    completion_tokens: usages.reduce((sum, usage) => sum + usage.completionTokens, 0),
  };
}
