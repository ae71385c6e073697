import type { SlotValue } from './candidate.js';

/** What the text of a saved report is. */
export const REPORT_KINDS = ['question', 'sql'] as const;
/** One of {@link REPORT_KINDS}. */
export type ReportKind = (typeof REPORT_KINDS)[number];

/** What a parameter of a report holds. */
export const REPORT_PARAMETER_TYPES = ['integer', 'decimal', 'text', 'date'] as const;
/** One of {@link REPORT_PARAMETER_TYPES}; a date is `YYYY-MM-DD`. */
export type ReportParameterType = (typeof REPORT_PARAMETER_TYPES)[number];

/** What is asked of whoever runs a report: `{name}` in a question, `:name` in SQL. */
export interface ReportParameter {
  readonly name: string;
  readonly type: ReportParameterType;
  /** For people; empty where the name says it. */
  readonly label: string;
  /** Null where a value must be given. */
  readonly default: SlotValue | null;
}

/** The part of a report that is its owner's words. */
export interface ReportContent {
  readonly title: string;
  readonly description: string;
  readonly text: string;
  readonly parameters: readonly ReportParameter[];
}

/** That a saved report is run, and not what the caller sends. */
export interface ReportRun {
  /** Of the report: its record names it. */
  readonly id: string;
  /** Values for `:name` in its SQL, checked. Empty for a question, which holds its values in its words. */
  readonly slots: ReadonlyMap<string, SlotValue>;
}
