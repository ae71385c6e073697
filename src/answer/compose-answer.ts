import type { Answer, AnswerColumn } from '../domain/answer.js';
import type { Candidate, Translation } from '../domain/candidate.js';
import type { ResultSet, ResultType } from '../domain/result-set.js';
import type { SealedStatement } from '../domain/sealed-statement.js';
import { chooseChart, MAX_POINTS } from './chart.js';
import { explainAnswer, explainReply } from './explain.js';
import { writeCount, writeSentence } from './sentence.js';

/** Milliseconds per stage, e.g. `{ seal: 0.2 }`. */
export type Timings = Readonly<Record<string, number>>;

/** Rows that tell all that an answer says of a result with more: beyond them no chart is drawn, and the sentence counts. */
export const TELLING_ROWS = MAX_POINTS + 1;

/** The columns of a result as answers show them. */
export function describeColumns(
  columns: SealedStatement['columns'],
  types: readonly ResultType[],
): readonly AnswerColumn[] {
  return columns.map((column, index) => ({
    name: column.name,
    type: types[index] ?? 'unknown',
    unit: column.unit,
    masked: column.masked,
  }));
}

/**
 * Makes the answer to a statement that ran: rows, types, chart, sentence, explanation and provenance.
 *
 * @param input.rowCount of the whole result, where `result` holds but its first {@link TELLING_ROWS} rows
 * @param input.question null for SQL that the caller wrote
 * @param input.maySeeSql whether the principal holds `sql:read`; the candidate text is shown, never the sealed one
 */
export function composeAnswer(input: {
  readonly id: string;
  readonly question: string | null;
  readonly candidate: Candidate;
  readonly statement: SealedStatement;
  readonly result: ResultSet;
  readonly rowCount?: number;
  readonly maySeeSql: boolean;
  readonly timings: Timings;
}): Answer {
  const { candidate, statement, result, rowCount = result.rows.length } = input;
  const { provenance } = statement;
  const isWhole = rowCount === result.rows.length;
  const chart = isWhole ? chooseChart(statement.columns, result) : null;
  return {
    id: input.id,
    status: 'answered',
    question: input.question,
    conversation_id: null,
    sql: input.maySeeSql ? candidate.sql : null,
    message: null,
    choices: [],
    columns: describeColumns(statement.columns, result.types),
    rows: result.rows,
    row_count: rowCount,
    truncated: result.truncated,
    text: isWhole
      ? writeSentence(statement.columns, result, chart, statement.filtered)
      : writeCount(rowCount, result.truncated),
    explanation: explainAnswer({
      translator: candidate.translator,
      answeredAs: candidate.answeredAs,
      readAs: candidate.readAs ?? null,
      kind: statement.kind,
      provenance,
      truncated: result.truncated,
    }),
    chart,
    provenance: {
      translator: candidate.translator,
      relations: provenance.relations,
      policies: provenance.policies,
      masked_columns: provenance.maskedColumns,
      policy_version: provenance.policyVersion,
      model: candidate.model ?? null,
    },
    receipt: null,
    usage: { prompt_tokens: candidate.usage.promptTokens, completion_tokens: candidate.usage.completionTokens },
    timings_ms: input.timings,
  };
}

/**
 * Makes the reply where the translator asks back or refuses in its own words: nothing ran, so there are no rows and no
 * relation is named.
 */
export function composeReply(input: {
  readonly id: string;
  readonly question: string;
  readonly translation: Exclude<Translation, { readonly kind: 'sql' }>;
  readonly policyVersion: string;
  readonly timings: Timings;
}): Answer {
  const { translation } = input;
  return {
    id: input.id,
    status: translation.kind,
    question: input.question,
    conversation_id: null,
    sql: null,
    message: translation.message,
    choices: translation.choices,
    columns: [],
    rows: [],
    row_count: 0,
    truncated: false,
    text: translation.message,
    explanation: explainReply(translation.kind, translation.readAs ?? null),
    chart: null,
    provenance: {
      translator: translation.translator,
      relations: [],
      policies: [],
      masked_columns: [],
      policy_version: input.policyVersion,
      model: translation.model ?? null,
    },
    receipt: null,
    usage: { prompt_tokens: translation.usage.promptTokens, completion_tokens: translation.usage.completionTokens },
    timings_ms: input.timings,
  };
}
