import { z } from 'zod';
import { REPORT_KINDS, REPORT_PARAMETER_TYPES } from '../../domain/report.js';
import type { KeptRun, Report, ShownRun } from '../../reports/report.js';

const VALUE = z.union([z.string(), z.number()]);

const PARAMETER = z.strictObject({
  name: z.string(),
  type: z.enum(REPORT_PARAMETER_TYPES),
  label: z.string(),
  default: VALUE.nullable(),
});

/** One parameter as an owner states it. */
export const STATED_PARAMETER = z.strictObject({
  name: z.string(),
  type: z.enum(REPORT_PARAMETER_TYPES),
  label: z.string().default(''),
  default: VALUE.nullable().default(null),
});

/** Values as they come in a body. */
export const GIVEN_VALUES = z.record(z.string(), VALUE);

/** A report in a list. */
export const LISTED_REPORT = z.strictObject({
  id: z.string(),
  owner: z.string(),
  title: z.string(),
  description: z.string(),
  kind: z.enum(REPORT_KINDS),
  parameters: z.array(PARAMETER).readonly(),
  /** Null for those who are not the owner. */
  shared_with: z.array(z.string()).readonly().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  revision: z.int(),
});

/** A whole report. */
export const REPORT = LISTED_REPORT.extend({
  /** Null for SQL. */
  question: z.string().nullable(),
  /** Null for a question, and without `sql:read`. */
  sql: z.string().nullable(),
});

/** A run as somebody may see it. */
export const RUN = z.strictObject({
  id: z.string(),
  revision: z.int(),
  runner: z.string(),
  at: z.iso.datetime(),
  format: z.string().nullable(),
  request_id: z.string(),
  parameters: z.record(z.string(), VALUE).nullable(),
  status: z.enum(['answered', 'clarify', 'refused', 'failed']).nullable(),
  code: z.string().nullable(),
  row_count: z.int().nullable(),
  duration_ms: z.int().nullable(),
  policy_version: z.string().nullable(),
});

/** What an export of an account shows of its reports. */
export const PERSONAL_REPORTS = {
  reports: z.array(REPORT),
  report_runs: z.array(RUN.extend({ report_id: z.string() })),
};

const printTime = (at: number): string => new Date(at).toISOString();

/** @param reader whom it is shown to */
export function printListed(report: Report, reader: { readonly subject: string }): z.input<typeof LISTED_REPORT> {
  const { id, owner, title, description, kind, parameters, sharedWith, createdAt, updatedAt, revision } = report;
  return {
    id,
    owner,
    title,
    description,
    kind,
    parameters,
    shared_with: owner === reader.subject ? sharedWith : null,
    created_at: printTime(createdAt),
    updated_at: printTime(updatedAt),
    revision,
  };
}

/** @param reader.maySeeSql whether they may read SQL at all */
export function printReport(
  report: Report,
  reader: { readonly subject: string; readonly maySeeSql: boolean },
): z.input<typeof REPORT> {
  const { kind, text } = report;
  return {
    ...printListed(report, reader),
    question: kind === 'question' ? text : null,
    sql: kind === 'sql' && reader.maySeeSql ? text : null,
  };
}

/** A run in the wire's words. */
export function printRun(run: ShownRun): z.input<typeof RUN> {
  return {
    id: run.id,
    revision: run.revision,
    runner: run.runner,
    at: printTime(run.at),
    format: run.format,
    request_id: run.requestId,
    parameters: run.values,
    status: run.status,
    code: run.code,
    row_count: run.rowCount,
    duration_ms: run.durationMs,
    policy_version: run.policyVersion,
  };
}

/** What is kept of an account, as its own export shows it. */
export function printPersonalReports(kept: {
  readonly reports: readonly Report[];
  readonly runs: readonly KeptRun[];
}): { reports: z.input<typeof REPORT>[]; report_runs: (z.input<typeof RUN> & { report_id: string })[] } {
  return {
    reports: kept.reports.map((report) => printReport(report, { subject: report.owner, maySeeSql: true })),
    report_runs: kept.runs.map(({ reportId, ...run }) => ({ ...printRun(run), report_id: reportId })),
  };
}
