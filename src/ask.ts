import { composeAnswer, composeReply, describeColumns } from './answer/compose-answer.js';
import type { Summarise } from './answer/summary/summarise.js';
import type { AskContext } from './ask-context.js';
import type { AuditLog } from './audit/record.js';
import type { Answer } from './domain/answer.js';
import type { Candidate, Translation } from './domain/candidate.js';
import { digestText } from './domain/digest-text.js';
import type { DryRun } from './domain/dry-run.js';
import type { Exported, ExportRequest, ExportSink } from './domain/export.js';
import { NO_METRICS } from './domain/no-telemetry.js';
import type { BeginReceipt, HandedOut, Logger, Metrics, SignReceipt, Span, Tracer } from './domain/ports.js';
import type { Permission, Principal } from './domain/principal.js';
import type { Receipt } from './domain/receipt.js';
import type { ResultSet, ResultStream } from './domain/result-set.js';
import type { ParameterValue, SealedStatement } from './domain/sealed-statement.js';
import { SwaliError } from './errors/swali-error.js';
import {
  type AnswerSink,
  type HandOut,
  type Head,
  handOutAnswer,
  handOutFile,
  readHead,
  streamOf,
} from './hand-out.js';
import { createOnRecord } from './on-record.js';
import { MASK_KEY_PREFIX } from './policy/mask.js';
import type { PrincipalView } from './policy/view.js';
import { addUsage, describeModel, noteVote, type Road, type Trail, translatorOf } from './trail.js';
import { NO_TURNS, type Turns } from './translate/conversations/turns.js';
import type { Feedback } from './translate/request.js';
import type { Translate } from './translate/translate.js';
import { voteByResult } from './vote.js';

/** The stages of a request (DESIGN §2), as functions. None knows another; this file is where they meet. */
export interface Stages {
  /** The catalog as this principal may see it, and the rules that go with it. */
  readonly viewFor: (principal: Principal) => PrincipalView;
  /** The same, with the bounds of an export instead of those of an answer. */
  readonly exportViewFor: (principal: Principal) => PrincipalView;
  readonly translate: Translate;
  /** Told of each candidate whether it was sealed and has run. */
  readonly settleTranslation?: (candidate: Candidate, hasRun: boolean) => void;
  readonly seal: (candidate: Candidate, principal: Principal, view: PrincipalView) => Promise<SealedStatement>;
  /** Absent where no model may write the sentence of an answer. */
  readonly summarise?: Summarise;
  readonly execute: (statement: SealedStatement, signal: AbortSignal) => Promise<ResultSet>;
  /** The same, rows as they come. */
  readonly executeStream: (statement: SealedStatement, signal: AbortSignal) => Promise<ResultStream>;
}

/** The spine. Each method is one request. */
export interface Ask {
  /** @throws SwaliError of any stage; `AUDIT_UNAVAILABLE` where the record could not be made durable */
  ask(question: string, principal: Principal, context: AskContext): Promise<Answer>;
  /** Runs SQL that the principal wrote. @throws as {@link Ask.ask} */
  runSql(sql: string, principal: Principal, context: AskContext): Promise<Answer>;
  /** Seals SQL that the principal wrote, and runs nothing. @throws as {@link Ask.ask} */
  dryRun(sql: string, principal: Principal, context: AskContext): Promise<DryRun>;
  /**
   * Answers as {@link Ask.ask}, handing out stages, SQL, columns and rows as they come.
   *
   * @returns the same answer without its rows, which have left: `row_count`, words, chart and receipt are of all of them
   * @throws as {@link Ask.ask}, and what the sink throws. Where rows have left before, they are on record with the failure
   */
  askStream(question: string, principal: Principal, context: AskContext, sink: AnswerSink): Promise<Answer>;
  /** Runs SQL that the principal wrote, and hands out as {@link Ask.askStream}. @throws as that */
  runSqlStream(sql: string, principal: Principal, context: AskContext, sink: AnswerSink): Promise<Answer>;
  /**
   * Writes all rows of an answer as a file, as they come, or not to the end.
   *
   * @returns when everything is written and on record
   * @throws as {@link Ask.ask}, SwaliError `EXPORT_TOO_LARGE`, and what the sink throws. Whatever was written then is no file
   */
  exportStream(request: ExportRequest, principal: Principal, context: AskContext, sink: ExportSink): Promise<Exported>;
}

