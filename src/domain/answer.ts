import type { ModelTrace, TranslatorName } from './candidate.js';
import type { Receipt } from './receipt.js';
import type { ResultType, ResultValue } from './result-set.js';

/** How to draw a result; null where a table says it best. Column indexes are into `columns`. */
export interface ChartSpecification {
  readonly type: 'bar' | 'line' | 'pie' | 'number';
  readonly x: number | null;
  readonly y: readonly number[];
  readonly title: string;
}

export interface AnswerColumn {
  readonly name: string;
  readonly type: ResultType;
  readonly unit: string | null;
  readonly masked: boolean;
}

/** The body of `POST /v1/ask` and `/v1/sql`, in the wire's own spelling (DESIGN §5). */
export interface Answer {
  readonly id: string;
  readonly status: 'answered' | 'clarify' | 'refused';
  /** The question; null for SQL that the caller wrote. */
  readonly question: string | null;
  /** What the question is part of; null where it stands by itself, and where it could not be kept. */
  readonly conversation_id: string | null;
  /** The candidate text, for those with `sql:read`; else null. */
  readonly sql: string | null;
  readonly message: string | null;
  readonly choices: readonly string[];
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly (readonly ResultValue[])[];
  readonly row_count: number;
  readonly truncated: boolean;
  readonly text: string;
  readonly explanation: string;
  readonly chart: ChartSpecification | null;
  readonly provenance: {
    readonly translator: TranslatorName;
    readonly relations: readonly string[];
    readonly policies: readonly string[];
    readonly masked_columns: readonly string[];
    readonly policy_version: string;
    /** Null where no model was asked. */
    readonly model: ModelTrace | null;
  };
  /** Null where nothing ran. */
  readonly receipt: Receipt | null;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly timings_ms: Readonly<Record<string, number>>;
}
