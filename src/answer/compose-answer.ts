import type { Answer } from '../domain/answer.js';
import type { Candidate, Translation } from '../domain/candidate.js';
import type { ResultSet } from '../domain/result-set.js';
import type { SealedStatement } from '../domain/sealed-statement.js';
import { chooseChart } from './chart.js';
import { explainAnswer, explainReply } from './explain.js';
import { writeSentence } from './sentence.js';

/** Milliseconds per stage, e.g. `{ seal: 0.2 }`. */
export type Timings = Readonly<Record<string, number>>;

/**
 * Makes the answer to a statement that ran: rows, types, chart, sentence, explanation and provenance.
 *
 * @param input.question null for SQL that the caller wrote
 * @param input.maySeeSql whether the principal holds `sql:read`; the candidate text is shown, never the sealed one
 */
export function composeAnswer(input: {
  readonly id: string;
  readonly question: string | null;
  readonly candidate: Candidate;
  readonly statement: SealedStatement;
  readonly result: ResultSet;
  readonly maySeeSql: boolean;
  readonly timings: Timings;
}): Answer {
  const { candidate, statement, result } = input;
  const { provenance } = statement;
  const chart = chooseChart(statement.columns, result);
  return {
    id: input.id,
    status: 'answered',
    question: input.question,
    conversation_id: null,
    sql: input.maySeeSql ? candidate.sql : null,
    message: null,
    choices: [],
    columns: statement.columns.map((column, index) => ({
      name: column.name,
      type: result.types[index] ?? 'unknown',
      unit: column.unit,
      masked: column.masked,
    })),
    rows: result.rows,
    row_count: result.rows.length,
    truncated: result.truncated,
    text: writeSentence(statement.columns, result, chart, statement.filtered),
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
