import type { Answer, AnswerColumn } from './answer.js';
import type { Receipt } from './receipt.js';

/** What an export is written as: RFC 4180, or one JSON object a line. */
export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;
/** One of {@link EXPORT_FORMATS}. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What is to be exported: the answer to a question, or the rows of SQL that the caller wrote. */
export type ExportRequest = { readonly format: ExportFormat } & (
  | { readonly question: string }
  | { readonly sql: string }
);

/** How a file begins. */
export interface ExportBegin {
  readonly format: ExportFormat;
  readonly columns: readonly AnswerColumn[];
  /** Of the receipt, as {@link Receipt.salt}. */
  readonly salt: string;
  /** Where the whole file is known before any of it leaves; null where the receipt comes with {@link Exported}. */
  readonly receipt: Receipt | null;
}

/** Where a file goes. Each resolves when more can be taken; what it throws ends the export. */
export interface ExportSink {
  /** Once, before anything is written; not at all where there is no answer or it is refused. */
  begin(file: ExportBegin): Promise<void>;
  /** @param text whole lines */
  write(text: string): Promise<void>;
}

/**
 * What came of an export: all rows of an answer have been written; or the translator's own word where there was no answer, and
 * nothing was. Where it fails instead, what was written is no file.
 */
export type Exported =
  | { readonly status: 'answered'; readonly rowCount: number; readonly receipt: Receipt }
  | { readonly status: Exclude<Answer['status'], 'answered'>; readonly message: string };
