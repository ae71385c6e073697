import type { Ask } from '../ask.js';
import type { AskContext } from '../ask-context.js';
import type { Answer } from '../domain/answer.js';
import type { SlotValue } from '../domain/candidate.js';
import type { Exported, ExportFormat, ExportSink } from '../domain/export.js';
import type { Principal } from '../domain/principal.js';
import { SwaliError } from '../errors/swali-error.js';
import { fillQuestion } from './fill-question.js';
import { assertNoClaim, readValues } from './parameters.js';
import type { KeptRun, Report } from './report.js';

/** What of a run is known once it is over, or has failed. */
type Outcome = Pick<KeptRun, 'status' | 'code' | 'rowCount' | 'policyVersion'>;

/** A run that has begun. */
type Begun = Pick<KeptRun, 'values' | 'format'>;

/** Runs reports through the spine, and keeps that they were run. */
export interface RunReport {
  /** @throws SwaliError `REPORT_PARAMETER_INVALID`, `REPORT_INVALID` for a name that is a claim's by now; and as `Ask.ask` */
  answer(
    report: Report,
    given: Readonly<Record<string, SlotValue>>,
    reader: Principal,
    context: AskContext,
  ): Promise<Answer>;
  /** @throws SwaliError as {@link RunReport.answer}, and as `Ask.exportStream` */
  exportTo(
    report: Report,
    given: Readonly<Record<string, SlotValue>>,
    format: ExportFormat,
    reader: Principal,
    context: AskContext,
    sink: ExportSink,
  ): Promise<Exported>;
}

/**
 * @param deps.claims names of claims, which no parameter may have
 * @param deps.keep makes a run durable; what it throws fails the request
 */
export function createRunReport(deps: {
  readonly ask: Ask;
  readonly claims: ReadonlySet<string>;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly keep: (
    report: Report,
    reader: Principal,
    context: AskContext,
    run: Begun & Outcome & Pick<KeptRun, 'durationMs'>,
  ) => Promise<void>;
}): RunReport {
  const { ask, claims, now, keep } = deps;

  /** What the report comes to with these values, and whose context it runs in. */
  function prepare(report: Report, given: Readonly<Record<string, SlotValue>>, context: AskContext) {
    // The policy may have got a claim of that name since.
    for (const { name } of report.parameters) assertNoClaim(name, claims);
    const values = readValues(report.parameters, given);
    const { id, kind, text } = report;
    return kind === 'sql'
      ? { values, request: { sql: text }, context: { ...context, report: { id, slots: values } } }
      : {
          values,
          request: { question: fillQuestion(text, values) },
          context: { ...context, report: { id, slots: new Map<string, SlotValue>() } },
        };
  }

  /** Does the work, and keeps how it ended before its result leaves. */
  async function kept<Result>(
    report: Report,
    reader: Principal,
    context: AskContext,
    begun: Begun,
    work: () => Promise<Result>,
    describe: (result: Result) => Pick<Outcome, 'status' | 'rowCount' | 'policyVersion'>,
  ): Promise<Result> {
    const startedAt = now();
    const close = (outcome: Outcome) =>
      keep(report, reader, context, { ...begun, ...outcome, durationMs: Math.round(now() - startedAt) });
    let result: Result;
    try {
      result = await work();
    } catch (error) {
      const code = error instanceof SwaliError ? error.code : 'INTERNAL';
      // Where it cannot be kept that it failed, why it failed is what the reader must hear.
      await close({ status: 'failed', code, rowCount: null, policyVersion: null }).catch(() => undefined);
      throw conceal(error, report, reader, context);
    }
    await close({ code: null, ...describe(result) });
    return result;
  }

  return Object.freeze({
    async answer(report, given, reader, context) {
      const { values, request, context: own } = prepare(report, given, context);
      const begun = { values: Object.fromEntries(values), format: null };
      const work = () =>
        'sql' in request ? ask.runSql(request.sql, reader, own) : ask.ask(request.question, reader, own);
      return kept(report, reader, own, begun, work, (answer) => ({
        status: answer.status,
        rowCount: answer.status === 'answered' ? answer.row_count : null,
        policyVersion: answer.provenance.policy_version,
      }));
    },

    async exportTo(report, given, format, reader, context, sink) {
      const { values, request, context: own } = prepare(report, given, context);
      const begun = { values: Object.fromEntries(values), format };
      const work = () => ask.exportStream({ ...request, format }, reader, own, sink);
      return kept(report, reader, own, begun, work, (exported) => ({
        status: exported.status,
        rowCount: exported.status === 'answered' ? exported.rowCount : null,
        policyVersion: null,
      }));
    },
  } satisfies RunReport);
}

/**
 * A refusal says what of the text it is about. The text of another's statement is for those with `sql:read`: it may name what
 * is closed to this reader, so the others hear the code and its sentence alone.
 */
function conceal(error: unknown, report: Report, reader: Principal, context: AskContext): unknown {
  if (!(error instanceof SwaliError) || report.kind !== 'sql') return error;
  if (context.operator || reader.permissions.has('sql:read') || !/^(?:SEAL|EXECUTE)_/.test(error.code)) return error;
  const { code, retryAfterS } = error;
  return new SwaliError(code, { cause: error, ...(retryAfterS === null ? {} : { retryAfterS }) });
}