/** A statement that ran, and what came of it. */
interface Ran {
  readonly statement: SealedStatement;
  readonly result: ResultSet;
  /** The beginning of its rows, where they leave as they come; `result` is empty then. */
  readonly head: Head | null;
}

/**
 * @param parts.audit where records go; an answer leaves only after its record is durable
 * @param parts.now monotonic clock in milliseconds
 * @param parts.newId makes the id of an answer
 * @param parts.signReceipt vouches for each answer and export
 * @param parts.metrics counts stages and translations
 * @param parts.tracer follows each stage; spans hold digests and names, never a text
 * @param parts.turns what was asked before, and where what is asked now is kept; nothing where it is left out
 * @param parts.repairAttempts how often a failing statement of the model goes back to it
 */
export function createAsk(parts: {
  readonly stages: Stages;
  readonly audit: AuditLog;
  readonly logger: Logger;
  readonly now: () => number;
  readonly newId: () => string;
  readonly signReceipt: SignReceipt;
  /** The same for answers and files that leave in parts. */
  readonly beginReceipt: BeginReceipt;
  readonly turns?: Turns;
  readonly repairAttempts: number;
  /** Told of each statement that was answered: what stands for it, and the milliseconds that it took without its translation. */
  readonly onAnswer?: (key: string, ms: number) => void;
  readonly metrics?: Pick<Metrics, 'stage' | 'translation'>;
  readonly tracer?: Pick<Tracer, 'span'>;
}): Ask {
  const { stages, turns = NO_TURNS, metrics = NO_METRICS } = parts;
  const { audited, timed } = createOnRecord({ ...parts, turns });

  /** identify → translate → seal → execute → answer, with the way back from seal and execute to the model. */
  async function answerQuestion(
    question: string,
    principal: Principal,
    context: AskContext,
    trail: Trail,
    viewFor = stages.viewFor,
  ): Promise<Answer> {
    demand('ask', principal, context);
    const view = viewFor(principal);
    trail.policyDigest = view.digest;
    trail.policyVersion = view.policyVersion;
    const earlier = await turns.before(principal, context.conversation ?? null, view);
    const feedback: Feedback[] = [];
    for (;;) {
      const request = { question, view, principal, turns: earlier, feedback, signal: context.signal };
      const translation = await timed(trail, 'translate', async (span) => {
        const made = await stages.translate(request);
        noteTranslation(made, span);
        return made;
      });
      trail.translation = addUsage(trail.translation, translation);
      trail.reasons.push(...describeModel(translation));
      const mayRepair = feedback.length < parts.repairAttempts;
      if (translation.kind !== 'sql') {
        if (!mayRepair || !lacksChoices(translation, feedback)) return compose(principal, context, view, trail, null);
        feedback.push({ sql: null, code: null, message: translation.message });
        trail.reasons.push('sent back to the model: it asked back without readings to choose from');
        continue;
      }
      try {
        const ran = await runBest(translation, principal, context, view, trail);
        if (trail.translation.kind === 'sql') stages.settleTranslation?.(trail.translation.candidate, true);
        return await compose(principal, context, view, trail, ran);
      } catch (error) {
        stages.settleTranslation?.(translation.candidate, false);
        if (trail.recorded !== null || !mayRepair || !isRepairable(error, translation)) throw error;
        feedback.push({ sql: translation.candidate.sql, code: error.code, message: error.message });
        trail.reasons.push(`sent back to the model: ${error.code}`);
      }
    }
  }

  /** Runs the statement, or, where the model wrote several, those that it takes to see what most of them come to. */
  async function runBest(
    { candidate, alternatives = [] }: Translation & { readonly kind: 'sql' },
    principal: Principal,
    context: AskContext,
    view: PrincipalView,
    trail: Trail,
  ): Promise<Ran> {
    if (alternatives.length === 0) return sealAndExecute(candidate, principal, context, view, trail);
    const answers = [candidate, ...alternatives];
    const vote = await voteByResult(answers, async (each) => {
      try {
        return await sealAndExecute(each, principal, context, view, trail, false);
      } finally {
        // Whoever looks into it later must find what was read for an answer that did not win, too.
        const over = trail.statement?.provenance.relations.join(', ');
        if (over !== undefined)
          trail.reasons.push(`ran for the vote: ${digestText(each.sql)} over ${over || 'no relation'}`);
      }
    });
    const { compared, votes, ran } = vote;
    trail.reasons.push(
      `vote by result: statements compared: ${compared}; answers that agree: ${votes} of ${answers.length}`,
    );
    trail.isVoted = true;
    trail.translation = { kind: 'sql', candidate: noteVote(vote.candidate, trail.translation, compared) };
    trail.statement = ran.statement;
    trail.rowCount = ran.result.rows.length;
    // Results were compared as wholes: the one that won leaves as if it came now.
    return trail.road ? { ...ran, head: await readHead(streamOf(ran.result)) } : ran;
  }

  async function answerSql(
    sql: string,
    principal: Principal,
    context: AskContext,
    trail: Trail,
    viewFor = stages.viewFor,
  ): Promise<Answer> {
    demand(context.report ? 'ask' : 'sql:write-own', principal, context);
    const view = viewFor(principal);
    trail.policyDigest = view.digest;
    trail.translation = { kind: 'sql', candidate: callersOwn(sql, context) };
    const sealed = await sealAndExecute(trail.translation.candidate, principal, context, view, trail);
    return compose(principal, context, view, trail, sealed);
  }

  async function answerExport(
    request: ExportRequest,
    principal: Principal,
    context: AskContext,
    trail: Trail,
  ): Promise<Exported> {
    demand('export', principal, context);
    const { exportViewFor } = stages;
    const answer =
      'sql' in request
        ? await answerSql(request.sql, principal, context, trail, exportViewFor)
        : await answerQuestion(request.question, principal, context, trail, exportViewFor);
    if (answer.status !== 'answered') return { status: answer.status, message: answer.message ?? '' };
    return { status: 'answered', rowCount: answer.row_count, receipt: present(answer.receipt) };
  }

  /** An answer with its receipt; the translator's own word has none. */
  async function vouch(answer: Answer, principal: Principal, context: AskContext, trail: Trail): Promise<Answer> {
    if (answer.status !== 'answered') return answer;
    return { ...answer, receipt: await sign(parts.signReceipt, answer, principal, context, trail) };
  }

  async function sign(
    signReceipt: SignReceipt,
    answer: Answer,
    principal: Principal,
    { requestId }: AskContext,
    trail: Trail,
  ): Promise<Receipt> {
    const { translation, policyDigest } = trail;
    if (translation?.kind !== 'sql' || policyDigest === null) throw nothing('to vouch for');
    const { sql } = translation.candidate;
    const handedOut: HandedOut = { requestId, principal, sql, policyDigest, answer };
    trail.receipt = await timed(trail, 'receipt', async () => signReceipt(handedOut));
    return trail.receipt;
  }

  /** Rows of a statement that runs leave as they come; nothing of it runs on when this ends, however it ends. */
  async function handOut(
    { statement, head }: Ran & { readonly head: Head },
    { stage, handOut: leave }: Road,
    principal: Principal,
    context: AskContext,
    trail: Trail,
    write: (result: ResultSet, rowCount: number) => Promise<Answer>,
  ): Promise<Answer> {
    const { translation } = trail;
    const maySeeSql = context.operator || principal.permissions.has('sql:read');
    try {
      const outgoing: HandOut = {
        head,
        columns: describeColumns(statement.columns, head.types),
        sql: maySeeSql && translation?.kind === 'sql' ? translation.candidate.sql : null,
        compose: write,
        beginReceipt: parts.beginReceipt,
        sign: (receipt, answer) => sign((handedOut) => receipt.sign(handedOut), answer, principal, context, trail),
        record: (what) => trail.record(what),
        count: (rows) => {
          trail.handedOut += rows;
        },
        async away(work) {
          const since = parts.now();
          await work();
          trail.awayMs += parts.now() - since;
        },
      };
      return await timed(trail, stage, () => leave(outgoing));
    } finally {
      await head.leave();
    }
  }

  async function answerDryRun(sql: string, principal: Principal, context: AskContext, trail: Trail): Promise<DryRun> {
    demand('sql:write-own', principal, context);
    demand('sql:read', principal, context);
    const view = stages.viewFor(principal);
    trail.reasons.push('dry run: nothing was run');
    trail.translation = { kind: 'sql', candidate: callersOwn(sql, context) };
    const { candidate } = trail.translation;
    trail.statement = await sealed(candidate, principal, view, trail);
    return describeSealed(trail.statement);
  }

  async function sealAndExecute(
    candidate: Candidate,
    principal: Principal,
    context: AskContext,
    view: PrincipalView,
    trail: Trail,
    isStreamed = trail.road !== null,
  ): Promise<Ran> {
    trail.statement = null;
    const statement = await sealed(candidate, principal, view, trail);
    trail.statement = statement;
    for (const relation of statement.provenance.relations) trail.read.add(relation);
    const ran = await timed(trail, 'execute', async (span) => {
      span.set({ 'db.system.name': statement.dialect });
      if (!isStreamed) return { statement, result: await stages.execute(statement, context.signal), head: null };
      const head = await readHead(await stages.executeStream(statement, context.signal));
      return { statement, result: { types: head.types, rows: [], truncated: false }, head };
    });
    trail.rowCount = ran.result.rows.length;
    return ran;
  }

  function sealed(candidate: Candidate, principal: Principal, view: PrincipalView, trail: Trail) {
    return timed(trail, 'seal', async (span) => {
      span.set({ 'swali.sql_digest': digestText(candidate.sql) });
      return stages.seal(candidate, principal, view);
    });
  }

  function noteTranslation(translation: Translation, span: Span): void {
    const translator = translatorOf(translation) ?? 'none';
    metrics.translation(translator, translation.kind);
    span.set({ 'swali.translator': translator, 'swali.translation': translation.kind });
  }

  /** The answer of a statement that ran, or the translator's own word where none did. */
  async function compose(
    principal: Principal,
    context: AskContext,
    view: PrincipalView,
    trail: Trail,
    ran: Ran | null,
  ) {
    const { translation, question, timingsMs: timings, road } = trail;
    if (translation?.kind === 'sql' && ran !== null) {
      const { candidate } = translation;
      const { statement, head } = ran;
      const maySeeSql = context.operator || principal.permissions.has('sql:read');
      const write = async (result: ResultSet, rowCount: number): Promise<Answer> => {
        trail.rowCount = rowCount;
        const answer = await timed(trail, 'answer', async () =>
          composeAnswer({ id: parts.newId(), question, candidate, statement, result, rowCount, maySeeSql, timings }),
        );
        const { summarise } = stages;
        if (!summarise) return answer;
        return timed(trail, 'summary', () => summarise(answer, principal, context.signal));
      };
      if (!road || !head) return write(ran.result, ran.result.rows.length);
      return handOut({ ...ran, head }, road, principal, context, trail, write);
    }
    if (translation === null || translation.kind === 'sql' || question === null) throw nothing('to answer with');
    return composeReply({ id: parts.newId(), question, translation, policyVersion: view.policyVersion, timings });
  }

  return {
    ask: (question, principal, context) =>
      audited({ event: 'question', question, principal, context, road: null }, async (trail) =>
        vouch(await answerQuestion(question, principal, context, trail), principal, context, trail),
      ),
    runSql: (sql, principal, context) =>
      audited({ event: 'sql', question: null, principal, context, road: null }, async (trail) =>
        vouch(await answerSql(sql, principal, context, trail), principal, context, trail),
      ),
    dryRun: (sql, principal, context) =>
      audited({ event: 'sql', question: null, principal, context, road: null }, (trail) =>
        answerDryRun(sql, principal, context, trail),
      ),
    askStream: (question, principal, context, sink) =>
      audited({ event: 'question', question, principal, context, road: toSink(sink) }, (trail) =>
        answerQuestion(question, principal, context, trail),
      ),
    runSqlStream: (sql, principal, context, sink) =>
      audited({ event: 'sql', question: null, principal, context, road: toSink(sink) }, (trail) =>
        answerSql(sql, principal, context, trail),
      ),
    exportStream(request, principal, context, sink) {
      const question = 'question' in request ? request.question : null;
      const handOut = (parts: HandOut) => {
        const { rows, bytes } = stages.exportViewFor(principal).limits;
        return handOutFile(sink, request.format, { rows, bytes }, parts);
      };
      return audited({ event: 'export', question, principal, context, road: { stage: 'export', handOut } }, (trail) =>
        answerExport(request, principal, context, trail),
      );
    },
  };
}

