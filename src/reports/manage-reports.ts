import { randomBytes } from 'node:crypto';
import type { Ask } from '../ask.js';
import type { AskContext } from '../ask-context.js';
import { describeSubject } from '../domain/access-event.js';
import type { Answer } from '../domain/answer.js';
import type { SlotValue } from '../domain/candidate.js';
import type { Exported, ExportFormat, ExportSink } from '../domain/export.js';
import type { Clock } from '../domain/ports.js';
import type { Permission, Principal } from '../domain/principal.js';
import type { Tenant } from '../domain/tenant.js';
import { SwaliError } from '../errors/swali-error.js';
import type { AccessLog } from '../identify/access-log.js';
import { type Attempt, putOnRecord } from '../identify/put-on-record.js';
import type { KeyRing } from '../store/key-ring.js';
import type { Store } from '../store/store.js';
import { checkReport } from './check-report.js';
import { refuseReport } from './parameters.js';
import { checkReaders, mayRead } from './readers.js';
import type { KeptRun, Report, ReportChange, ShownRun, StatedReport } from './report.js';
import { createReportStore, type Page } from './report-store.js';
import { createRunReport } from './run-report.js';
import { createRunStore } from './run-store.js';

/** Runs of one account that its own export shows at most; the audit log has them all. */
const PERSONAL_RUNS = 5000;

/**
 * Saved reports. Whoever runs one sees their own slice: it goes through the spine as the reader, never as its author. A report
 * that somebody may not see is as unknown to them as one that is not there.
 *
 * Every method also throws SwaliError `STORE_UNAVAILABLE`, those that name a report `REPORT_UNKNOWN`, and those with a context
 * `AUDIT_UNAVAILABLE` and `AUTH_PERMISSION_MISSING`.
 */
export interface Reports {
  /** One's own and those shared to one, newest first. */
  list(reader: Principal, page: Page): Promise<readonly Report[]>;
  get(reader: Principal, id: string): Promise<Report>;
  /** @throws SwaliError as `checkReport`, `REPORT_TOO_MANY` */
  save(owner: Principal, stated: StatedReport, context: AskContext): Promise<Report>;
  /** @throws SwaliError as {@link Reports.save}, `REPORT_CHANGED` where it is of an older revision than the change */
  change(owner: Principal, id: string, change: ReportChange, context: AskContext): Promise<Report>;
  remove(owner: Principal, id: string, context: AskContext): Promise<void>;
  /** @throws SwaliError `REPORT_PARAMETER_INVALID`, and as `Ask.ask` */
  run(reader: Principal, id: string, given: Readonly<Record<string, SlotValue>>, context: AskContext): Promise<Answer>;
  /** Writes all rows to a sink. @throws SwaliError as {@link Reports.run}, and as `Ask.exportStream` */
  exportTo(
    reader: Principal,
    id: string,
    request: { readonly given: Readonly<Record<string, SlotValue>>; readonly format: ExportFormat },
    context: AskContext,
    sink: ExportSink,
  ): Promise<Exported>;
  /**
   * Who ran a report, newest first. Everybody sees their own runs whole. The owner sees of those of others who ran it and when;
   * holders of `audit:read` also how each ended. With which values somebody else ran it nobody sees.
   */
  runs(reader: Principal, id: string, page: Page): Promise<readonly ShownRun[]>;
  /** What is kept of an account, for those who may export it. */
  readPersonal(
    tenant: Tenant,
    subject: string,
  ): Promise<{ readonly reports: readonly Report[]; readonly runs: readonly KeptRun[] }>;
}

type ReportAttempt = Extract<Attempt, { readonly event: 'report' }>;

/**
 * @param deps.claims names of claims, which no parameter may have
 * @param deps.runDays days for which runs are kept
 * @param deps.now monotonic, in milliseconds
 */
