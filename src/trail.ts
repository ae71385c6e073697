import type { QuestionEvent } from './audit/record.js';
import type { Answer } from './domain/answer.js';
import type { Candidate, Translation } from './domain/candidate.js';
import { digestText } from './domain/digest-text.js';
import type { DryRun } from './domain/dry-run.js';
import type { Exported } from './domain/export.js';
import type { Receipt } from './domain/receipt.js';
import type { SealedStatement } from './domain/sealed-statement.js';
import type { SwaliError } from './errors/swali-error.js';
import type { HandOut } from './hand-out.js';
import type { AskedTurn } from './translate/conversations/turns.js';

/** How an answer leaves in parts. */
export interface Road {
  readonly stage: 'rows' | 'export';
  readonly onStage?: (stage: string) => void;
  readonly handOut: (parts: HandOut) => Promise<Answer>;
}

/** What a request may come to. */
export type Answered = Answer | DryRun | Exported;

/** What an audit record says of how a request ended. */
export type Outcome = { readonly answer: Answered } | { readonly error: SwaliError };

/** What one request has come to so far; the audit record is made from it, whatever happens. */
export interface Trail {
  readonly question: string | null;
  readonly reasons: string[];
  readonly timingsMs: Record<string, number>;
  translation: Translation | null;
  statement: SealedStatement | null;
  /** Relations of every statement that was handed to the source, those too whose rows went nowhere. */
  readonly read: Set<string>;
  rowCount: number | null;
  /** Whether results decided between statements: then the time says nothing about the one that is answered with. */
  isVoted: boolean;
  /** Of the rules that bound the principal; null until they are known. */
  policyDigest: string | null;
  policyVersion: string | null;
  receipt: Receipt | null;
  /** Null where the answer leaves as a whole. */
  readonly road: Road | null;
  /** Writes the record before its time. */
  readonly record: (what: 'begun' | 'whole') => Promise<void>;
  /** What is on record already: that rows follow, or everything. */
  recorded: 'begun' | 'whole' | null;
  /** Rows that have left. */
  handedOut: number;
  /** Milliseconds in which whoever takes the rows was waited for. */
  awayMs: number;
}

/** The trail of a request that has come to nothing yet. */
export function openTrail(
  begun: Pick<Trail, 'question' | 'road' | 'record'> & { readonly reasons: readonly string[] },
): Trail {
  return {
    ...begun,
    reasons: [...begun.reasons],
    timingsMs: {},
    translation: null,
    statement: null,
    read: new Set(),
    rowCount: null,
    isVoted: false,
    policyDigest: null,
    policyVersion: null,
    receipt: null,
    recorded: null,
    handedOut: 0,
    awayMs: 0,
  };
}

/** The statement that won, with all that was paid and what is known of the model. */
export function noteVote(winner: Candidate, before: Translation | null, candidates: number): Candidate {
  const first = before?.kind === 'sql' ? before.candidate : winner;
  const model = {
    provider: winner.translator,
    failed: [],
    cached: false,
    ...(winner.model ?? first.model),
    candidates,
  };
  return { ...winner, usage: first.usage, model };
}

/** The tokens of every attempt are paid for, so the last translation carries the sum. */
export function addUsage(before: Translation | null, now: Translation): Translation {
  if (before === null) return now;
  const paid = usageOf(before);
  const fresh = usageOf(now);
  const usage = {
    promptTokens: paid.promptTokens + fresh.promptTokens,
    completionTokens: paid.completionTokens + fresh.completionTokens,
  };
  return now.kind === 'sql' ? { ...now, candidate: { ...now.candidate, usage } } : { ...now, usage };
}

/** Whose model wrote it, and who was asked in vain: where the question went is on record. */
export function describeModel(translation: Translation): readonly string[] {
  const { model } = translation.kind === 'sql' ? translation.candidate : translation;
  if (!model) return [];
  return [`model: ${model.provider}${model.failed.length > 0 ? `, after ${model.failed.join(', ')} failed` : ''}`];
}

function usageOf(translation: Translation): Candidate['usage'] {
  return translation.kind === 'sql' ? translation.candidate.usage : translation.usage;
}

/** What came of a request so far, as its record has it. */
export function describeTrail(trail: Trail) {
  const { translation, statement, read, rowCount, receipt } = trail;
  return {
    sqlDigest: translation?.kind === 'sql' ? digestText(translation.candidate.sql) : null,
    receiptDigest: receipt ? digestText(receipt.jws) : null,
    translator: translatorOf(translation),
    relations: [...new Set([...(statement?.provenance.relations ?? []), ...read])].sort(),
    rowCount,
  };
}

/** What is kept of a question for its asker. A statement that answered nothing is nothing to go on from. */
export function describeTurn(
  { question, decision, code }: Pick<QuestionEvent, 'question' | 'decision' | 'code'>,
  { translation, policyDigest, policyVersion }: Trail,
): AskedTurn {
  const made = translation?.kind === 'sql' ? translation.candidate : translation;
  return {
    question: question ?? '',
    readAs: made?.readAs ?? null,
    sql: decision === 'answered' && translation?.kind === 'sql' ? translation.candidate.sql : null,
    status: decision,
    code,
    translator: translatorOf(translation),
    rules: policyDigest === null || policyVersion === null ? null : { viewDigest: policyDigest, policyVersion },
  };
}

/** Whose statement or word it is; null before there is any. */
export function translatorOf(translation: Translation | null): string | null {
  if (translation === null) return null;
  return translation.kind === 'sql' ? translation.candidate.translator : translation.translator;
}

/** How a request ended, as its record has it. */
export function describeOutcome(outcome: Outcome) {
  if ('answer' in outcome) {
    return { decision: 'status' in outcome.answer ? outcome.answer.status : 'answered', code: null } as const;
  }
  const { code, status } = outcome.error;
  const isRefusal = /^(?:SEAL|AUTH)_/.test(code) || code === 'TRANSLATE_QUESTION_INVALID' || status === 403;
  return { decision: isRefusal ? 'refused' : 'failed', code } as const;
}

/** Policies that decided, or the public words of the refusal; never a value of a row. */
export function reasonsOf(outcome: Outcome, trail: Trail): readonly string[] {
  if ('error' in outcome) return [outcome.error.message];
  return trail.statement?.provenance.policies ?? [];
}