function toSink(sink: AnswerSink): Road {
  return { stage: 'rows', onStage: (stage) => sink.stage(stage), handOut: (parts) => handOutAnswer(sink, parts) };
}

function present<T>(value: T | null): T {
  if (value === null) throw nothing('to show for it');
  return value;
}

function nothing(what: string): SwaliError {
  return new SwaliError('INTERNAL', { cause: new Error(`there is nothing ${what}`) });
}

function demand(permission: Permission, principal: Principal, context: AskContext): void {
  if (!context.operator && !principal.permissions.has(permission)) throw new SwaliError('AUTH_PERMISSION_MISSING');
}

function callersOwn(sql: string, { report }: AskContext): Candidate {
  return {
    sql,
    translator: 'caller',
    slots: report?.slots ?? new Map(),
    usage: { promptTokens: 0, completionTokens: 0 },
  };
}

/** Only the model can mend what it wrote, and only faults of the statement itself; a missing claim is nobody's typo. */
function isRepairable(error: unknown, translation: Translation): error is SwaliError {
  if (!(error instanceof SwaliError) || translation.kind !== 'sql' || translation.candidate.translator !== 'openai') {
    return false;
  }
  if (error.code === 'SEAL_CLAIM_MISSING' || error.code === 'SEAL_CLAIM_MALFORMED') return false;
  return error.code.startsWith('SEAL_') || error.code === 'EXECUTE_FAILED' || error.code === 'EXECUTE_TOO_COSTLY';
}

/** A model that asks back offers at least this many readings; it is told so once. */
const LEAST_CHOICES = 2;

function lacksChoices(
  translation: Translation & { readonly kind: 'clarify' | 'refused' },
  feedback: readonly Feedback[],
) {
  const { kind, translator, choices } = translation;
  if (kind !== 'clarify' || translator !== 'openai' || choices.length >= LEAST_CHOICES) return false;
  return feedback.every(({ sql }) => sql !== null);
}

function describeSealed(statement: SealedStatement): DryRun {
  const { provenance } = statement;
  return {
    sealed_sql: statement.sql,
    parameters: statement.parameters.map(({ origin, name, value }) => ({
      origin,
      name,
      value: showValue(name, value),
    })),
    provenance: {
      translator: 'caller',
      relations: provenance.relations,
      policies: provenance.policies,
      masked_columns: provenance.maskedColumns,
      policy_version: provenance.policyVersion,
      model: null,
    },
  };
}

/** The keys of the mask `hash` are nobody's to see: with one, every value behind the mask could be tried. */
function showValue(name: string | null, value: ParameterValue): string | number | null {
  if (name?.startsWith(MASK_KEY_PREFIX)) return null;
  return typeof value === 'bigint' ? value.toString() : value;
}
