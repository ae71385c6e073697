import type { SlotValue } from '../domain/candidate.js';
import type { ExportFormat } from '../domain/export.js';
import type { ReportContent, ReportKind } from '../domain/report.js';
import type { Tenant } from '../domain/tenant.js';

/** Reports of one account at most. */
export const REPORTS_PER_OWNER = 200;

/** Parameters of one report at most. */
export const MAX_PARAMETERS = 20;

/** To how many audiences and accounts one report is shared at most. */
export const MAX_READERS = 50;

/** A saved question or statement. Whoever runs it sees their own slice, as with any question. Times in ms since 1970. */
export interface Report extends ReportContent {
  /** 32 hexadecimal digits, random. */
  readonly id: string;
  readonly tenant: Tenant;
  /** Who saved it: `admin:3`. They alone change and remove it. */
  readonly owner: string;
  readonly kind: ReportKind;
  /** Audiences (`employee:manager`) and accounts (`customer:17`) who may run it beside the owner; sorted. */
  readonly sharedWith: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
  /** 1, and one more at each change: a change says which it is of, so that none is lost. */
  readonly revision: number;
}

/** What an owner states of a report. */
export interface StatedReport extends ReportContent {
  readonly kind: ReportKind;
  readonly sharedWith: readonly string[];
}

/** What may change of a report; what is absent stays. A kind that is given says what `text` is: it must be the report's own. */
export interface ReportChange extends Partial<StatedReport> {
  /** The one that the change was made to. */
  readonly revision: number;
}

/** That somebody ran a report. Milliseconds; no row is kept. */
export interface KeptRun {
  readonly id: string;
  readonly reportId: string;
  readonly revision: number;
  readonly runner: string;
  readonly at: number;
  /** Null for an answer. */
  readonly format: ExportFormat | null;
  readonly values: Readonly<Record<string, SlotValue>>;
  readonly status: 'answered' | 'clarify' | 'refused' | 'failed';
  readonly code: string | null;
  readonly rowCount: number | null;
  readonly durationMs: number;
  readonly requestId: string;
  readonly policyVersion: string | null;
}

/** A run as somebody may see it: what follows from what its runner may read is null for others. */
export type ShownRun = Pick<KeptRun, 'id' | 'revision' | 'runner' | 'at' | 'format' | 'requestId'> & {
  readonly [Field in 'values' | 'status' | 'code' | 'rowCount' | 'durationMs' | 'policyVersion']: KeptRun[Field] | null;
};