export function createReports(deps: {
  readonly store: Store;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly now: () => number;
  readonly audit: AccessLog;
  readonly ask: Ask;
  readonly claims: ReadonlySet<string>;
  readonly runDays: number;
}): Reports {
  const { store, ring, clock, audit, ask, claims } = deps;
  const reports = createReportStore({ store, ring });
  const runs = createRunStore({ store, ring, clock, days: deps.runDays });
  const newId = () => randomBytes(16).toString('hex');
  const runReport = createRunReport({
    ask,
    claims,
    now: deps.now,
    keep: ({ id, revision, tenant }, { subject }, { requestId }, run) =>
      runs.add(tenant, { ...run, id: newId(), reportId: id, revision, runner: subject, at: clock(), requestId }),
  });

  async function demandReadable(reader: Principal, id: string): Promise<Report> {
    const report = await reports.find(reader.tenant, id);
    if (!report || !mayRead(report, reader)) throw new SwaliError('REPORT_UNKNOWN');
    return report;
  }

  /** @throws SwaliError `AUTH_PERMISSION_MISSING` for those who may only run it */
  async function demandOwn(owner: Principal, id: string): Promise<Report> {
    const report = await demandReadable(owner, id);
    if (report.owner !== owner.subject) throw new SwaliError('AUTH_PERMISSION_MISSING');
    return report;
  }

  /** Does something to a report, and puts on record what came of it. */
  async function onRecord<Result>(
    actor: Principal,
    context: AskContext,
    act: Pick<ReportAttempt, 'action' | 'report'>,
    work: () => Promise<{ readonly result: Result } & Partial<Pick<ReportAttempt, 'report' | 'sharedWith'>>>,
  ): Promise<Result> {
    const about = describeSubject(actor, { ...context, tenant: actor.tenant });
    const attempt: ReportAttempt = { event: 'report', ...about, ...act, sharedWith: null };
    const done = await putOnRecord(audit, attempt, work, ({ result: _, ...known }) => known);
    return done.result;
  }

  const check = (
    id: string,
    { kind, ...content }: Pick<Report, 'kind'> & StatedReport,
    who: Principal,
    context: AskContext,
  ) => checkReport(kind, content, { id, owner: who, context, ask, claims });

  return Object.freeze({
    list: (reader, page) => reports.list(reader, page),
    get: demandReadable,

    save(owner, stated, context) {
      return onRecord(owner, context, { action: 'save', report: null }, async () => {
        demand('report:save', owner, context);
        if (stated.sharedWith.length > 0) demand('report:share', owner, context);
        const sharedWith = checkReaders(stated.sharedWith, owner);
        const id = newId();
        const content = await check(id, stated, owner, context);
        const at = clock();
        const { tenant, subject } = owner;
        const made = { ...content, id, tenant, owner: subject, kind: stated.kind, sharedWith };
        const report = { ...made, createdAt: at, updatedAt: at, revision: 1 };
        await reports.add(report);
        return { result: report, report: id, sharedWith };
      });
    },

    change(owner, id, { revision, ...change }, context) {
      const action = change.sharedWith === undefined ? 'change' : 'share';
      return onRecord(owner, context, { action, report: id }, async () => {
        demand('report:save', owner, context);
        const before = await demandOwn(owner, id);
        if (before.revision !== revision) throw new SwaliError('REPORT_CHANGED');
        if ((change.kind ?? before.kind) !== before.kind) refuseReport('a question stays one, and so does SQL');
        const sharedWith = change.sharedWith === undefined ? before.sharedWith : checkReaders(change.sharedWith, owner);
        if (sharedWith.join() !== before.sharedWith.join()) demand('report:share', owner, context);
        const content = await check(id, { ...before, ...change }, owner, context);
        const report = { ...before, ...content, sharedWith, updatedAt: clock(), revision: revision + 1 };
        await reports.replace(report);
        return { result: report, ...(action === 'share' ? { sharedWith } : {}) };
      });
    },

    remove(owner, id, context) {
      return onRecord(owner, context, { action: 'remove', report: id }, async () => {
        demand('report:save', owner, context);
        await reports.remove(await demandOwn(owner, id));
        return { result: undefined };
      });
    },

    async run(reader, id, given, context) {
      return runReport.answer(await demandReadable(reader, id), given, reader, context);
    },

    async exportTo(reader, id, { given, format }, context, sink) {
      return runReport.exportTo(await demandReadable(reader, id), given, format, reader, context, sink);
    },

    async runs(reader, id, page) {
      const report = await demandReadable(reader, id);
      const seesAll = report.owner === reader.subject || reader.permissions.has('audit:read');
      const found = await runs.list(id, seesAll ? null : reader.subject, page);
      return found.map((run) => showRun(run, reader));
    },

    async readPersonal(tenant, subject) {
      return {
        reports: await reports.listOwn(tenant, subject),
        runs: await runs.listOf(tenant, subject, PERSONAL_RUNS),
      };
    },
  } satisfies Reports);
}

/** The local operator may do as anyone, and is audited for it. */
function demand(permission: Permission, principal: Principal, { operator }: AskContext): void {
  if (!operator && !principal.permissions.has(permission)) throw new SwaliError('AUTH_PERMISSION_MISSING');
}

/** How a run ended, how long it took and how many rows it had follow from what its runner may read. */
function showRun({ reportId: _, ...run }: KeptRun, reader: Principal): ShownRun {
  if (run.runner === reader.subject) return run;
  if (reader.permissions.has('audit:read')) return { ...run, values: null };
  return { ...run, values: null, status: null, code: null, rowCount: null, durationMs: null, policyVersion: null };
}
