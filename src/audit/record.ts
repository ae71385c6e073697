import type { AccessContext, AccessEvent } from '../domain/access-event.js';
import type { PrincipalKind } from '../domain/principal.js';
import type { GatewayEvent, RefusalEvent } from './gateway-event.js';

/** A question, SQL that the caller wrote, or an export of either: what it came to. */
export interface QuestionEvent extends AccessContext {
  readonly event: 'question' | 'sql' | 'export';
  readonly subject: string;
  readonly kind: PrincipalKind;
  /** What was asked; null for caller-written SQL. */
  readonly question: string | null;
  /** `sha256:…` of the candidate text; null where none was written. */
  readonly sqlDigest: string | null;
  readonly translator: string | null;
  readonly decision: 'answered' | 'clarify' | 'refused' | 'failed';
  /** Error code, or null where answered. */
  readonly code: string | null;
  /** Why, in words: policies and codes, never row values. */
  readonly reasons: readonly string[];
  readonly relations: readonly string[];
  readonly rowCount: number | null;
  /** `sha256:…` of the receipt that went out with the answer; null where none did. */
  readonly receiptDigest: string | null;
  readonly durationMs: number;
}

/** How an answer ended whose rows left as they came; its first record, of the same request, was written before any of them. */
export interface HandedOutEvent extends AccessContext {
  readonly event: 'handed-out';
  readonly subject: string;
  readonly kind: PrincipalKind;
  /** Kind of the first record. */
  readonly of: QuestionEvent['event'];
  /** Rows that left, whatever came after. */
  readonly rowCount: number;
  /** `sha256:…` of the receipt that went out; null where none did. */
  readonly receiptDigest: string | null;
  /** `failed` also where the caller left. */
  readonly decision: 'answered' | 'failed';
  readonly code: string | null;
  readonly durationMs: number;
}

/** Somebody read the audit log. */
export interface AuditReadEvent extends AccessContext {
  readonly event: 'audit-read';
  readonly subject: string;
  readonly kind: PrincipalKind;
  readonly action: 'list' | 'export' | 'verify';
  /** What was looked for, by the name of each filter. */
  readonly filters: Readonly<Record<string, string>>;
  /** Records that were handed out, or checked; null where none were. */
  readonly rowCount: number | null;
  readonly decision: 'accepted' | 'refused';
  readonly code: string | null;
}

/** What an operator of the machine did with a command. */
export interface OperatorEvent extends AccessContext {
  readonly event: 'operator';
  /** e.g. `users add`, `ask --as customer:103`. */
  readonly action: string;
  readonly reasons: readonly string[];
}

/**
 * One event of the audit log, told apart by `event`. Where `decision` stands, `code` is null for what was accepted,
 * answered or asked back, and says why for what was refused or failed. {@link AccessContext} says where it came from, and
 * whom it is about: a tenant, or all where that is null.
 */
export type AuditEvent =
  | QuestionEvent
  | HandedOutEvent
  | AccessEvent
  | RefusalEvent
  | GatewayEvent
  | AuditReadEvent
  | OperatorEvent;

/** Does not compile where a kind of event is missing. */
const EVERY = {
  question: true,
  sql: true,
  export: true,
  'handed-out': true,
  login: true,
  session: true,
  history: true,
  password: true,
  invitation: true,
  'second-factor': true,
  'single-sign-on': true,
  'api-key': true,
  'widget-token': true,
  account: true,
  group: true,
  report: true,
  verified: true,
  refusal: true,
  'audit-read': true,
  policy: true,
  gateway: true,
  operator: true,
} as const satisfies Readonly<Record<AuditEvent['event'], true>>;

/** Every kind of event, for those who filter by it. */
export const AUDIT_EVENTS = Object.keys(EVERY) as readonly AuditEvent['event'][];

/** How an event may have ended. */
export const AUDIT_DECISIONS = ['accepted', 'answered', 'clarify', 'refused', 'failed'] as const;

/** Appends are durable when the promise resolves; an append that fails means that nothing may be answered. */
export interface AuditLog {
  /** @throws SwaliError `AUDIT_UNAVAILABLE` */
  append(event: AuditEvent): Promise<void>;
  /**
   * Refuses while records cannot be written, so that nothing is done that could not be put on record; absent where appends
   * fail alone.
   *
   * @throws SwaliError `AUDIT_UNAVAILABLE`
   */
  assertWritable?(): Promise<void>;
}
