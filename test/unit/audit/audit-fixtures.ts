import type { AuditEvent, QuestionEvent } from '../../../src/audit/record.js';

/** A login event; `n` tells records apart. */
export function loginEvent(n: number): Extract<AuditEvent, { readonly event: 'login' }> {
  return {
    event: 'login',
    method: 'password',
    provider: null,
    requestId: `r${n}`,
    address: '127.0.0.1',
    userAgent: null,
    tenant: null,
    subject: `customer:${n}`,
    kind: 'customer',
    decision: 'accepted',
    code: null,
  };
}

/** A question with text that JSON and collations are tested by. */
export function questionEvent(question: string): QuestionEvent {
  return {
    event: 'question',
    requestId: 'q',
    address: 'cli',
    userAgent: null,
    tenant: null,
    subject: 'customer:1',
    kind: 'customer',
    question,
    sqlDigest: 'sha256:00',
    translator: 'offline',
    decision: 'answered',
    code: null,
    reasons: ['orders.rows.customer'],
    relations: ['orders'],
    rowCount: 3,
    receiptDigest: null,
    durationMs: 12.5,
  };
}
