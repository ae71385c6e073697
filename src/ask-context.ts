import type { ReportRun } from './domain/report.js';

/** Whose request it is, for the audit record, and what ends it. */
export interface AskContext {
  readonly requestId: string;
  /** Of the caller, or `cli`. */
  readonly address: string;
  /** What the caller calls its program; null for `cli`. */
  readonly userAgent: string | null;
  readonly signal: AbortSignal;
  /** True for the local operator of the machine, who may write and read SQL as anyone (and is audited for it). */
  readonly operator: boolean;
  /**
   * Where a saved report is run; absent for what the caller sends. Its text is somebody else's, sealed for the caller like any
   * other: so whoever may `ask` may run it.
   */
  readonly report?: ReportRun;
  /** What a question is part of: the id of a conversation, `new`, or (absent) none. */
  readonly conversation?: string | null;
}
