import type { Answer } from './answer.js';
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

/** All rows of an answer as one text; or the translator's own word where there was no answer. */
export type Exported =
  | { readonly status: 'answered'; readonly text: string; readonly receipt: Receipt }
  | { readonly status: Exclude<Answer['status'], 'answered'>; readonly message: string };
