import type { AskContext } from './ask-context.js';
import type { AuditEvent, AuditLog, QuestionEvent } from './audit/record.js';
import type { Exported } from './domain/export.js';
import { NO_METRICS, NO_TRACER } from './domain/no-telemetry.js';
import type { Logger, Metrics, Span, Tracer } from './domain/ports.js';
import type { Principal } from './domain/principal.js';
import { SwaliError } from './errors/swali-error.js';
import {
  type Answered,
  describeOutcome,
  describeTrail,
  describeTurn,
  type Outcome,
  openTrail,
  type Road,
  reasonsOf,
  type Trail,
} from './trail.js';
import type { Turns } from './translate/conversations/turns.js';

/** What a request is, before anything is done about it. */
export interface Asked {
  readonly event: 'question' | 'sql' | 'export';
  /** Null where none was put in words. */
  readonly question: string | null;
  readonly principal: Principal;
  readonly context: AskContext;
  /** Null where the answer leaves as a whole. */
  readonly road: Road | null;
}

/** Keeps what happens on record and in time. */
export interface OnRecord {
  /**
   * Audit wraps all of a request: the record is durable before the answer, or the refusal, leaves. Where rows leave as they come
   * it is durable before the first of them, and another closes it before the rest of the answer leaves.
   *
   * @throws SwaliError of the request, `INTERNAL` for what it threw else, `AUDIT_UNAVAILABLE` where it cannot be recorded
   */
  audited<T extends Answered>(asked: Asked, run: (trail: Trail) => Promise<T>): Promise<T>;
  /** Runs one stage: traced, counted, and its time noted on the trail. @throws what the stage throws */
  timed<T>(trail: Trail, stage: string, run: (span: Span) => Promise<T>): Promise<T>;
}

/** What the first record of a request says where its rows leave after it. */
const ROWS_FOLLOW = 'rows to follow';

/** Enough of an answer for its record. */
const ANSWERED = { status: 'answered', rowCount: 0, receipt: { jws: '', salt: '' } } as const satisfies Exported;

/** @param parts as those of `createAsk` */
export function createOnRecord(parts: {
  readonly audit: AuditLog;
  readonly logger: Logger;
  readonly now: () => number;
  readonly turns: Turns;
  readonly onAnswer?: (key: string, ms: number) => void;
  readonly metrics?: Pick<Metrics, 'stage'>;
  readonly tracer?: Pick<Tracer, 'span'>;
}): OnRecord {
  const { turns, metrics = NO_METRICS, tracer = NO_TRACER } = parts;

  async function timed<T>(trail: Trail, stage: string, run: (span: Span) => Promise<T>): Promise<T> {
    const startedAt = parts.now();
    trail.road?.onStage?.(stage);
    try {
      return await tracer.span(`swali.${stage}`, run);
    } finally {
      const ms = parts.now() - startedAt;
      metrics.stage(stage, ms / 1000);
      trail.timingsMs[stage] = Math.round(((trail.timingsMs[stage] ?? 0) + ms) * 1000) / 1000;
    }
  }

  /** Writes the records of one request. @param startedAt by `parts.now` */
  function recordsOf({ event, principal, context }: Asked, trail: Trail, startedAt: number) {
    const { tenant, subject, kind } = principal;
    const { requestId, address, userAgent } = context;
    const about = { requestId, tenant, address, userAgent, subject, kind };
    const durationMs = (): number => Math.round((parts.now() - startedAt) * 1000) / 1000;
    const append = (record: AuditEvent): Promise<void> => timed(trail, 'audit', () => parts.audit.append(record));
    const describe = (outcome: Outcome): QuestionEvent => ({
      event,
      ...about,
      question: trail.question,
      ...describeTrail(trail),
      ...describeOutcome(outcome),
      reasons: [...trail.reasons, ...reasonsOf(outcome, trail)],
      durationMs: durationMs(),
    });
    return {
      /** Before its time: all of it, or that rows follow. */
      async early(what: 'begun' | 'whole'): Promise<void> {
        if (what === 'begun') trail.rowCount = null;
        const { reasons, ...record } = describe({ answer: ANSWERED });
        await append({ ...record, reasons: what === 'begun' ? [...reasons, ROWS_FOLLOW] : reasons });
        trail.recorded = what;
      },
      /** At the end, whatever of it is not on record yet. */
      async last(outcome: Outcome): Promise<void> {
        if (trail.recorded === null) return append(describe(outcome));
        if (trail.recorded === 'whole') return;
        const { code } = describeOutcome(outcome);
        const { receiptDigest } = describeTrail(trail);
        const rows = { rowCount: trail.handedOut, receiptDigest };
        const decision = 'error' in outcome ? ('failed' as const) : ('answered' as const);
        await append({ event: 'handed-out', ...about, of: event, ...rows, decision, code, durationMs: durationMs() });
      },
    };
  }

  async function audited<T extends Answered>(asked: Asked, run: (trail: Trail) => Promise<T>): Promise<T> {
    const { event, question, principal, context, road } = asked;
    const startedAt = parts.now();
    const trail: Trail = openTrail({
      question,
      road,
      reasons: context.report ? [`report ${context.report.id}`] : [],
      record: (what) => records.early(what),
    });
    const records = recordsOf(asked, trail, startedAt);
    const outcome = await settle(() => run(trail));
    await records.last(outcome);
    const { decision, code } = describeOutcome(outcome);
    parts.logger.info(
      { requestId: context.requestId, event, decision, code, timingsMs: trail.timingsMs, ...toldCause(outcome) },
      'answered a request',
    );
    // After the record: a turn that cannot be kept holds up no answer.
    const conversation =
      event === 'question'
        ? await turns.save(principal, describeTurn({ question, decision, code }, trail), context)
        : null;
    if ('error' in outcome) throw outcome.error;
    const ownMs = parts.now() - startedAt - (trail.timingsMs.translate ?? 0) - trail.awayMs;
    if (trail.statement && trail.rowCount !== null && !trail.isVoted)
      parts.onAnswer?.(`${event} ${trail.statement.sql}`, ownMs);
    return event === 'question' ? { ...outcome.answer, conversation_id: conversation } : outcome.answer;
  }

  return { audited, timed };
}

/** Why a statement failed: the asker learns no more than the code. Faults of the gateway have a line of their own. */
function toldCause(outcome: Outcome): { readonly cause?: unknown } {
  if (!('error' in outcome)) return {};
  const { cause, status } = outcome.error;
  return cause === undefined || status >= 500 ? {} : { cause };
}

/** What nobody foresaw is an error of ours, and on record as one. */
async function settle<T>(run: () => Promise<T>): Promise<{ readonly answer: T } | { readonly error: SwaliError }> {
  try {
    return { answer: await run() };
  } catch (thrown) {
    return { error: thrown instanceof SwaliError ? thrown : new SwaliError('INTERNAL', { cause: thrown }) };
  }
}
